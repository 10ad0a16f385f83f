import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { interleave, median, show } from './rounds.mjs';

const brief = process.argv.includes('--brief');
const rounds = brief ? 1 : 7;
const amount = brief ? 500 : 6_000;
const routes = ['bare', 'empty-guard', 'guard', 'decorator', 'empty-scope', 'user-token', 'current-app'];

const emulator = await MindsphereEmulator.start({ port: 0 });
// Under load the load generator must not wait for the server's turn: each has a core, and CPU time is what is compared.
const headers = { authorization: `Bearer ${emulator.issueUserToken()}` };

for (const platform of ['express', 'fastify']) {
  const server = fork(fileURLToPath(new URL('./guard-server.mjs', import.meta.url)), [
    platform,
    JSON.stringify(emulator.moduleOptions),
  ]);
  const [{ url }] = await once(server, 'message');
  const load = (route, requests) => autocannon({ url: `${url}/${route}`, headers, connections: 20, amount: requests });
  for (const route of routes) await load(route, brief ? 100 : 3_000);

  const measured = Object.fromEntries(routes.map((route) => [route, () => measure(server, load, route)]));
  const results = await interleave(rounds, measured);
  const over = (route, base) =>
    median(results[route].map(({ cpu }, round) => cpu - results[base][round].cpu)).toFixed(1);
  show(`${platform}: an empty guard over the bare route`, `${over('empty-guard', 'bare')} µs`, '');
  show(`${platform}: guard over the bare route`, `${over('guard', 'bare')} µs`, '');
  show(`${platform}: guard + @CurrentUserToken() over the bare route`, `${over('decorator', 'bare')} µs`, 'at most 5');
  show(
    `${platform}: guard + UserToken over an empty request scope`,
    `${over('user-token', 'empty-scope')} µs`,
    'at most 8',
  );
  for (const route of routes) {
    const cpu = median(results[route].map((result) => result.cpu)).toFixed(1);
    const perSecond = median(results[route].map((result) => result.perSecond)).toFixed(0);
    show(`  ${platform} ${route}`, `${cpu} µs`, `${perSecond} requests/s`);
  }
  server.send('stop');
  await once(server, 'exit');
}
await emulator.close();

/** CPU microseconds of the server per request, and requests per second. */
async function measure(server, load, route) {
  const before = await cpuOf(server);
  const { non2xx, errors, requests } = await load(route, amount);
  if (non2xx > 0 || errors > 0) throw new Error(`${route}: ${non2xx} refused, ${errors} failed`);
  const after = await cpuOf(server);
  return { cpu: (after - before) / amount, perSecond: requests.average };
}

async function cpuOf(server) {
  server.send('cpu');
  const [{ cpu }] = await once(server, 'message');
  return cpu.user + cpu.system;
}
