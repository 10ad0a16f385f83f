import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { makeAdapter } from './adapter.js';
import { AppModule } from './app.module.js';

/** Starts, answers guarded requests, prints what they got, and stops; nothing may keep the process alive then. */
async function main(): Promise<void> {
  const emulator = await MindsphereEmulator.start({ strict: true });
  const app = await NestFactory.create(AppModule.register(emulator.moduleOptions), makeAdapter(), {
    logger: ['fatal', 'error', 'warn'],
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  const origin = await app.getUrl();
  const jwt = emulator.issueUserToken({ tenant: 'plantco', scopes: ['myapp.user'] });
  const answers = {
    without: await answerOf(`${origin}/plants`),
    decorated: await answerOf(`${origin}/plants`, jwt),
    scoped: await answerOf(`${origin}/current`, jwt),
    tokenRequests: emulator.requests('app-token').length,
  };
  await app.close();
  await emulator.close();
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}

async function answerOf(url: string, jwt?: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, { headers: jwt === undefined ? {} : { authorization: `Bearer ${jwt}` } });
  return { status: response.status, body: await response.json() };
}

main().catch((failure: unknown) => {
  process.exitCode = 1;
  process.stderr.write(`${String(failure)}\n`);
});
