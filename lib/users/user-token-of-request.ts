import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { Platform } from '../platform/platform.interface.js';
import { isRequest, passableToken } from './presented-token.js';
import { publishedUser } from './published-users.js';
import { UserToken, type UserTokenContent } from './user-token.js';

/** Reads unverified tokens by the options of a registration; `TokenVerifier` implements it. */
export interface TokenReader {
  /** The token that a request presents. Throws `token_missing` or `token_malformed`. */
  presented(request: unknown): string;
  /** The platform by the form of the token's `iss`; `undefined` where it has none of them. */
  platformOf(jwt: string): Platform | undefined;
}

/**
 * A `UserToken` that looks up, at each reading, the user that a guard has published for its request; else it is the token
 * that the request presents, unverified. The constructor never throws.
 */
export class RequestUserToken extends UserToken {
  readonly #request: unknown;

  /**
   * @internal
   * @param verifier whose published user is read; default: the one published last.
   */
  constructor(request: unknown, reader: TokenReader, verifier?: object) {
    super(() => {
      const published = publishedUser(request, verifier);
      return published === undefined ? new UnverifiedContent(request, reader) : UserToken.contentOf(published);
    });
    this.#request = request;
  }

  /** @internal The token of the same request, read by another reader. */
  readBy(reader: TokenReader): RequestUserToken {
    return new RequestUserToken(this.#request, reader);
  }
}

/**
 * The `UserToken` that Nest injects, made from its `REQUEST`. Where that is the call of a microservice, the user is
 * looked up on its data and context. Reading a token throws for any other value that is no request of Node: Nest
 * injects a payload instead of the request into a durable provider, and the payload is the same for many users.
 *
 * @param demandUsable throws where no injected `UserToken` may be used at all.
 */
export function injectedUserToken(request: unknown, verifier: TokenReader, demandUsable: () => void): UserToken {
  const reader: TokenReader = {
    presented: (outer) => {
      demandUsable();
      if (outer === undefined || outer === null) throw outsideRequest();
      if (!isRequest(outer)) throw noRequest();
      return verifier.presented(outer);
    },
    platformOf: (jwt) => verifier.platformOf(jwt),
  };
  return new UserToken(() => {
    const user = isAllowed(demandUsable) ? userOf(request, verifier) : undefined;
    return user === undefined ? new UnverifiedContent(request, reader) : UserToken.contentOf(user);
  });
}

/** Looks for the token when it is read, because most properties of an unverified user do not need it. */
class UnverifiedContent implements UserTokenContent {
  constructor(
    private readonly request: unknown,
    private readonly reader: TokenReader,
  ) {}

  get value(): string {
    return passableToken(this.reader.presented(this.request));
  }

  get platform(): Platform | undefined {
    return this.reader.platformOf(this.value);
  }
}

/** Nest's `REQUEST` in a microservice is `{ pattern, data, context }`. */
function userOf(request: unknown, verifier: object): UserToken | undefined {
  const user = publishedUser(request, verifier);
  if (user !== undefined || isRequest(request) || typeof request !== 'object' || request === null) return user;
  const { data, context } = request as { data?: unknown; context?: unknown };
  return publishedUser(data, verifier) ?? publishedUser(context, verifier);
}

/** Reading claims never throws: they are empty where the injected `UserToken` may not be used. */
function isAllowed(demandUsable: () => void): boolean {
  try {
    demandUsable();
    return true;
  } catch {
    return false;
  }
}

function noRequest(): MindsphereCredentialsError {
  return new MindsphereCredentialsError(
    'options_invalid',
    "Nest's REQUEST is not an HTTP request here, so UserToken and CurrentAppCredentials cannot be injected: it is the payload " +
      'of a durable provider, or the call of a microservice without UserTokenGuard. Take @CurrentUserToken() in the ' +
      'handler and pass the user on as an argument.',
  );
}

function outsideRequest(): MindsphereCredentialsError {
  return new MindsphereCredentialsError(
    'token_missing',
    'There is no request here: UserToken and CurrentAppCredentials were resolved outside of one. Take @CurrentUserToken() ' +
      'in the handler, or AppCredentials where no user is concerned.',
  );
}
