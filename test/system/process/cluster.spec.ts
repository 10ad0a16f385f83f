import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { builtLibrary } from '../../support/built-library.js';
import { emulatorKeys } from '../../support/emulator-keys.js';
import { isFullLength } from '../../support/length.js';
import { spawnNode } from '../../support/spawned.js';

/** What a worker has come to: the port of its emulator, or the error that `start()` rejected with. */
interface Outcome {
  readonly port?: number;
  readonly code?: string;
  readonly message?: string;
}

/**
 * A process of `node:cluster` whose two workers start an emulator each, one after the other, on the same port: 0, or one that
 * was free a moment before (another one, where the first worker finds it taken). Both run until both have reported.
 */
const script = (library: string, keysFile: string, isFixed: boolean) => `
import cluster from 'node:cluster';
import { createServer } from 'node:net';
import { MindsphereEmulator } from ${JSON.stringify(library)};

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

const outcomeOf = (port) => new Promise((resolve, reject) => {
  const worker = cluster.fork({ EMULATOR_PORT: String(port) });
  worker.once('message', resolve);
  worker.once('exit', (code) => reject(new Error('a worker ended with ' + code)));
});

if (cluster.isPrimary) {
  let port, first;
  do {
    port = ${isFixed} ? await freePort() : 0;
    first = await outcomeOf(port);
  } while (first.code === 'EADDRINUSE');
  console.log(JSON.stringify([first, await outcomeOf(port)]));
  process.exit(0);
} else {
  const outcome = await MindsphereEmulator.start({ port: Number(process.env.EMULATOR_PORT), keysFile: ${JSON.stringify(keysFile)} }).then(
    ({ port }) => ({ port }),
    ({ code, message }) => ({ code, message }),
  );
  process.send(outcome);
}
`;

async function outcomes(isFixed: boolean): Promise<[Outcome, Outcome]> {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'cluster.mjs');
  const library = pathToFileURL(join(builtLibrary(), 'testing', 'index.js')).href;
  await writeFile(file, script(library, await emulatorKeys(), isFixed));
  const primary = spawnNode([file]);
  expect([await primary.ended, primary.stderr()]).toEqual([0, '']);
  return JSON.parse(primary.stdout()) as [Outcome, Outcome];
}

/* Two emulators have two sets of keys: a port that they shared would answer with the wrong set every second time. */
describe('the emulator in two workers of a cluster', () => {
  it('does not start twice on one port: the error names the port', async () => {
    const [{ port }, second] = await outcomes(true);
    expect(second).toEqual({ code: 'EADDRINUSE', message: expect.stringContaining(`:${port}`) });
  });

  it.runIf(isFullLength)('gets two ports where it asks for any', async () => {
    const [first, second] = await outcomes(false);
    expect([typeof first.port, typeof second.port]).toEqual(['number', 'number']);
    expect(second.port).not.toBe(first.port);
  });
});
