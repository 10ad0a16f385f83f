import { createHash } from 'node:crypto';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { Platform, PlatformRules } from '../platform/platform.interface.js';
import type { CallerContext } from '../token/token-sources.js';
import { bearerTokenOf, passableToken } from '../users/presented-token.js';
import { isValues, ownValue } from '../util/json.js';
import { secretsOfJwt } from '../util/redaction.js';
import type { TokenHandle } from '../token/token-cache.js';
import { TechnicalCredentials } from './technical-credentials.js';

/** The user that technical tokens are for: by an e-mail address or by an access token, one of the two. */
export type UserContext =
  | {
      /** The user's e-mail address, at most 254 characters. Not on `siemens.app`. */
      readonly email: string;
      /** Not beside an e-mail address. */
      readonly accessToken?: undefined;
    }
  | {
      /** An access token of the user, with or without `Bearer ` before it, at most 16,384 characters. */
      readonly accessToken: string;
      /** Not beside an access token. */
      readonly email?: undefined;
    };

/** The length of a path in SMTP (RFC 5321, section 4.5.3.1), without its brackets. */
const LONGEST_EMAIL = 254;
const LONGEST_TOKEN = 16_384;
/** No spaces and control characters, and something on both sides of the last `@`. */
const EMAIL = /^[^\s\p{C}]+@[^\s\p{C}@]+$/u;

/** Judges a user context. Throws `options_invalid`, which repeats neither an e-mail address nor a token. */
export function readUserContext(given: unknown, { domain, tokenManager }: PlatformRules): CallerContext {
  const context = isValues(given) ? given : {};
  const [email, accessToken] = [ownValue(context, 'email'), ownValue(context, 'accessToken')];
  if ((email === undefined) === (accessToken === undefined)) {
    throw invalid('must have either email or accessToken');
  }
  const { types, value, type } = tokenManager.userContext;
  const [kind, user] = email === undefined ? ['accessToken', readToken(accessToken)] : ['email', readEmail(email)];
  const typeName = kind === 'email' ? types.email : types.accessToken;
  if (typeName === undefined) throw invalid(`cannot be an e-mail address on ${domain}: use accessToken`);
  return {
    kind,
    fingerprint: createHash('sha256').update(user).digest('base64url'),
    fields: () => ({ [value]: user, [type]: typeName }),
    secrets: () => secretsOfJwt(user),
  };
}

function readEmail(email: unknown): string {
  if (typeof email === 'string' && email.length <= LONGEST_EMAIL && EMAIL.test(email)) return email;
  throw invalid('has an email that is no address');
}

function readToken(accessToken: unknown): string {
  if (typeof accessToken === 'string' && accessToken.length <= LONGEST_TOKEN) {
    try {
      return passableToken(bearerTokenOf(accessToken));
    } catch {
      // Its error is for requests.
    }
  }
  throw invalid('has an accessToken that is no bearer token');
}

function invalid(fault: string): MindsphereCredentialsError {
  return new MindsphereCredentialsError('options_invalid', `The user context of forUserContext() ${fault}.`);
}

/** App credentials whose tokens are for a user context. What they show names the tenant and not the user. */
export class UserContextCredentials extends TechnicalCredentials {
  override readonly platform: Platform;
  readonly #userTenant: string;
  readonly #shown: Readonly<Record<string, unknown>>;

  constructor(tokens: TokenHandle, platform: Platform, shown: Readonly<Record<string, unknown>>, userTenant: string) {
    super(tokens);
    this.platform = platform;
    this.#userTenant = userTenant;
    this.#shown = shown;
  }

  /** @internal */
  override get knownTenant(): string {
    return this.#userTenant;
  }

  override toJSON(): Record<string, unknown> {
    return { ...this.#shown };
  }
}
