import { BadGatewayException, type HttpException, Logger, UnauthorizedException } from '@nestjs/common';
import { isAxiosError } from 'axios';
import { type MindsphereCredentials, MindsphereCredentialsError, UserToken } from 'nestjs-mindsphere-credentials';

/** Whether an API refused the token. */
export function isUnauthorized(failure: unknown): boolean {
  return isAxiosError(failure) && failure.response?.status === 401;
}

/** Turns what went wrong on the way to the platform into answers. The caller learns the kind, the log the details. */
export class PlatformFailures {
  readonly #logger = new Logger('Platform');

  /** Always throws. An Axios error holds the token in its request, so it is neither passed on nor kept as a cause. */
  rethrow(failure: unknown, credentials: MindsphereCredentials): never {
    if (failure instanceof MindsphereCredentialsError) throw this.#noToken(failure);
    if (isUnauthorized(failure) && credentials instanceof UserToken) {
      throw new UnauthorizedException('The platform refuses the token.');
    }
    if (!isAxiosError(failure)) throw failure;
    const { status } = failure.response ?? {};
    throw this.#badGateway(
      status === undefined ? `was not reached (${failure.code})` : `answered with status ${status}`,
    );
  }

  #noToken({ code, message }: MindsphereCredentialsError): HttpException {
    if (code === 'token_missing' || code === 'token_malformed') return new UnauthorizedException(message);
    this.#logger.error(`${code}: ${message}`);
    return new BadGatewayException(`No token for the platform: ${code}`);
  }

  #badGateway(what: string): HttpException {
    const message = `The platform's API ${what}`;
    this.#logger.error(message);
    return new BadGatewayException(message);
  }
}
