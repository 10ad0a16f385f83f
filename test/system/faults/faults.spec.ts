import { writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import type { TestingModule } from '@nestjs/testing';
import {
  type AccessToken,
  AppCredentials,
  type MindsphereCredentialsModuleOptions,
} from 'nestjs-mindsphere-credentials';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { APP, failureOf, startPlatform, startWith, tokenOf } from '../../support/application.js';
import { startGuardedApp } from '../../support/guarded-app.js';
import { hang, json, redirect, reset, type StubPlatform } from '../../support/stub-platform.js';
import { type Fault, FAULTS } from './faults.js';
import { type Call, largestJitter, Stage } from './stage.js';
import { renderTable, type Row } from './table.js';

/*
 * What the library promises for each fault, measured: real HTTP under a faked clock, the largest jitter. `npm run
 * test:faults` prints the rows as a table and writes it into docs/reliability.md.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DEADLINE = 15 * SECOND;
const CALLERS = 50;

const COLD = 'nothing';
const VALID = 'a token, 4 min left';
const LAST = 'a token, 25 s left';

const PROMISES = {
  passes: 'Retried for at most 15 s, never before `Retry-After`; all callers that wait share the requests',
  tooLong: 'An error at once where `Retry-After` is beyond the 15 s; repeated without a request for 60 s at most',
  final: 'Not retried; the error is repeated without a request for 1 s, doubling to 30 s',
  redirect: 'Not followed, so that secrets go to no other address; not retried',
  invalid: 'Never accepted as a token; not retried',
  valid: 'A valid token is served at once; the pauses between attempts grow',
  last: 'Callers wait for 15 s at most, then get the token while it is valid; an expired one is never served',
  clock: 'At most one extra request; an expired token is never served',
  secret: 'No request without a secret; callers wait for 15 s at most; a valid token is still served',
  destroyed: 'Ends at once; no request and no timer is left',
  noKeys: '503 with `Retry-After`, within 5 s',
  keys: 'Users verified before, and tokens signed by known keys, are accepted',
  staleKeys: 'A key set that cannot be read again is used for 1 h more',
};

const rows: Row[] = [];

/** Notes a row of the table, once everything it says has been asserted. */
function note(group: number, fault: string, state: string, outcome: string, calls: Measured, promise: string): void {
  rows.push({ group, fault, state, outcome, ...calls, promise });
}

afterAll(async () => {
  const file = process.env['FAULTS_TABLE'];
  if (file !== undefined) await writeFile(file, renderTable(rows));
});

interface Measured {
  readonly requests: number;
  readonly longestWaitMs: number;
}

interface Scene {
  readonly platform: StubPlatform;
  readonly module: TestingModule;
  readonly credentials: AppCredentials;
  readonly stage: Stage;
  /** The token in the cache, where there is one. */
  readonly held?: AccessToken;
}

async function scene(options: Partial<MindsphereCredentialsModuleOptions> = {}): Promise<Scene> {
  const platform = await startPlatform();
  largestJitter();
  const module = await startWith({ ...platform.urls, app: APP, tenant: false, ...options });
  return { platform, module, credentials: module.get(AppCredentials), stage: new Stage(platform) };
}

/** A scene in whose cache there is a token with so much life left. */
async function sceneWithToken(
  leftMs: number,
  options?: Partial<MindsphereCredentialsModuleOptions>,
): Promise<Scene & { held: AccessToken }> {
  const made = await scene(options);
  const [call] = await made.stage.settled(made.stage.call(made.credentials));
  const held = call!.token!;
  await made.stage.pass(held.expiresAt.getTime() - Date.now() - leftMs);
  return { ...made, held };
}

/** A caller every so often, for a time. */
async function callEach(everyMs: number, { stage, credentials }: Scene, forMs: number): Promise<Call[]> {
  const calls: Call[] = [];
  for (let passed = 0; passed < forMs; passed += everyMs) {
    calls.push(stage.call(credentials));
    // oxlint-disable-next-line no-await-in-loop -- one caller after the other
    await stage.pass(everyMs);
  }
  return stage.settled(...calls);
}

const longest = (calls: readonly Call[]) => Math.max(...calls.map(({ waitMs }) => waitMs!));
const valuesOf = (calls: readonly Call[]) => new Set(calls.map(({ token, error }) => token?.value ?? error?.code));
const measured = (platform: StubPlatform, before: number, calls: readonly Call[]): Measured => ({
  requests: platform.count - before,
  longestWaitMs: longest(calls),
});

/** From now on; the function tells the times of the requests, by the monotonic clock. */
function beginFault({ platform, stage }: Scene, { answer, holds }: Fault): { before: number; times: number[] } {
  const times = stage.timesOf(answer(platform));
  stage.holds = holds === true;
  return { before: platform.count, times };
}

/** The fault is over: a new token is there in time. */
async function expectRecovery(at: Scene, withinMs: number, old?: AccessToken): Promise<void> {
  at.stage.holds = false;
  at.platform.app.always();
  for (let passed = 0; passed <= withinMs; passed += SECOND) {
    // oxlint-disable-next-line no-await-in-loop -- one second after the other
    const [call] = await at.stage.settled(at.stage.call(at.credentials));
    if (call!.token !== undefined && call!.token.value !== old?.value) return;
    // oxlint-disable-next-line no-await-in-loop -- one second after the other
    await at.stage.pass(SECOND);
  }
  throw new Error(`no new token within ${withinMs} ms`);
}

const shown = ({ code }: Fault['error']) => `\`${code}\``;
const callAtOnce = ({ stage, credentials }: Scene) =>
  stage.settled(...Array.from({ length: CALLERS }, () => stage.call(credentials)));
/** The server said no, or to come later. */
const isRemembered = ({ error: { status = 0 } }: Fault) => status >= 400 && status < 500;
const isHour = ({ name }: Fault) => name.includes('3600');

function expectAttempts(fault: Fault, result: Measured, times: readonly number[]): void {
  expect(result.longestWaitMs).toBeLessThanOrEqual(DEADLINE);
  const isTriedAgain = fault.kind === 'passes' && !isHour(fault);
  expect(isTriedAgain ? [2, 4] : [1]).toContain(result.requests);
  expect(isTriedAgain || result.longestWaitMs === 0).toBe(true);
  if (!fault.name.includes('Retry-After')) return;
  for (const [index, time] of times.slice(1).entries()) expect(time - times[index]!).toBeGreaterThanOrEqual(2 * SECOND);
}

/** Who asks at once again after a refusal causes no request. */
async function expectRemembered(at: Scene, fault: Fault): Promise<void> {
  if (!isRemembered(fault)) return;
  const before = at.platform.count;
  const again = await callAtOnce(at);
  for (const { error } of again) expect(error).toMatchObject(fault.error);
  expect(measured(at.platform, before, again)).toEqual({ requests: 0, longestWaitMs: 0 });
}

const promiseOf = (fault: Fault) => {
  if (isHour(fault)) return PROMISES.tooLong;
  return fault.name === 'redirect' ? PROMISES.redirect : PROMISES[fault.kind];
};
/** A new token is there so long after the end of a fault: an hour's `Retry-After` counts as a minute. */
const recoveryMs = (fault: Fault) => (isHour(fault) ? MINUTE : 30 * SECOND);

describe.each(FAULTS)('the token server: $name', (fault) => {
  it('meets callers without a token', async () => {
    const at = await scene();
    const { before, times } = beginFault(at, fault);
    const calls = await callAtOnce(at);
    const result = measured(at.platform, before, calls);
    for (const { error } of calls) expect(error).toMatchObject(fault.error);
    expectAttempts(fault, result, times);
    expect(at.platform.elsewhere.count).toBe(0);
    await expectRemembered(at, fault);
    note(0, fault.name, COLD, shown(fault.error), result, promiseOf(fault));
    await expectRecovery(at, recoveryMs(fault));
  });

  it('meets callers with a valid token', async () => {
    const at = await sceneWithToken(4 * MINUTE);
    const { before } = beginFault(at, fault);
    const calls = await callEach(SECOND, at, MINUTE);
    const result = measured(at.platform, before, calls);
    expect(valuesOf(calls)).toEqual(new Set([at.held.value]));
    expect(result.longestWaitMs).toBe(0);
    // seven renewals at most in a minute, of four attempts each
    expect(result.requests).toBeLessThanOrEqual(fault.kind === 'passes' ? 28 : 7);
    note(1, fault.name, VALID, 'the token', result, PROMISES.valid);
    await expectRecovery(at, recoveryMs(fault), at.held);
  });

  it('meets callers with a token at its end', async () => {
    const at = await sceneWithToken(25 * SECOND);
    const { before } = beginFault(at, fault);
    const calls = await callEach(SECOND, at, 25 * SECOND);
    expect(Date.now()).toBeGreaterThanOrEqual(at.held.expiresAt.getTime());
    expect(valuesOf(calls)).toEqual(new Set([at.held.value]));
    const [late] = await at.stage.settled(at.stage.call(at.credentials));
    expect(late!.error).toMatchObject(fault.error);
    const result = measured(at.platform, before, [...calls, late!]);
    expect(result.longestWaitMs).toBeLessThanOrEqual(DEADLINE);
    expect(at.stage.expired).toBe(0);
    note(2, fault.name, LAST, `the token, then ${shown(fault.error)}`, result, PROMISES.last);
    await expectRecovery(at, recoveryMs(fault));
  });
});

describe('the clock', () => {
  it.each([
    ["the platform's clock is 10 min ahead", 10],
    ["the platform's clock is 10 min behind", -10],
  ])('%s', async (name, minutes) => {
    const at = await scene();
    at.stage.platformOffMs = minutes * MINUTE;
    const calls = await callEach(30 * SECOND, at, 60 * MINUTE);
    const result = measured(at.platform, 0, calls);
    // an hour, tokens of half an hour renewed five minutes ahead: as with a right clock
    expect(result).toEqual({ requests: 3, longestWaitMs: 0 });
    for (const { token } of calls) expect(token).toBeDefined();
    expect(at.stage.expired).toBe(0);
    note(3, name, 'nothing; calls for 1 h', 'a token', result, PROMISES.clock);
  });

  it.each([
    ['the own clock jumps 10 min ahead', 10],
    ['the own clock jumps 10 min back', -10],
  ])('%s', async (name, minutes) => {
    const at = await sceneWithToken(8 * MINUTE);
    const before = at.platform.count;
    vi.setSystemTime(Date.now() + minutes * MINUTE);
    const calls = await callEach(SECOND, at, 2 * MINUTE);
    const result = measured(at.platform, before, calls);
    expect(result.requests).toBeLessThanOrEqual(1);
    expect(result.longestWaitMs).toBe(0);
    for (const { token } of calls) expect(token).toBeDefined();
    expect(at.stage.expired).toBe(0);
    note(3, name, 'a token, 8 min left', 'a token', result, PROMISES.clock);
  });
});

const STATES = [
  [COLD, 0],
  [VALID, 4 * MINUTE],
  [LAST, 25 * SECOND],
] as const;

describe.each([
  ['the secret function fails', () => Promise.reject(new Error('vault sealed')), 'options_invalid'],
  ['the secret function gives no answer', () => new Promise<never>(() => {}), 'token_request_failed'],
] as const)('%s', (name, broken, code) => {
  it.each(STATES)('with %s', async (state, leftMs) => {
    let secret: () => Promise<string> = async () => APP.keyStoreClientSecret;
    const app = { ...APP, keyStoreClientSecret: () => secret() };
    const isCold = leftMs === 0;
    const at = isCold ? await scene({ app }) : await sceneWithToken(leftMs, { app });
    const before = at.platform.count;
    secret = broken;
    const calls = isCold ? await callAtOnce(at) : await callEach(SECOND, at, 25 * SECOND);
    const result = measured(at.platform, before, calls);
    for (const { error, token } of calls) expect(error?.code ?? token?.value).toBe(isCold ? code : at.held?.value);
    expect(result.requests).toBe(0);
    expect(result.longestWaitMs).toBeLessThanOrEqual(state === VALID ? 0 : DEADLINE);
    note(4, name, state, isCold ? `\`${code}\`` : 'the token', result, PROMISES.secret);
    secret = async () => APP.keyStoreClientSecret;
    await expectRecovery(at, 30 * SECOND, at.held);
  });
});

describe('the module is destroyed in flight', () => {
  it.each(STATES)('with %s', async (state, leftMs) => {
    const isCold = leftMs === 0;
    const at = isCold ? await scene() : await sceneWithToken(leftMs);
    const before = at.platform.count;
    at.stage.holds = true;
    at.platform.app.always(hang());
    const calls = Array.from({ length: CALLERS }, () => at.stage.call(at.credentials));
    await at.stage.pass(1);
    const destroyedAt = performance.now();
    await at.module.close();
    await at.stage.settled(...calls);
    const longestWaitMs = performance.now() - destroyedAt;
    await at.platform.app.requests.at(-1)!.over;
    expect(vi.getTimerCount()).toBe(0);
    const expected = isCold ? 'module_destroyed' : at.held?.value;
    for (const { error, token } of calls) expect(error?.code ?? token?.value).toBe(expected);
    expect(await failureOf(at.credentials.getToken())).toMatchObject({ code: 'module_destroyed' });
    const result = { requests: at.platform.count - before, longestWaitMs };
    expect(result).toEqual({ requests: 1, longestWaitMs: 0 });
    const outcome = `${isCold ? '' : 'the token, then '}\`module_destroyed\``;
    note(5, 'the module is destroyed in flight', state, outcome, result, PROMISES.destroyed);
  });
});

describe.each([
  ['key server: 500', false, json({}, 500)],
  ['key server: reset', false, reset()],
  ['key server: redirect', false, redirect('/elsewhere')],
  ['key server: no answer', true, hang()],
] as const)('%s', (name, holds, answer) => {
  async function guarded() {
    const platform = await startPlatform();
    largestJitter();
    // Node's own agent closes a connection after 5 s of real time without a request, which a busy machine may need.
    const httpAgent = new Agent({ keepAlive: true });
    onTestFinished(() => httpAgent.destroy());
    const request = { axios: { httpAgent } };
    const app = await startGuardedApp('Express', { ...platform.urls, app: APP, tenant: false, request });
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
    // The platform's set and the issuer's own, and no more until the pause is over.
    expect([again.value.status, platform.keys.count]).toEqual([503, 2]);
    expect(again.waitMs).toBeLessThanOrEqual(5 * SECOND);
    note(6, name, 'no key set', '503', { requests: 2, longestWaitMs: waitMs }, PROMISES.noKeys);
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
    note(7, name, 'the key set', 'accepted', { requests: 0, longestWaitMs: 0 }, PROMISES.keys);
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
    // A request that is lost on a connection of before is repeated once.
    expect(requests).toBe(name.includes('reset') ? 2 : 1);
    note(8, name, 'a key set, 15 min old', 'accepted', { requests, longestWaitMs }, PROMISES.staleKeys);
    await stage.pass(60 * MINUTE);
    expect((await enter(platform.userToken())).value.status).toBe(503);
  });
});

describe.each([20, 36, 72])('after an outage of %i s, with a valid token', (seconds) => {
  it.each([503, 401, 429])('with status %i a new token is there within 30 s', async (status) => {
    const at = await sceneWithToken(290 * SECOND);
    at.platform.app.always(json({}, status));
    await callEach(SECOND, at, seconds * SECOND);
    await expectRecovery(at, 30 * SECOND, at.held);
    expect(at.stage.expired).toBe(0);
  });
});

describe('the stage', () => {
  it('fails with the work it measures, instead of waiting for it', async () => {
    const { stage } = await scene();
    await expect(stage.measure(Promise.reject(new Error('the request broke off')))).rejects.toThrow('broke off');
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
