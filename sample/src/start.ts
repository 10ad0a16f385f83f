import { parseArgs } from 'node:util';
import { browserCallsOf } from './browser-calls.js';
import { callsOf, curlLine, make, type Outcome, summary } from './calls.js';
import { graphqlCallsOf } from './graphql-calls.js';
import { start, stop } from './local-platform.js';
import { DOCS } from './open-api.js';
import { portFrom } from './port.js';
import { send, socketCallsOf, socketLine } from './socket-calls.js';
import { issueTokens, type Tokens, VARIABLES } from './users.js';

/*
 * `npm start`: the emulated platforms and, behind their gateway, the sample application, until Ctrl-C. PORT and EMULATOR_PORT
 * say where. `npm start -- --once`: on any free ports, makes the calls itself and ends; status 1 if one failed.
 */

/** A working day, so that the printed lines can be used all day. */
const USER_TOKEN_LIFE_SECONDS = 8 * 60 * 60;

/** A call, ready to be shown and made. */
interface Step {
  readonly title: string;
  readonly summary: string;
  make(): Promise<Outcome>;
}

function stepsOf(origin: string, tokens: Tokens): readonly Step[] {
  const overHttp = [...callsOf(tokens), ...graphqlCallsOf(tokens)].map((call) => ({
    title: call.title,
    summary: summary(call),
    make: () => make(origin, call),
  }));
  const overSockets = socketCallsOf(tokens).map((call) => ({
    title: call.title,
    summary: `message ${call.event}`,
    make: () => send(origin, call),
  }));
  return [...overHttp, ...overSockets];
}

/** The calls as lines for a shell, with variables in the place of the tokens. */
function linesOf(origin: string): string[] {
  const overHttp = [...callsOf(VARIABLES), ...graphqlCallsOf(VARIABLES)];
  return [
    ...overHttp.map((call) => `# ${call.title} (${call.status})\n${curlLine(origin, call)}\n`),
    ...socketCallsOf(VARIABLES).map((call) => `# ${call.title} (${call.status})\n${socketLine(origin, call)}\n`),
  ];
}

async function runOnce(): Promise<void> {
  const started = await start(0, 0);
  const { app, emulator } = started;
  try {
    const steps = stepsOf(await app.getUrl(), issueTokens(emulator));
    const failed = await makeAll([...steps, ...browserCallsOf(emulator.origin)]);
    console.log(failed === 0 ? 'All calls got what they should.' : `${failed} of the calls did not.`);
    process.exitCode = failed === 0 ? 0 : 1;
  } finally {
    await stop(started);
  }
}

/** One after the other, as by hand; answers how many failed. */
async function makeAll(steps: readonly Step[]): Promise<number> {
  let failed = 0;
  for (const step of steps) {
    // oxlint-disable-next-line no-await-in-loop -- in the order of the printed lines
    const { ok, status, body } = await step.make();
    if (!ok) failed += 1;
    console.log(`${ok ? 'ok' : 'FAILED'}  ${step.title}\n    ${step.summary} -> ${status} ${JSON.stringify(body)}\n`);
  }
  return failed;
}

async function runUntilSignal(): Promise<void> {
  const started = await start(portFrom('PORT', 3000), portFrom('EMULATOR_PORT', 3001));
  const { app, emulator } = started;
  // Once, so that a second Ctrl-C ends the process at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stop(started).catch(fail));
  }
  const origin = await app.getUrl();
  const tokens = issueTokens(emulator, USER_TOKEN_LIFE_SECONDS);
  console.log(`Open ${emulator.origin}/ in a browser.\n`);
  console.log(`Or make the calls by hand. The application is at ${origin}, its API at ${origin}/${DOCS}.\n`);
  console.log('# Tokens of users of both platforms, and of attacks, for 8 hours. Paste them into another shell first:');
  console.log(`${assignments(tokens)}\n`);
  for (const line of linesOf(origin)) console.log(line);
  console.log('Ctrl-C ends both.');
}

/** The tokens as variables of a shell, each once. */
function assignments(tokens: Tokens): string {
  const variables = new Map<string, string>(Object.entries(VARIABLES));
  const lines = Object.entries(tokens).map(([name, token]) => `${variables.get(name)?.slice(1)}='${token}'`);
  return lines.join('\n');
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
  await (values.once ? runOnce() : runUntilSignal());
}

await run().catch(fail);
