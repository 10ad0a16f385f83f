import { type Command, readArguments, UsageError } from './arguments.js';
import { doctor } from './doctor.js';
import { loadDotenv } from './registration.js';
import { printToken } from './token.command.js';
import { USAGE } from './usage.js';
import { verify } from './verify.command.js';

/** Runs one command. Gives the status of the process. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    return await execute(readArguments(args));
  } catch (error) {
    // Of any other error the message could hold anything.
    const message =
      error instanceof UsageError ? `${error.message} (--help explains the options)` : 'it failed unexpectedly';
    process.stderr.write(`mindsphere-credentials: ${message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function execute(command: Command): Promise<number> {
  if (command.name === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  loadDotenv(command.dotenv);
  if (command.name === 'doctor') return doctor(command);
  return command.name === 'token' ? printToken(command) : verify();
}
