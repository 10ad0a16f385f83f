import type { SealedSecret } from '../config/sealed-secret.js';
import type { TenantUrlTemplate } from '../config/tenant-url-template.js';
import type { PlatformRules } from '../platform/platform.interface.js';
import type { TokenSubject } from '../telemetry/credentials-event.interface.js';
import type { TokenSource } from './token-source.interface.js';

/** What goes to a token endpoint, but for the secret. */
export interface TokenOrder {
  /** Every detail that tells this order from others, but for the secret; the same in every process. */
  readonly identity: readonly (string | undefined)[];
  readonly url: string;
  readonly clientId: string;
  readonly secret: SealedSecret;
  /** Whose token it is, for telemetry. */
  readonly subject: TokenSubject;
  /** Headers and body, given the secret as it is now. */
  readonly message: (secret: string) => TokenMessage;
  /** What the answer must agree with. */
  readonly expected: ExpectedToken;
}

export interface TokenMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ExpectedToken {
  /** How the platform names its claims. */
  readonly rules: PlatformRules;
  /** What `iss` must be; not checked where it is not known. */
  readonly issuerUrl?: TenantUrlTemplate;
  readonly tenant: string;
  readonly subtenant?: string;
}

/** An order that can be placed again and again. */
export type TokenExchange = Pick<TokenSource, 'grant$' | 'forgetRefusal' | 'refusedForMs' | 'retract' | 'lastResort'>;

/** Exchanges orders for tokens: each subscription to `grant$` is a token request of its own, with all its attempts. */
export interface TokenEndpoint {
  /** @param makeOrder makes the same order each time; it is not kept, because there may be one for every token held. */
  exchange(makeOrder: () => TokenOrder): TokenExchange;
}
