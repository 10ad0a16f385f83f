import { Logger } from '@nestjs/common';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { TokenSubject } from '../telemetry/credentials-event.interface.js';
import { PLATFORMS } from '../platform/platforms.js';
import { LogLimiter } from '../util/log-limiter.js';

const MOST_LINES = 5;

/**
 * Says once that the refresh of a credential begins to fail, and once that it works again; a few lines at a time,
 * because 10,000 tenants may begin to fail at once.
 */
export class RefreshLog {
  readonly #logger: Pick<Logger, 'log' | 'warn'>;
  readonly #failures = windowed((more) => this.#logger.warn(`Refresh begins to fail: ${more} more credentials.`));
  readonly #recoveries = windowed((more) => this.#logger.log(`Refresh works again: ${more} more credentials.`));

  constructor(logger: Pick<Logger, 'log' | 'warn'> = new Logger('MindsphereCredentials')) {
    this.#logger = logger;
  }

  /** @param lifeLeftMs of the token at hand; 0 or less where there is none. */
  failing(subject: TokenSubject, failure: unknown, lifeLeftMs: number): void {
    const seconds = Math.ceil(lifeLeftMs / 1_000);
    const token = lifeLeftMs > 0 ? `the token at hand is valid for ${seconds} s` : 'there is no valid token';
    this.#failures.note(() =>
      this.#logger.warn(`Refresh begins to fail, ${token}: ${nameOf(subject)}. ${reasonOf(failure)}`),
    );
  }

  recovered(subject: TokenSubject): void {
    this.#recoveries.note(() => this.#logger.log(`Refresh works again: ${nameOf(subject)}.`));
  }

  /** Called by Nest. */
  onApplicationShutdown(): void {
    this.#failures.close();
    this.#recoveries.close();
  }
}

function windowed(sayMore: (count: number) => void): LogLimiter {
  return new LogLimiter({ most: MOST_LINES, sayMore, timed: true });
}

function nameOf({ platform, credentials, tenant, subtenant }: TokenSubject): string {
  const limit = subtenant === undefined ? '' : `, subtenant ${subtenant}`;
  return `${credentials} credentials for tenant ${tenant}${limit} on ${PLATFORMS[platform].domain}`;
}

/** An error of this library says nothing that is secret; of any other nothing is known. */
function reasonOf(failure: unknown): string {
  return failure instanceof MindsphereCredentialsError ? `${failure.code}: ${failure.message}` : 'Unforeseen error.';
}
