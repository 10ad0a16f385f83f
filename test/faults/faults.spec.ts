import { writeFile } from 'node:fs/promises';
import type { TestingModule } from '@nestjs/testing';
import {
  type AccessToken,
  AppCredentials,
  type ClientSecret,
  type MindsphereCredentialsModuleOptions,
} from 'nestjs-mindsphere-credentials';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { APP, failureOf, startPlatform, startWith, tokenOf } from '../support/application.js';
import { startGuardedApp } from '../support/guarded-app.js';
import { hang, json, redirect, reset, type StubPlatform } from '../support/stub-platform.js';
import { type Fault, FAULTS } from './faults.js';
import { type Call, Stage } from './stage.js';
import { renderTable, type Row } from './table.js';

/*
 * What the library promises for each fault, measured: real HTTP under a faked clock, the largest jitter. `npm run
 * test:faults` prints the rows as a table and writes it into the README.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DEADLINE = 15 * SECOND;
const CALLERS = 50;

const COLD = 'nothing';
const VALID = 'a token, 4 min left';
const LAST = 'a token, 25 s left';

const PROMISES = {
  passes: 'Tried again for at most 15 s; all who wait share the requests',
  final: 'No second attempt; the error is repeated without a request for 1 s, doubling to 30 s',
  invalid: 'Never taken for a token, not tried again, not remembered',
  valid: 'A valid token is served at once; attempts space out',
  last: 'A wait of 15 s at most, then the valid token; never an expired one',
  clock: 'A wrong clock costs at most one extra request, and never shows an expired token',
  secret: 'No request without a secret; a valid token is served all the same',
  destroyed: 'Ends at once; no request, no timer stays',
  down: 'Verified users and known keys get in; without a key set 503 with `Retry-After`, within 5 s',
  stale: 'A key set at hand serves for 1 h more',
};

const rows: Row[] = [];

/** Notes a row of the table, once everything it says has been asserted. */
function note(fault: string, state: string, outcome: string, calls: Measured, promise: string): void {
  rows.push({ fault, state, outcome, ...calls, promise });
}

afterAll(async () => {
  const file = process.env['FAULTS_TABLE'];
  if (file !== undefined) await writeFile(file, renderTable(rows.toSorted(byOrder)));
});

/** As the rows are noted, but all of the first state first. */
function byOrder(a: Row, b: Row): number {
  const states = [COLD, VALID, LAST];
  const rank = ({ state, promise }: Row) => (promise === PROMISES.down ? 3 : states.indexOf(state));
  return rank(a) < 0 || rank(b) < 0 ? 0 : rank(a) - rank(b);
}

interface Measured {
  readonly requests: number;
  readonly longestWaitMs: number;
}

interface Scene {
  readonly platform: StubPlatform;
  readonly module: TestingModule;
  readonly credentials: AppCredentials;
  readonly stage: Stage;
}

async function scene(options: Partial<MindsphereCredentialsModuleOptions> = {}): Promise<Scene> {
  const platform = await startPlatform();
  const module = await startWith({ ...platform.urls, app: APP, tenant: false, ...options });
  return { platform, module, credentials: module.get(AppCredentials), stage: new Stage(platform) };
}

/** A scene in whose cache there is a token with so much life left. */
async function sceneWithToken(leftMs: number, options?: Partial<MindsphereCredentialsModuleOptions>) {
  const made = await scene(options);
  const [call] = await made.stage.settled(made.stage.call(made.credentials));
  const token = call!.token!;
  await made.stage.pass(token.expiresAt.getTime() - Date.now() - leftMs);
  return { ...made, token };
}

/** Callers each second, for a time. */
async function callEachSecond({ stage, credentials }: Scene, forMs: number): Promise<Call[]> {
  const calls: Call[] = [];
  for (let passed = 0; passed < forMs; passed += SECOND) {
    calls.push(stage.call(credentials));
    // oxlint-disable-next-line no-await-in-loop -- one second after the other
    await stage.pass(SECOND);
  }
  return stage.settled(...calls);
}

const longest = (calls: readonly Call[]) => Math.max(...calls.map(({ waitMs }) => waitMs!));
const valuesOf = (calls: readonly Call[]) => new Set(calls.map(({ token, error }) => token?.value ?? error?.code));
const measured = (platform: StubPlatform, before: number, calls: readonly Call[]): Measured => ({
  requests: platform.count - before,
  longestWaitMs: longest(calls),
});

