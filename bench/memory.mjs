import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { firstValueFrom } from 'rxjs';
import { startApplication } from './application.mjs';
import { LARGE, optionsFor, signedToken, startPlatform } from './platform.mjs';
import { Report } from './report.mjs';
import { brief } from './rounds.mjs';

const TOKENS = brief ? 200 : 10_000;
const AT_ONCE = 50;

if (process.send === undefined) {
  // The library in a process of its own: nothing but what it holds shall grow there.
  const value = signedToken(LARGE);
  const platform = await startPlatform(() => value);
  const child = fork(fileURLToPath(import.meta.url), process.argv.slice(2), { execArgv: ['--expose-gc'] });
  child.send({ gatewayUrl: platform.gatewayUrl });
  const [{ bytes }] = await once(child, 'message');
  const report = new Report('memory', `${TOKENS.toLocaleString('en')} tokens held, of 100 scopes each`);
  report.row("a token's text", value.length / 1_000, 'kB');
  report.row('heap per token beyond its text', (bytes - value.length) / 1_000, 'kB', { most: 2 });
  report.save();
  await platform.close();
} else {
  const [options] = await once(process, 'message');
  const { application, credentials } = await startApplication(optionsFor(options));
  // Connections, compiled code and the like are there before anything is counted.
  await fill(credentials, 'warm', 100);
  const before = heapUsed();
  await fill(credentials, 'customer', TOKENS);
  process.send({ bytes: (heapUsed() - before) / TOKENS });
  await application.close();
  process.disconnect();
}

async function fill(credentials, name, count) {
  let next = 0;
  const work = async () => {
    while (next < count) await firstValueFrom(credentials.forUserTenant(`${name}${next++}`).getToken());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function heapUsed() {
  for (let time = 0; time < 3; time += 1) globalThis.gc();
  const { heapUsed: heap, external } = process.memoryUsage();
  return heap + external;
}
