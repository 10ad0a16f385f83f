import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { Report } from './report.mjs';
import { brief, difference, interleave, median, ratio } from './rounds.mjs';

const amount = brief ? 200 : 2_000;
const warmUp = brief ? 50 : 2_000;
const labels = {
  bare: 'bare route',
  'empty-guard': 'a guard that does nothing',
  guard: 'UserTokenGuard',
  decorator: 'UserTokenGuard + @CurrentUserToken()',
  'trivial-als': 'a trivial AsyncLocalStorage middleware',
  'our-als': 'CurrentUserMiddleware',
  'trivial-als-guard': 'UserTokenGuard + a trivial AsyncLocalStorage middleware',
  'current-user': 'UserTokenGuard + CurrentUserMiddleware + CurrentUser.token',
  'empty-scope': 'an empty Scope.REQUEST provider',
  'empty-scope-guard': 'an empty Scope.REQUEST provider + a guard that does nothing',
  'user-token': 'UserTokenGuard + injected UserToken',
  'for-user': 'UserTokenGuard + forUser(user).getToken()',
  'current-app': 'UserTokenGuard + CurrentAppCredentials.getToken()',
};
const routes = Object.keys(labels);
/** `node bench/guard.mjs fastify` measures one alone. */
const platforms = ['express', 'fastify'].filter(
  (name, _, all) => !all.some((one) => process.argv.includes(one)) || process.argv.includes(name),
);

const emulator = await MindsphereEmulator.start({ port: 0 });
const token = emulator.issueUserToken();

for (const platform of platforms) {
  const report = new Report(`guard-${platform}`, `A route, on ${platform === 'express' ? 'Express' : 'Fastify'}`);
  const server = forked('./guard-server.mjs', [platform, JSON.stringify(emulator.moduleOptions)], ['--expose-gc']);
  const [{ url }] = await once(server, 'message');
  const loader = forked('./load.mjs', []);
  const load = (route, requests) => ask(loader, { url: `${url}/${route}`, token, requests });
  for (const route of routes) await load(route, warmUp);

  const measured = Object.fromEntries(routes.map((route) => [route, () => measure(server, load, route)]));
  const results = await interleave(measured);
  const only = (what) =>
    Object.fromEntries(routes.map((route) => [route, results[route].map((result) => result[what])]));
  const [cpu, rate] = [only('cpu'), only('perSecond')];
  const over = (route, base, most) =>
    report.row(`${labels[route]}, over: ${labels[base]}`, difference(cpu, route, base), 'µs CPU', { most });
  over('decorator', 'bare', 5);
  over('user-token', 'empty-scope', 8);
  const als = (route, base) =>
    report.row(`${labels[route]} / ${labels[base]}`, ratio(cpu, route, base), '× CPU', { most: 1.1 });
  als('our-als', 'trivial-als');
  als('current-user', 'trivial-als-guard');
  for (const route of routes) {
    report.row(labels[route], median(cpu[route]), 'µs CPU');
    report.row(`${labels[route]}, of the bare route's requests per second`, ratio(rate, route, 'bare'), '×');
  }
  report.save();
  loader.disconnect();
  server.send('stop');
  await once(server, 'exit');
}
await emulator.close();

function forked(path, args, execArgv = []) {
  return fork(fileURLToPath(new URL(path, import.meta.url)), args, { execArgv });
}

/** CPU microseconds of the server per request, and requests per second. */
async function measure(server, load, route) {
  // What the route before has left behind is not this one's.
  await ask(server, 'collect');
  const before = await ask(server, 'cpu');
  const { failed, perSecond } = await load(route, amount);
  if (failed > 0) throw new Error(`${route}: ${failed} requests failed`);
  const after = await ask(server, 'cpu');
  return { cpu: (after.cpu - before.cpu) / amount, perSecond };
}

async function ask(child, message) {
  child.send(message);
  const [answer] = await once(child, 'message');
  return answer;
}