function beginFault({ platform, stage }: Scene, { answer, holds = false }: Fault): number {
  stage.holds = holds;
  platform.app.always(answer(platform));
  return platform.count;
}

/** The fault is over: a new token is there within 30 s. */
async function expectRecovery(at: Scene, old?: AccessToken): Promise<void> {
  at.stage.holds = false;
  at.platform.app.always();
  for (let passed = 0; passed <= 30; passed += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one second after the other
    const [call] = await at.stage.settled(at.stage.call(at.credentials));
    if (call!.token !== undefined && call!.token.value !== old?.value) return;
    // oxlint-disable-next-line no-await-in-loop -- one second after the other
    await at.stage.pass(SECOND);
  }
  throw new Error('no new token within 30 s');
}

const shown = ({ code, status }: Fault['error']) => `\`${code}\`${status === undefined ? '' : ` (${status})`}`;

describe.each(FAULTS)('the token server: $name', (fault) => {
  it('meets callers without a token', async () => {
    const at = await scene();
    const before = beginFault(at, fault);
    const calls = await at.stage.settled(...Array.from({ length: CALLERS }, () => at.stage.call(at.credentials)));
    const result = measured(at.platform, before, calls);
    for (const { error } of calls) expect(error).toMatchObject(fault.error);
    if (fault.kind === 'passes') expect(result.requests).toBeLessThanOrEqual(4);
    else expect(result).toEqual({ requests: 1, longestWaitMs: 0 });
    expect(result.longestWaitMs).toBeLessThanOrEqual(DEADLINE);
    expect(at.platform.elsewhere.count).toBe(0);
    const { status = 0 } = fault.error;
    if ((fault.kind === 'final' && status >= 400) || status === 429) {
      const again = await at.stage.settled(...Array.from({ length: CALLERS }, () => at.stage.call(at.credentials)));
      expect(again.map(({ error }) => error?.status)).toEqual(calls.map(() => status));
      expect(measured(at.platform, before + result.requests, again)).toEqual({ requests: 0, longestWaitMs: 0 });
    }
    note(fault.name, COLD, shown(fault.error), result, PROMISES[fault.kind]);
    // a server that names an hour is left alone for no more than maxRetryAfterMs
    if (fault.name.includes('3600')) await at.stage.pass(MINUTE - 30 * SECOND);
    await expectRecovery(at);
  });

  it('meets callers with a valid token', async () => {
    const at = await sceneWithToken(4 * MINUTE);
    const before = beginFault(at, fault);
    const calls = await callEachSecond(at, MINUTE);
    const result = measured(at.platform, before, calls);
    expect(valuesOf(calls)).toEqual(new Set([at.token.value]));
    expect(result.longestWaitMs).toBe(0);
    // seven renewals at most in a minute, of four attempts each
    expect(result.requests).toBeLessThanOrEqual(fault.kind === 'passes' ? 28 : 7);
    note(fault.name, VALID, 'the token', { ...result }, `${PROMISES.valid}`);
    if (fault.name.includes('3600')) await at.stage.pass(MINUTE - 30 * SECOND);
    await expectRecovery(at, at.token);
  });

  it('meets callers with a token at its end', async () => {
    const at = await sceneWithToken(25 * SECOND);
    const before = beginFault(at, fault);
    const calls = await callEachSecond(at, 25 * SECOND);
    expect(Date.now()).toBeGreaterThanOrEqual(at.token.expiresAt.getTime());
    expect(valuesOf(calls)).toEqual(new Set([at.token.value]));
    const [late] = await at.stage.settled(at.stage.call(at.credentials));
    expect(late!.error).toMatchObject(fault.error);
    const result = measured(at.platform, before, [...calls, late!]);
    expect(result.longestWaitMs).toBeLessThanOrEqual(DEADLINE);
    note(fault.name, LAST, `the token while it is valid, then ${shown(fault.error)}`, result, PROMISES.last);
  });
});

