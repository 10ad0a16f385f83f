#!/usr/bin/env node
import { MindsphereEmulator } from '../../testing/mindsphere-emulator.js';
import { announce } from './announcement.js';
import { readArguments } from './arguments.js';
import { UsageError } from './usage.error.js';
import { USAGE } from './usage.js';

/*
 * `mindsphere-emulator`: the emulator for local development, in any language, until SIGINT or SIGTERM. Status 2 for
 * wrong arguments, 1 where it cannot start.
 */

async function run(): Promise<void> {
  const { help, users, options } = readArguments(process.argv.slice(2));
  if (help) return console.log(USAGE);
  const emulator = await MindsphereEmulator.start(options);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void emulator.close());
  console.log(announce(emulator, users));
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  console.error(`mindsphere-emulator: ${message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

await run().catch(fail);
