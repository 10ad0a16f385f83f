import { fileURLToPath } from 'node:url';
import type { INestApplication } from '@nestjs/common';
import { MindsphereEmulator, type MindsphereEmulatorOptions } from 'nestjs-mindsphere-credentials/testing';
import { createApplication } from './application.js';
import { respondWithAssets } from './emulated-assets.js';
import { USERS } from './users.js';

/** Both platforms, each with two customers. */
export const EMULATOR_OPTIONS: MindsphereEmulatorOptions = {
  userTenants: ['customer', 'customer2'],
  xcelerator: { userTenants: ['1000000351', '1000000352'] },
};

/** The emulated platforms, whose gateway stands in front of the application. */
export interface Started {
  readonly app: INestApplication;
  readonly emulator: MindsphereEmulator;
}

/** Starts both, on these ports; 0 is any free one. */
export async function start(port: number, emulatorPort: number): Promise<Started> {
  const options = { ...EMULATOR_OPTIONS, port: emulatorPort };
  const emulator = await onPort('EMULATOR_PORT', emulatorPort, () => MindsphereEmulator.start(options));
  try {
    respondWithAssets(emulator);
    const app = await startApplication(port, emulator);
    await emulator.serveApplication({ url: await app.getUrl(), users: Object.values(USERS) });
    return { app, emulator };
  } catch (error) {
    await emulator.close();
    throw error;
  }
}

/** Stops both. */
export async function stop({ app, emulator }: Started): Promise<void> {
  // Its WebSockets would keep the application waiting.
  await emulator.close();
  await app.close();
}

async function startApplication(port: number, { origin }: MindsphereEmulator): Promise<INestApplication> {
  pointConfigurationAt(origin);
  const app = await createApplication({ logger: ['fatal', 'error', 'warn'] });
  try {
    // The emulator signs tokens for every caller, so no other machine may reach the routes.
    await onPort('PORT', port, () => app.listen(port, '127.0.0.1'));
    return app;
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** The configuration is read when the application is created; what the environment has wins over `.env`. */
function pointConfigurationAt(origin: string): void {
  process.loadEnvFile(fileURLToPath(new URL('../.env', import.meta.url)));
  const { no_proxy: noProxy = process.env['NO_PROXY'] } = process.env;
  Object.assign(process.env, {
    MINDSPHERE_GATEWAY_URL: origin,
    MINDSPHERE_OAUTH_URL: `${origin}/piam/{tenant}`,
    XCELERATOR_GATEWAY_URL: `${origin}/xcelerator`,
    XCELERATOR_OAUTH_URL: `${origin}/sws/{tenant}`,
    // No company proxy knows the emulator.
    no_proxy: [noProxy, '127.0.0.1'].filter(Boolean).join(','),
  });
}

async function onPort<T>(variable: string, port: number, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new Error(`Port ${port} is in use. Set ${variable} to a free one: ${variable}=${port + 100} npm start`, {
      cause: error,
    });
  }
}