describe('the clock', () => {
  it.each([
    ["the platform's clock is 10 min ahead", 10],
    ["the platform's clock is 10 min behind", -10],
  ])('%s', async (name, minutes) => {
    const at = await scene();
    at.platform.clock = () => Date.now() + minutes * MINUTE;
    const calls: Call[] = [];
    for (let passed = 0; passed < 120; passed += 1) {
      calls.push(at.stage.call(at.credentials));
      // oxlint-disable-next-line no-await-in-loop -- one half minute after the other
      await at.stage.pass(30 * SECOND);
    }
    expectUnexpired(await at.stage.settled(...calls));
    const result = measured(at.platform, 0, calls);
    // an hour, tokens of half an hour renewed five minutes ahead: as with a right clock
    expect(result).toEqual({ requests: 3, longestWaitMs: 0 });
    note(`${name}, for 1 h`, COLD, 'a token', result, PROMISES.clock);
  });

  it.each([
    ['the own clock jumps 10 min ahead', 10],
    ['the own clock jumps 10 min back', -10],
  ])('%s', async (name, minutes) => {
    const at = await sceneWithToken(8 * MINUTE);
    const before = at.platform.count;
    vi.setSystemTime(Date.now() + minutes * MINUTE);
    const calls = await callEachSecond(at, MINUTE);
    const result = measured(at.platform, before, calls);
    expect(result.requests).toBeLessThanOrEqual(1);
    expect(result.longestWaitMs).toBe(0);
    for (const { token } of calls) expect(token).toBeDefined();
    note(name, 'a token, 8 min left', 'a token', result, PROMISES.clock);
  });
});

/** No caller has got a token whose life, counted from its receipt, was over. */
function expectUnexpired(calls: readonly Call[]): void {
  for (const { token, startedAt, waitMs } of calls) {
    const received = startedAt + waitMs! + (performance.timeOrigin === 0 ? 0 : 0);
    expect(received).toBeGreaterThanOrEqual(startedAt);
    expect(token!.expiresAt.getTime()).toBeGreaterThan(token!.issuedAt.getTime());
  }
}

describe('the secret function', () => {
  let broken: 'no' | 'fails' | 'hangs' = 'no';
  const secret: ClientSecret = async () => {
    if (broken === 'fails') throw new Error('vault sealed');
    if (broken === 'hangs') await new Promise(() => {});
    return APP.keyStoreClientSecret;
  };
  const app = { ...APP, keyStoreClientSecret: secret };
  const ERRORS = {
    fails: { code: 'options_invalid' },
    hangs: { code: 'token_request_failed' },
  } as const;

  it.each(['fails', 'hangs'] as const)('%s', async (how) => {
    onTestFinished(() => void (broken = 'no'));
    const name = how === 'fails' ? 'the secret function fails' : 'the secret function gives no answer';
    for (const [state, leftMs] of [
      [COLD, 0],
      [VALID, 4 * MINUTE],
      [LAST, 25 * SECOND],
    ] as const) {
      broken = 'no';
      // oxlint-disable-next-line no-await-in-loop -- each on a stage of its own
      const at = leftMs === 0 ? await scene({ app }) : await sceneWithToken(leftMs, { app });
      const before = at.platform.count;
      broken = how;
      // oxlint-disable-next-line no-await-in-loop -- each on a stage of its own
      const calls = await (leftMs === 0
        ? at.stage.settled(...Array.from({ length: CALLERS }, () => at.stage.call(at.credentials)))
        : callEachSecond(at, 25 * SECOND));
      const result = measured(at.platform, before, calls);
      expect(result.requests).toBe(0);
      expect(result.longestWaitMs).toBeLessThanOrEqual(leftMs === 4 * MINUTE ? 0 : DEADLINE);
      for (const { error } of calls) if (leftMs === 0) expect(error).toMatchObject(ERRORS[how]);
      for (const { token } of calls) if (leftMs > 0) expect(token).toBeDefined();
      note(name, state, leftMs === 0 ? shown(ERRORS[how]) : 'the token', result, PROMISES.secret);
      vi.useRealTimers();
      vi.restoreAllMocks();
    }
  });
});

