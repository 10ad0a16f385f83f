import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { HttpService } from '@nestjs/axios';
import { create } from 'axios';
import { MindsphereHttpService } from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { startApplication } from './application.mjs';
import { optionsFor, startPlatform } from './platform.mjs';
import { Report } from './report.mjs';
import { brief, interleave, median, ratio } from './rounds.mjs';

/* What a call costs in CPU of this process, which holds the clients only: the API is in another process. */

const PATH = '/api/assetmanagement/v3/assets';

if (process.send !== undefined) serveApi();
else await measure();

function serveApi() {
  const body = JSON.stringify({ found: true });
  const server = createServer((_, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(body);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}

async function measure() {
  const api = fork(fileURLToPath(import.meta.url));
  const [port] = await once(api, 'message');
  const origin = `http://127.0.0.1:${port}`;
  const platform = await startPlatform();
  const http = { allowedOrigins: [origin] };
  const { application, credentials } = await startApplication({ ...optionsFor(platform), http });
  const client = application.get(MindsphereHttpService).as(credentials);
  const { authorization } = await firstValueFrom(credentials.getToken());
  const nest = new HttpService(create());
  const url = origin + PATH;
  const headers = { Authorization: authorization };

  const results = await interleave({
    nest: cpuOf(() => firstValueFrom(nest.get(url, { headers, proxy: false }))),
    ours: cpuOf(() => firstValueFrom(client.get(url))),
    fetch: cpuOf(async () => (await fetch(url, { headers })).json()),
    wrapped: cpuOf(async () => (await client.fetch(url)).json()),
  });

  const report = new Report('calls', 'A call of an API');
  report.row("http.as(credentials).get() / Nest's HttpService.get()", ratio(results, 'ours', 'nest'), '×', {
    most: 1.12,
  });
  report.row('http.as(credentials).fetch / fetch', ratio(results, 'wrapped', 'fetch'), '×', { most: 1.3 });
  const labels = {
    nest: "Nest's HttpService.get(), header by hand",
    ours: 'http.as(credentials).get()',
    fetch: 'fetch, header by hand',
    wrapped: 'http.as(credentials).fetch',
  };
  for (const [name, label] of Object.entries(labels)) report.row(label, median(results[name]), 'µs');
  report.save();
  await application.close();
  await platform.close();
  api.kill();
  process.exit(0);
}

/** CPU microseconds per call, one call after the other. */
function cpuOf(run) {
  const calls = brief ? 50 : 2_000;
  return async () => {
    const before = process.cpuUsage();
    for (let call = 0; call < calls; call += 1) await run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / calls;
  };
}
