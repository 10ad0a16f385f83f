import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { Platform } from '../platform/platform.interface.js';
import { isRequest, passableToken } from './presented-token.js';
import { publishedUser } from './published-users.js';
import { contentOfUser, UserToken, type UserTokenContent } from './user-token.js';

/** Reads unverified tokens as a registration says; a `TokenVerifier` is one. */
export interface TokenReader {
  /** The token that a request presents. Throws `token_missing` or `token_malformed`. */
  presented(request: unknown): string;
  /** The platform by the form of the token's `iss`; `undefined` where it has none of them. */
  platformOf(jwt: string): Platform | undefined;
}

/**
 * A handle on the token of a request: what a guard has published for it, else what it presents, unverified. Making it
 * never throws.
 */
export class RequestUserToken extends UserToken {
  readonly #request: unknown;

  /**
   * @internal
   * @param verifier whose guard counts; default: the guard that came last.
   */
  constructor(request: unknown, reader: TokenReader, verifier?: object) {
    super(() => {
      const published = publishedUser(request, verifier);
      return published === undefined ? new UnverifiedContent(request, reader) : contentOfUser(published);
    });
    this.#request = request;
  }

  /** @internal A handle on the same request that reads its token in another way. */
  readBy(reader: TokenReader): RequestUserToken {
    return new RequestUserToken(this.#request, reader);
  }
}

/**
 * The handle that Nest injects, made of its `REQUEST`. Where that is the call of a microservice, the user is looked up
 * on its data and context. Anything else that is no request of Node is refused when the token is read: Nest gives a
 * durable provider a payload in its place, which stays the same for many users.
 *
 * @param refuse throws where no injected handle may be used at all.
 */
export function injectedUserToken(request: unknown, verifier: TokenReader, refuse: () => void): UserToken {
  const reader: TokenReader = {
    presented: (outer) => {
      refuse();
      if (outer !== undefined && outer !== null && !isRequest(outer)) throw noRequest();
      return verifier.presented(outer);
    },
    platformOf: (jwt) => verifier.platformOf(jwt),
  };
  return new UserToken(() => {
    const user = isAllowed(refuse) ? userOf(request, verifier) : undefined;
    return user === undefined ? new UnverifiedContent(request, reader) : contentOfUser(user);
  });
}

/** Looks for the token only when it is read, because most of what a handle tells does not need it. */
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

/** Claims never throw: they are empty where the handle may not be used. */
function isAllowed(refuse: () => void): boolean {
  try {
    refuse();
    return true;
  } catch {
    return false;
  }
}

function noRequest(): MindsphereCredentialsError {
  return new MindsphereCredentialsError(
    'options_invalid',
    "Nest's REQUEST is no HTTP request here, so UserToken and CurrentAppCredentials cannot be injected: it is the payload " +
      'of a durable provider, or the call of a microservice without UserTokenGuard. Take @CurrentUserToken() in the ' +
      'handler and pass the user on as an argument.',
  );
}
