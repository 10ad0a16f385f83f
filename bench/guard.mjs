import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { Report } from './report.mjs';
import { brief, difference, interleave, median, ratio, rounds } from './rounds.mjs';

const amount = brief ? 200 : 2_000;
const warmUp = brief ? 50 : 4_000;
const generations = brief ? 1 : 3;
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
  'foreign-scope-guard': 'an empty Scope.REQUEST provider of another module, with REQUEST + a guard that does nothing',
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
const loader = forked('./load.mjs', []);

for (const platform of platforms) {
  const report = new Report(`guard-${platform}`, `A route, on ${platform === 'express' ? 'Express' : 'Fastify'}`);
  const results = Object.fromEntries(routes.map((route) => [route, []]));
  // What V8 makes of the same code differs a little from process to process.
  for (let generation = 0; generation < generations; generation += 1) {
    for (const [route, values] of Object.entries(await measureAll(platform))) results[route].push(...values);
  }
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
}
loader.disconnect();
await emulator.close();

/** One round after the other over servers of their own, which are stopped afterwards. */
async function measureAll(platform) {
  const servers = {};
  for (const route of routes) servers[route] = await start(platform, route);
  const measured = routes.map((route) => [route, () => measure(servers[route])]);
  const results = await interleave(Object.fromEntries(measured), rounds / generations);
  for (const { child } of Object.values(servers)) {
    child.send('stop');
    await once(child, 'exit');
  }
  return results;
}

async function start(platform, route) {
  const child = forked(
    './guard-server.mjs',
    [platform, route, JSON.stringify(emulator.moduleOptions)],
    ['--expose-gc'],
  );
  const [{ url }] = await once(child, 'message');
  await load(url, warmUp);
  return { child, url };
}

function load(url, requests) {
  return ask(loader, { url, token, requests });
}

function forked(path, args, execArgv = []) {
  return fork(fileURLToPath(new URL(path, import.meta.url)), args, { execArgv });
}

/** CPU microseconds of the server per request, and requests per second. */
async function measure({ child, url }) {
  // What the round before has left behind is not this one's.
  await ask(child, 'collect');
  const before = await ask(child, 'cpu');
  const { failed, perSecond } = await load(url, amount);
  if (failed > 0) throw new Error(`${failed} requests failed`);
  const after = await ask(child, 'cpu');
  return { cpu: (after.cpu - before.cpu) / amount, perSecond };
}

async function ask(child, message) {
  child.send(message);
  const [answer] = await once(child, 'message');
  return answer;
}
