import { Faults } from '../config/faults.js';
import type { AppCredentialsOptions, TenantCredentialsOptions } from '../config/module-options.interface.js';
import { OptionReader } from '../config/option-reader.js';
import { refuseUnknownOauthServer, resolveApp, resolveTenant } from '../config/resolve-credentials.js';
import { AppCredentials } from './app.credentials.js';
import type { CredentialsContext } from './credentials-context.js';
import { passableToken, tokenOf } from '../users/presented-token.js';
import { TenantCredentials } from './tenant.credentials.js';
import { UserToken } from '../users/user-token.js';

/** Makes credentials at run time, with the URLs and limits of its registration. */
export class MindsphereCredentialsFactory {
  readonly #context: CredentialsContext;

  /** @internal Objects come from injection. */
  constructor(context: CredentialsContext) {
    this.#context = context;
  }

  /**
   * App credentials known only at run time; the environment is not read. Equal options share one cached token. No
   * network I/O. Throws `options_invalid` with every fault.
   */
  app(options: AppCredentialsOptions): AppCredentials {
    const faults = new Faults();
    const app = resolveApp(new OptionReader({ app: options }, faults));
    if (app === undefined) faults.add('app', 'needs keyStoreClientId and keyStoreClientSecret');
    faults.throwIfAny();
    return new AppCredentials(this.#context, app);
  }

  /**
   * Tenant credentials known only at run time; the environment is not read. Equal options share one cached token. No
   * network I/O. Throws `options_invalid` with every fault, also where no OAuth server is known.
   */
  tenant(options: TenantCredentialsOptions): TenantCredentials {
    const faults = new Faults();
    const tenant = resolveTenant(new OptionReader({ tenant: options }, faults));
    if (tenant === undefined) faults.add('tenant', 'needs clientId and clientSecret');
    refuseUnknownOauthServer(this.#context.platform, tenant, faults);
    faults.throwIfAny();
    return new TenantCredentials(this.#context, tenant);
  }

  /**
   * The token of an `Authorization` value, `'Bearer …'` or bare, not verified. No network I/O. Throws `token_missing`
   * or `token_malformed`.
   */
  userToken(authorization: string): UserToken {
    const content = Object.freeze({ value: passableToken(tokenOf(authorization)) });
    return new UserToken(() => content);
  }
}
