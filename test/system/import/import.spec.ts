import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { builtLibrary } from '../../support/built-library.js';
import { short } from '../../support/length.js';

/*
 * Importing the package starts nothing: no handle that Jest's --detectOpenHandles would list, no timer, no socket, no
 * file that stays open, no listener of the process. Asked of a fresh process, by the way that Jest looks.
 */

const root = fileURLToPath(new URL('../../../', import.meta.url));

const PROBE = `
import { createHook } from 'node:async_hooks';
// Peers do their own work at import, which is not looked at here.
await import('@nestjs/common'); await import('@nestjs/core'); await import('@nestjs/axios'); await import('axios');
await import('rxjs'); await import('jose'); await import('lru-cache'); await import('@mindconnect/mindconnect-nodejs');
// FILEHANDLE: the files that Node's own loader reads.
const IGNORED = new Set(['FILEHANDLE', 'PROMISE', 'TIMERWRAP', 'ELDHISTOGRAM', 'RANDOMBYTESREQUEST', 'DNSCHANNEL', 'FSREQPROMISE', 'FSREQCALLBACK', 'Immediate', 'TickObject', 'CLOSEREQ', 'FILEHANDLECLOSEREQ']);
const open = new Map();
const hook = createHook({
  init(id, type) { if (!IGNORED.has(type)) open.set(id, type); },
  destroy(id) { open.delete(id); },
}).enable();
const listeners = process.eventNames().map((name) => [String(name), process.listenerCount(name)]).toString();
for (const url of process.argv.slice(1)) await import(url);
await new Promise((resolve) => setTimeout(resolve, 50));
hook.disable();
const after = process.eventNames().map((name) => [String(name), process.listenerCount(name)]).toString();
// The timer of this probe is over; what is left was made by the package.
console.log(JSON.stringify({ open: [...open.values()].filter((type) => type !== 'Timeout'), listeners: after === listeners, active: process.getActiveResourcesInfo().filter((type) => type !== 'PipeWrap' && type !== 'TTYWrap') }));
`;

const ENTRIES = [
  'index.js',
  'testing/index.js',
  'terminus/index.js',
  'opentelemetry/index.js',
  'store/redis/index.js',
  'store/keyv/index.js',
  'mindconnect/index.js',
];

describe('importing the package', () => {
  // Short: all of them in one process.
  it.each(
    short(
      [ENTRIES],
      ENTRIES.map((entry) => [entry]),
    ).map((entries) => ({ entries })),
  )('leaves nothing open: $entries', ({ entries }) => {
    const urls = entries.map((entry) => pathToFileURL(join(builtLibrary(), entry)).href);
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', PROBE, ...urls], {
      encoding: 'utf8',
      cwd: root,
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ open: [], listeners: true, active: [] });
  });
});
