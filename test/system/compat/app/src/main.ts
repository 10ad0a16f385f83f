import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import type { MindsphereCredentialsModuleOptions } from 'nestjs-mindsphere-credentials';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { makeAdapter } from './adapter.js';
import { AppModule } from './app.module.js';
import { HourlyJob } from './hourly.job.js';
import { makeKeyvStore } from './stores.js';

/** Starts, answers guarded requests, prints what they got, and stops; nothing may keep the process alive then. */
async function main(): Promise<void> {
  const emulator = await MindsphereEmulator.start({ strict: true });
  const store = makeKeyvStore();
  const app = await start(emulator, { store, encryptionKeys: [randomBytes(32).toString('base64')] });
  const origin = await app.getUrl();
  const jwt = emulator.issueUserToken({ tenant: 'plantco', scopes: ['myapp.user'] });
  const answers = {
    without: await answerOf(`${origin}/plants`),
    decorated: await answerOf(`${origin}/plants`, jwt),
    scoped: await answerOf(`${origin}/current`, jwt),
    health: await answerOf(`${origin}/health`),
    job: (await app.get(HourlyJob).run()).tenant,
    stored: await store.set('key', 'value', 60_000).then(() => store.get('key')),
    tokenRequests: emulator.requests('app-token').length,
    gateway: await healthBehindGateway(emulator, origin),
  };
  await app.close();
  await emulator.close();
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}

async function start(emulator: MindsphereEmulator, cache: MindsphereCredentialsModuleOptions['cache']) {
  const app = await NestFactory.create(AppModule.register({ ...emulator.moduleOptions, cache }), makeAdapter(), {
    logger: ['fatal', 'error', 'warn'],
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  return app;
}

async function answerOf(url: string, jwt?: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, { headers: jwt === undefined ? {} : { authorization: `Bearer ${jwt}` } });
  return { status: response.status, body: await response.json() };
}

/** The health as a browser sees it that has signed in at the gateway in front of the application. */
async function healthBehindGateway(emulator: MindsphereEmulator, url: string): Promise<number> {
  await emulator.serveApplication({ url });
  const form = new URLSearchParams({ to: '/', user: '0' });
  const signedIn = await fetch(`${emulator.origin}/__emulator/sign-in`, {
    method: 'POST',
    body: form,
    redirect: 'manual',
  });
  const cookie = signedIn.headers.getSetCookie().map((line) => line.split(';')[0]);
  const answer = await fetch(`${emulator.origin}/health`, { headers: { cookie: cookie.join('; ') } });
  return answer.status;
}

main().catch((failure: unknown) => {
  process.exitCode = 1;
  process.stderr.write(`${String(failure)}\n`);
});
