import { MindsphereEmulator } from '../../testing/mindsphere-emulator.js';
import { type Arguments, readArguments, usageErrorOf } from './arguments.js';
import { logLine } from './log-line.js';
import { asJson, asShellLines, asText } from './report-formats.js';
import { reportOf } from './start-report.js';
import { USAGE } from './usage.js';

const FORMATS = { text: asText, env: asShellLines, json: asJson } as const;

/** Runs the command until a signal ends it. Sets the status of the process; never throws. */
export async function run(args: readonly string[]): Promise<void> {
  try {
    const read = readArguments(args);
    if (read.help) process.stdout.write(`${USAGE}\n`);
    else await serve(read);
  } catch (error) {
    const usageError = usageErrorOf(error);
    const { message } = usageError ?? (error instanceof Error ? error : new Error(String(error)));
    process.stderr.write(`mindsphere-emulator: ${message}\n`);
    process.exitCode = usageError ? 2 : 1;
  }
}

async function serve({ options, users, gateway, log, print }: Arguments): Promise<void> {
  const onRequest = log
    ? (request: Parameters<typeof logLine>[0]) => void process.stderr.write(logLine(request))
    : undefined;
  const emulator = await listening(() => MindsphereEmulator.start({ ...options, onRequest }), options.port);
  try {
    if (gateway) await emulator.serveApplication({ ...gateway, users });
  } catch (error) {
    await emulator.close();
    throw error;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void emulator.close());
  process.stdout.write(`${FORMATS[print](reportOf(emulator, users, gateway))}\n`);
}

async function listening<T>(start: () => Promise<T>, port: number | undefined): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new Error(`port ${port} is in use (EADDRINUSE); name another one with --port, or 0 for any free one`, {
      cause: error,
    });
  }
}
