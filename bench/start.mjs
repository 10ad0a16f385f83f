import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { difference, interleave, median } from './rounds.mjs';
import { Report } from './report.mjs';

if (process.send === undefined) {
  // Each start in a new process, as an application's is.
  const results = await interleave({ without: () => startOf('without'), with: () => startOf('with') });
  const [without, withModule] = [results.without, results.with];
  const starts = { without: without.map(({ start: ms }) => ms), with: withModule.map(({ start: ms }) => ms) };
  const cpu = { without: without.map((one) => one.cpu), with: withModule.map((one) => one.cpu) };
  const imports = { without: without.map(({ load }) => load), with: withModule.map(({ load }) => load) };
  const report = new Report('start', 'The start of an application');
  report.row('NestFactory.create() + init(), more with the module', difference(starts, 'with', 'without'), 'ms', {
    most: 10,
  });
  report.row('NestFactory.create() + init() without it', median(starts.without), 'ms');
  report.row('its CPU time, more with the module', difference(cpu, 'with', 'without'), 'ms');
  report.row('import of the module and its peers, beside Nest', difference(imports, 'with', 'without'), 'ms');
  report.save();
} else {
  const load = performance.now();
  await import('reflect-metadata');
  const { Module } = await import('@nestjs/common');
  const { NestFactory } = await import('@nestjs/core');
  await import('@nestjs/platform-express');
  const imports = [];
  if (process.argv.includes('with')) {
    const { MindsphereCredentialsModule } = await import('nestjs-mindsphere-credentials');
    const { APP } = await import('./platform.mjs');
    imports.push(() => MindsphereCredentialsModule.forRoot({ region: 'eu1', app: APP, tenant: false }));
  }
  class AppModule {}
  const used = process.cpuUsage();
  const begin = performance.now();
  Module({ imports: imports.map((make) => make()) })(AppModule);
  const application = await NestFactory.create(AppModule, { logger: false });
  await application.init();
  const start = performance.now() - begin;
  const { user, system } = process.cpuUsage(used);
  process.send({ load: begin - load, start, cpu: (user + system) / 1_000 });
  await application.close();
  process.disconnect();
}

async function startOf(kind) {
  const child = fork(fileURLToPath(import.meta.url), [kind]);
  const [result] = await once(child, 'message');
  await once(child, 'exit');
  return result;
}
