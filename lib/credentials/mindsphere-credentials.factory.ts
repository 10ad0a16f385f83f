import { appAtRunTime, type RunTimeOptions, tenantAtRunTime } from '../config/run-time-options.js';
import type { AppCredentialsOptions, TenantCredentialsOptions } from '../config/sections/credentials.options.js';
import type { XceleratorTenantOptions } from '../config/sections/xcelerator.options.js';
import type { Platform } from '../platform/platform.interface.js';
import { AppCredentials } from './app.credentials.js';
import type { CredentialsContext, CredentialsContexts } from './credentials-context.js';
import { bearerTokenOf, passableToken } from '../users/presented-token.js';
import { TenantCredentials } from './tenant.credentials.js';
import { isValues, ownValue } from '../util/json.js';
import { UserToken } from '../users/user-token.js';
import { CLASS_NAME } from '../util/class-name.js';

/** The platform of credentials that are made at run time. */
export interface OnPlatform {
  /** One that the registration uses. Default: `'mindsphere'`, or `'xcelerator'` under `mindsphere: false`. */
  platform?: Platform | undefined;
}

/** Makes credentials at run time, with the URLs and limits of its registration. */
export class MindsphereCredentialsFactory {
  /** @internal */
  static readonly [CLASS_NAME]: string = 'MindsphereCredentialsFactory';
  readonly #contexts: CredentialsContexts;

  /** @internal Objects come from injection. */
  constructor(contexts: CredentialsContexts) {
    this.#contexts = contexts;
  }

  /**
   * App credentials known only at run time; the environment is not read, nor the registration's own credentials. Equal
   * options share one cached token; a secret function counts by its identity, unless a `key` stands beside it. No network
   * I/O. Throws `options_invalid` with every fault, also for a platform that the registration does not use.
   */
  app(given: AppCredentialsOptions & OnPlatform & RunTimeOptions): AppCredentials {
    return new AppCredentials(this.#contextOf(given), appAtRunTime(given));
  }

  /**
   * Tenant credentials known only at run time; the environment is not read. Equal options share one cached token; a
   * secret function counts by its identity, unless a `key` stands beside it. No network I/O. Throws `options_invalid`
   * with every fault, also where no OAuth server is known, and for a platform that the registration does not use.
   */
  tenant(
    given: TenantCredentialsOptions & Pick<XceleratorTenantOptions, 'tokenTenant'> & OnPlatform & RunTimeOptions,
  ): TenantCredentials {
    const context = this.#contextOf(given);
    return new TenantCredentials(context, tenantAtRunTime(given, context.platform));
  }

  /**
   * The token of an `Authorization` value, `'Bearer …'` or bare, not verified. No network I/O. Throws `token_missing`
   * or `token_malformed`.
   */
  userToken(authorization: string): UserToken {
    const value = passableToken(bearerTokenOf(authorization));
    const content = Object.freeze({ value, platform: this.#contexts.verifier.platformOf(value) });
    return new UserToken(() => content);
  }

  /** What credentials on the platform of these options stand on. */
  #contextOf(given: OnPlatform): CredentialsContext {
    // What is no object is refused with the other faults.
    const platform = isValues(given) ? ownValue(given, 'platform') : undefined;
    return platform === undefined ? this.#contexts.first : this.#contexts.used(platform);
  }
}
