import type { FactoryProvider } from '@nestjs/common';
import { getCredentialsToken } from '../registration/credentials-token.js';
import { MindsphereCredentialsEvents } from '../telemetry/mindsphere-credentials.events.js';
import {
  INSTRUMENTATION_PROVIDERS,
  type InstrumentationProviders,
  MindsphereCredentialsInstrumentation,
} from './mindsphere-credentials.instrumentation.js';

/** The provider of an instrumentation for the registration of a name. */
export function createMindsphereInstrumentation(name?: string): FactoryProvider<MindsphereCredentialsInstrumentation> {
  return {
    provide: getCredentialsToken(MindsphereCredentialsInstrumentation, name),
    useFactory: (events: MindsphereCredentialsEvents, providers?: InstrumentationProviders) =>
      new MindsphereCredentialsInstrumentation(events, providers),
    inject: [
      getCredentialsToken(MindsphereCredentialsEvents, name),
      { token: INSTRUMENTATION_PROVIDERS, optional: true },
    ],
  };
}
