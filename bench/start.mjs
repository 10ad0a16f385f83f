import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { difference, interleave, median } from './rounds.mjs';
import { Report } from './report.mjs';

if (process.send === undefined) {
  // Each start in a new process, as an application's is.
  const results = await interleave({
    without: () => startOf('without'),
    imported: () => startOf('imported'),
    with: () => startOf('imported', 'with'),
  });
  const only = (what) =>
    Object.fromEntries(Object.entries(results).map(([kind, all]) => [kind, all.map((one) => one[what])]));
  const [starts, cpu, imports] = ['start', 'cpu', 'load'].map(only);
  const report = new Report('start', 'The start of an application');
  report.row('NestFactory.create() + init(), more with the module', difference(starts, 'with', 'imported'), 'ms', {
    most: 10,
  });
  report.row('NestFactory.create() + init() without it', median(starts.imported), 'ms');
  report.row('its CPU time, more with the module', difference(cpu, 'with', 'imported'), 'ms');
  report.row('import of the module and its peers, beside Nest', difference(imports, 'imported', 'without'), 'ms');
  report.save();
} else {
  const load = performance.now();
  await import('reflect-metadata');
  const { Module } = await import('@nestjs/common');
  const { NestFactory } = await import('@nestjs/core');
  await import('@nestjs/platform-express');
  const imports = [];
  if (process.argv.includes('imported')) {
    const { MindsphereCredentialsModule } = await import('nestjs-mindsphere-credentials');
    const { APP } = await import('./platform.mjs');
    if (process.argv.includes('with'))
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

async function startOf(...kind) {
  const child = fork(fileURLToPath(import.meta.url), kind);
  const [result] = await once(child, 'message');
  await once(child, 'exit');
  return result;
}
