import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { INestApplication } from '@nestjs/common';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { createApplication } from './application.js';
import { callsOf, curlLine, issueTokens, make, type Outcome, summary, type Tokens } from './calls.js';
import { graphqlCallsOf } from './graphql-calls.js';
import { DOCS } from './open-api.js';
import { portFrom } from './port.js';
import { send, socketCallsOf, socketLine } from './socket-calls.js';

/*
 * `npm start`: the emulated platform and the sample application, until Ctrl-C. PORT and EMULATOR_PORT say where.
 * `npm start -- --once`: on any free ports, makes the calls itself and ends; status 1 if one did not get what it should.
 */

/** Long enough to paste the line after lunch. */
const USER_TOKEN_LIFE_SECONDS = 8 * 60 * 60;

interface Started {
  readonly app: INestApplication;
  readonly emulator: MindsphereEmulator;
}

async function start(port: number, emulatorPort: number): Promise<Started> {
  const emulator = await onPort('EMULATOR_PORT', emulatorPort, () => MindsphereEmulator.start({ port: emulatorPort }));
  try {
    return { app: await startApplication(port, emulator), emulator };
  } catch (error) {
    await emulator.close();
    throw error;
  }
}

async function startApplication(port: number, { origin }: MindsphereEmulator): Promise<INestApplication> {
  pointConfigurationAt(origin);
  const app = await createApplication({ logger: ['fatal', 'error', 'warn'] });
  try {
    // The emulator signs tokens for whoever runs it, so nothing beyond this machine may reach the routes.
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
    SAMPLE_GATEWAY_URL: origin,
    SAMPLE_OAUTH_URL: `${origin}/piam/{tenant}`,
    // No company proxy knows the emulator.
    no_proxy: [noProxy, '127.0.0.1'].filter(Boolean).join(','),
  });
}

async function stop({ app, emulator }: Started): Promise<void> {
  await app.close();
  await emulator.close();
}

/** A call, ready to be shown and made. */
interface Step {
  readonly title: string;
  readonly summary: string;
  readonly wanted: number | string;
  readonly line: string;
  make(): Promise<Outcome>;
}

function stepsOf(origin: string, tokens: Tokens): readonly Step[] {
  const overHttp = [...callsOf(tokens), ...graphqlCallsOf(tokens)].map((call) => ({
    title: call.title,
    summary: summary(call),
    wanted: call.status,
    line: curlLine(origin, call),
    make: () => make(origin, call),
  }));
  const overSockets = socketCallsOf(tokens).map((call) => ({
    title: call.title,
    summary: `message ${call.event}`,
    wanted: call.status,
    line: socketLine(origin, call),
    make: () => send(origin, call),
  }));
  return [...overHttp, ...overSockets];
}

async function runOnce(): Promise<void> {
  const started = await start(0, 0);
  try {
    const failed = await makeAll(stepsOf(await started.app.getUrl(), issueTokens(started.emulator)));
    console.log(failed === 0 ? 'All calls got what they should.' : `${failed} of the calls did not.`);
    process.exitCode = failed === 0 ? 0 : 1;
  } finally {
    await stop(started);
  }
}

/** One after the other, as by hand; answers how many failed. */
async function makeAll(steps: readonly Step[]): Promise<number> {
  let failed = 0;
  for (const step of steps) {
    // oxlint-disable-next-line no-await-in-loop -- in the order of the printed lines
    const { ok, status, body } = await step.make();
    if (!ok) failed += 1;
    console.log(`${ok ? 'ok' : 'FAILED'}  ${step.title}\n    ${step.summary} -> ${status} ${JSON.stringify(body)}\n`);
  }
  return failed;
}

async function runUntilSignal(): Promise<void> {
  const started = await start(portFrom('PORT', 3000), portFrom('EMULATOR_PORT', 3001));
  const { app, emulator } = started;
  // Once: whoever presses Ctrl-C again does not want to wait.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stop(started).catch(fail));
  }
  const origin = await app.getUrl();
  const tokens = issueTokens(emulator, USER_TOKEN_LIFE_SECONDS);
  console.log(`Sample application  ${origin}\nEmulated platform   ${emulator.origin}\n\nPaste into another shell:\n`);
  for (const { title, wanted, line } of stepsOf(origin, tokens)) console.log(`# ${title} (${wanted})\n${line}\n`);
  console.log(
    `Or open ${origin}/${DOCS} in a browser, press "Authorize", and paste a user's token:\n\n${tokens.ann}\n`,
  );
  console.log('Ctrl-C ends both.');
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

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
  await (values.once ? runOnce() : runUntilSignal());
}

await run().catch(fail);
