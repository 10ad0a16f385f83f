import type { MindsphereCredentialsModuleOptions, XceleratorOptions } from 'nestjs-mindsphere-credentials';
import { onTestFinished } from 'vitest';
import { APP, startPlatform, startWith, TENANT } from './application.js';
import { eventsOf } from './event-log.js';
import { StubXcelerator } from './stub-xcelerator.js';

/** A technical user of `siemens.app`. */
export const TECHNICAL_USER = { clientId: 'techuser', clientSecret: 'xc-s3cr3t', tenant: '1000000351' } as const;

/** The tenant that hosts the app on `siemens.app`. */
export const HOST = '1000000999';

/** A stub of `siemens.app` for the current test. */
export async function startXcelerator(): Promise<StubXcelerator> {
  const stub = await StubXcelerator.start();
  onTestFinished(() => stub.close());
  return stub;
}

/** An application of both platforms, and the stubs that it talks to. */
export async function bothPlatforms(
  xcelerator: XceleratorOptions = {},
  options: MindsphereCredentialsModuleOptions = {},
) {
  const [mindsphere, siemensApp] = await Promise.all([startPlatform(), startXcelerator()]);
  const module = await startWith({
    ...mindsphere.urls,
    app: APP,
    tenant: TENANT,
    request: { retries: 0 },
    ...options,
    xcelerator: {
      ...siemensApp.urls,
      app: { hostTenant: HOST, userTenant: '1000000351' },
      tenant: TECHNICAL_USER,
      clientIds: ['myapp-client'],
      ...xcelerator,
    },
  });
  return { mindsphere, siemensApp, module, events: eventsOf(module) };
}
