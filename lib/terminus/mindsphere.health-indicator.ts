import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { firstValueFrom } from 'rxjs';
import { AppCredentials } from '../credentials/app.credentials.js';
import type { TechnicalCredentials } from '../credentials/technical-credentials.js';
import { TenantCredentials } from '../credentials/tenant.credentials.js';
import { appHealthOf, type CredentialsHealth, healthOf } from './credentials-health.js';
import { CLASS_NAME } from '../util/class-name.js';

/** How {@link MindsphereHealthIndicator.check} looks. */
export interface MindsphereHealthOptions {
  /**
   * Whether a token is asked for where no valid one is held, and the answer waited for, `request.deadlineMs` at most.
   * Default `false`: what is known is read, without network I/O. It then stays down after a failure until somebody else
   * asks for a token, so a check that takes the instance out of traffic (readiness) needs `true`. Tokens for users'
   * tenants are never asked for.
   */
  readonly request?: boolean;
}

/**
 * The health of one registration's credentials, for `@nestjs/terminus`: list it in `providers` of a module that imports
 * `TerminusModule` and has the registration. For a named one see {@link createMindsphereHealthIndicator}.
 */
@Injectable()
export class MindsphereHealthIndicator {
  /** @internal */
  static readonly [CLASS_NAME]: string = 'MindsphereHealthIndicator';
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly app: AppCredentials,
    private readonly tenant: TenantCredentials,
  ) {}

  /**
   * `app` and `tenant`, each with what is configured; down where one of them is. No network I/O unless asked for. Never
   * fails.
   */
  async check<Key extends string>(
    key: Key,
    { request = false }: MindsphereHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    if (request) await Promise.all([askForToken(this.app), askForToken(this.tenant)]);
    const found = this.#health();
    const indicator = this.indicators.check(key);
    const isDown = Object.values(found).some(({ status }) => status === 'down');
    return isDown ? indicator.down(found) : indicator.up(found);
  }

  #health(): Record<string, CredentialsHealth> {
    const { app, tenant } = this;
    return {
      ...(app.isConfigured ? { app: appHealthOf(app.state, app.derivedStates) } : {}),
      ...(tenant.state === undefined ? {} : { tenant: healthOf(tenant.state) }),
    };
  }
}

/** Whatever comes of it: the state tells. */
async function askForToken(credentials: TechnicalCredentials): Promise<void> {
  if (credentials.state === undefined) return;
  await firstValueFrom(credentials.getToken()).catch(() => undefined);
}
