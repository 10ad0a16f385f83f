import type { FactoryProvider } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { AppCredentials } from '../credentials/app.credentials.js';
import { getCredentialsToken } from '../registration/credentials-token.js';
import { TenantCredentials } from '../credentials/tenant.credentials.js';
import { MindsphereHealthIndicator } from './mindsphere.health-indicator.js';

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
