import { type FactoryProvider, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { firstValueFrom } from 'rxjs';
import { AppCredentials } from '../credentials/app.credentials.js';
import type { Platform } from '../platform/platform.interface.js';
import { PLATFORMS } from '../platform/platforms.js';
import type { TechnicalCredentials } from '../credentials/technical-credentials.js';
import { getCredentialsToken } from '../registration/credentials-token.js';
import { TenantCredentials } from '../credentials/tenant.credentials.js';
import { appHealthOf, type CredentialsHealth, healthOf } from './credentials-health.js';
import { CLASS_NAME } from '../util/class-name.js';

/** Options of {@link MindsphereHealthIndicator.check}. */
export interface MindsphereHealthOptions {
  /**
   * Whether a token is requested where no valid one is held; the check then takes at most `request.deadlineMs`. Default
   * `false`: only the cached state is read, without network I/O. It then stays down after a failure until the
   * application requests a token, so a check that takes the instance out of traffic (readiness) needs `true`. Tokens
   * for users' tenants are never requested.
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
   * `app` and `tenant` as they are injected, each if it is configured, and as `xcelerator.app` and `xcelerator.tenant`
   * those of the other platform; down where one of them is. No network I/O unless `request` is set. Never fails.
   */
  async check<Key extends string>(
    key: Key,
    { request = false }: MindsphereHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const apps = onAllPlatforms(this.app);
    const tenants = onAllPlatforms(this.tenant);
    if (request) await Promise.all([...apps, ...tenants].map(requestToken));
    const found = { ...entries('app', apps, healthOfApp), ...entries('tenant', tenants, healthOfTenant) };
    const indicator = this.indicators.check(key);
    const isDown = Object.values(found).some(({ status }) => status === 'down');
    return isDown ? indicator.down(found) : indicator.up(found);
  }
}

/**
 * The provider of an indicator for the registration of a name; inject it with
 * `@InjectCredentials(MindsphereHealthIndicator, name)`.
 */
export function createMindsphereHealthIndicator(name?: string): FactoryProvider<MindsphereHealthIndicator> {
  return {
    provide: getCredentialsToken(MindsphereHealthIndicator, name),
    useFactory: (indicators: HealthIndicatorService, app: AppCredentials, tenant: TenantCredentials) =>
      new MindsphereHealthIndicator(indicators, app, tenant),
    inject: [
      HealthIndicatorService,
      getCredentialsToken(AppCredentials, name),
      getCredentialsToken(TenantCredentials, name),
    ],
  };
}

/** The credentials as they are injected first, then those of the other platforms. */
function onAllPlatforms<T extends { readonly platform: Platform; on(platform: Platform): T }>(injected: T): T[] {
  const others = Object.values(PLATFORMS).filter(({ platform }) => platform !== injected.platform);
  return [injected, ...others.map(({ platform }) => injected.on(platform))];
}

/** By the names of their options: the injected ones by their group alone. */
function entries<T extends TechnicalCredentials>(
  group: 'app' | 'tenant',
  [injected, ...others]: readonly T[],
  healthIn: (credentials: T) => CredentialsHealth | undefined,
): Record<string, CredentialsHealth> {
  const named: (readonly [string, T])[] = [
    ...(injected === undefined ? [] : [[group, injected] as const]),
    ...others.map((credentials) => [`${credentials.platform}.${group}`, credentials] as const),
  ];
  return Object.fromEntries(
    named.flatMap(([name, credentials]) => {
      const health = healthIn(credentials);
      return health === undefined ? [] : [[name, health]];
    }),
  );
}

function healthOfApp(app: AppCredentials): CredentialsHealth | undefined {
  return app.isConfigured ? appHealthOf(app.platform, app.state, app.derivedStates) : undefined;
}

function healthOfTenant(tenant: TenantCredentials): CredentialsHealth | undefined {
  return tenant.state === undefined ? undefined : healthOf(tenant.platform, tenant.state);
}

/** A failure is not thrown: the state of the credentials shows it. */
async function requestToken(credentials: TechnicalCredentials): Promise<void> {
  if (credentials.state === undefined) return;
  await firstValueFrom(credentials.getToken()).catch(() => undefined);
}