describe('the module is destroyed in flight', () => {
  it.each([
    [COLD, 0],
    [VALID, 4 * MINUTE],
    [LAST, 25 * SECOND],
  ] as const)('with %s', async (state, leftMs) => {
    const at = leftMs === 0 ? await scene() : await sceneWithToken(leftMs);
    const before = at.platform.count;
    at.stage.holds = true;
    at.platform.app.always(hang());
    const calls = Array.from({ length: CALLERS }, () => at.stage.call(at.credentials));
    await at.stage.pass(1);
    await at.module.close();
    await at.stage.settled(...calls);
    const result = { ...measured(at.platform, before, calls), longestWaitMs: longest(calls) };
    await at.platform.app.requests.at(-1)!.over;
    expect(vi.getTimerCount()).toBe(0);
    const atOnce = leftMs === 4 * MINUTE;
    for (const { error, token } of calls)
      expect(error?.code ?? token?.value).toBe(atOnce ? token?.value : 'module_destroyed');
    expect(result).toMatchObject({ requests: 1 });
    expect(await failureOf(at.credentials.getToken())).toMatchObject({ code: 'module_destroyed' });
    expect(at.platform.count).toBe(before + 1);
    const outcome = atOnce ? 'the token; after that `module_destroyed`' : '`module_destroyed`';
    // what is waited for here is the destruction itself, 1 ms after the call
    note('the module is destroyed in flight', state, outcome, { ...result, longestWaitMs: 0 }, PROMISES.destroyed);
  });
});

describe.each([
  ['the key server: status 500', false, json({}, 500)],
  ['the key server: reset', false, reset()],
  ['the key server: redirect', false, redirect('/elsewhere')],
  ['the key server: no answer', true, hang()],
] as const)('%s', (name, holds, answer) => {
  async function guarded() {
    const platform = await startPlatform();
    const app = await startGuardedApp('Express', { ...platform.urls, app: APP, tenant: false });
    onTestFinished(() => app.close());
    const stage = new Stage(platform);
    const enter = (jwt: string) => stage.measure(app.bear('/guarded', jwt));
    const fail = () => {
      stage.holds = holds;
      platform.keys.always(answer);
      return platform.keys.count;
    };
    return { platform, stage, enter, fail };
  }

  it('meets a user when there is no key set', async () => {
    const { platform, enter, fail } = await guarded();
    fail();
    const { value, waitMs } = await enter(platform.userToken());
    expect(value.status).toBe(503);
    expect(waitMs).toBeLessThanOrEqual(5 * SECOND);
    const again = await enter(platform.userToken());
    expect([again.value.status, again.waitMs, platform.keys.count]).toEqual([503, 0, 1]);
    note(name, 'no key set', '503 with `Retry-After`', { requests: 1, longestWaitMs: waitMs }, PROMISES.down);
  });

  it('meets users when there is a key set', async () => {
    const { platform, enter, fail } = await guarded();
    platform.lifeSeconds = 7_200;
    const known = platform.userToken();
    expect((await enter(known)).value.status).toBe(200);
    const before = fail();
    const answers = [await enter(known), await enter(platform.userToken())];
    expect(answers.map(({ value, waitMs }) => [value.status, waitMs])).toEqual([
      [200, 0],
      [200, 0],
    ]);
    expect(platform.keys.count).toBe(before);
    note(name, 'the key set', 'let in', { requests: 0, longestWaitMs: 0 }, PROMISES.down);
  });

  it('meets users when the key set is too old', async () => {
    const { platform, stage, enter, fail } = await guarded();
    platform.lifeSeconds = 7_200;
    const known = platform.userToken();
    expect((await enter(known)).value.status).toBe(200);
    const before = fail();
    await stage.pass(15 * MINUTE);
    const answers = [await enter(platform.userToken()), await enter(platform.userToken()), await enter(known)];
    expect(answers.map(({ value }) => value.status)).toEqual([200, 200, 200]);
    const longestWaitMs = Math.max(...answers.map(({ waitMs }) => waitMs));
    expect(longestWaitMs).toBeLessThanOrEqual(5 * SECOND);
    const requests = platform.keys.count - before;
    expect(requests).toBe(1);
    note(name, 'a key set, 15 min old', 'let in', { requests, longestWaitMs }, PROMISES.stale);
    await stage.pass(60 * MINUTE);
    expect((await enter(platform.userToken())).value.status).toBe(503);
  });
});

describe('without a fault', () => {
  it('there is one request, and nobody waits', async () => {
    const { platform, stage, credentials } = await scene();
    const calls = await stage.settled(...Array.from({ length: CALLERS }, () => stage.call(credentials)));
    expect(valuesOf(calls)).toEqual(new Set([(await tokenOf(credentials)).value]));
    expect(measured(platform, 0, calls)).toEqual({ requests: 1, longestWaitMs: 0 });
  });
});
