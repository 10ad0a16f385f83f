import type { Platform } from '../platform/platform.interface.js';
import type { TokenHandle } from '../token/token-cache.js';
import { TechnicalCredentials } from './technical-credentials.js';

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
