import { writeFile } from 'node:fs/promises';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { APP, startPlatform } from '../../support/application.js';
import { startGuardedApp } from '../../support/guarded-app.js';
import { testKey } from '../../support/key-server.js';
import { type Answer, hang, html, json, redirect, reset, type StubPlatform } from '../../support/stub-platform.js';
import { largestJitter, Stage } from './stage.js';
import { renderTable, type Row } from './table.js';

/*
 * What happens when the platform's key set (`core`) is slow, gone, or another one than the tenant's, while the tenants'
 * own servers are well: measured over real HTTP under a faked clock. `npm run test:faults` writes the table into
 * docs/verification.md.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const OTHER = testKey('key-id-77', 0);
const SAME_ID = testKey('key-id-4', 1);

interface CoreFault {
  readonly name: string;
  readonly answer: Answer;
  readonly holds?: boolean;
  /** How long the first user waits for `core` at most. */
  readonly longestWaitMs: number;
  readonly promise: string;
}

const AT_ONCE =
  "The issuer's own set decides at once; `core` is read again beside it, after a pause of up to 5 s, later up to 30 s";
const RULED_OUT = "The issuer's own set decides: one read for each tenant, which does not count in the rate limit";

const FAULTS: readonly CoreFault[] = [
  {
    name: '`core`: no answer',
    answer: hang(),
    holds: true,
    longestWaitMs: 3 * SECOND,
    promise: "Waits for 3 s, then the issuer's own set decides; after that no token waits for `core` until it answers",
  },
  {
    name: '`core`: 404',
    answer: json({ error: 'not_found' }, 404),
    longestWaitMs: 0,
    promise: "The issuer's own set decides; the 404 is remembered for `keySetMaxAgeMs`",
  },
  { name: '`core`: 500', answer: json({}, 500), longestWaitMs: 0, promise: AT_ONCE },
  { name: '`core`: 403', answer: json({}, 403), longestWaitMs: 0, promise: AT_ONCE },
  { name: '`core`: reset', answer: reset(), longestWaitMs: 0, promise: AT_ONCE },
  { name: '`core`: redirect', answer: redirect('/elsewhere'), longestWaitMs: 0, promise: AT_ONCE },
  { name: '`core`: a page', answer: html('<html>maintenance</html>'), longestWaitMs: 0, promise: AT_ONCE },
  {
    name: '`core`: without the key id',
    answer: json({ keys: [OTHER.entry] }),
    longestWaitMs: 0,
    promise: RULED_OUT,
  },
  {
    name: '`core`: another key under the id',
    answer: json({ keys: [SAME_ID.entry] }),
    longestWaitMs: 0,
    promise: RULED_OUT,
  },
];

const rows: Row[] = [];

afterAll(async () => {
  const file = process.env['CORE_TABLE'];
  if (file !== undefined) await writeFile(file, renderTable(rows));
});

const isCore = (url: string) => url === '/piam/core/token_keys';
const countOf = ({ keys }: StubPlatform) => keys.requests.length;
const coreCount = ({ keys }: StubPlatform) => keys.requests.filter(({ url }) => isCore(url)).length;

async function guarded() {
  const platform = await startPlatform();
  platform.lifeSeconds = 10_800;
  largestJitter();
  const app = await startGuardedApp('Express', { ...platform.urls, app: APP, tenant: false });
  onTestFinished(() => app.close());
  const stage = new Stage(platform);
  const right = platform.rightKeys;
  return {
    platform,
    stage,
    enter: (ten: string) =>
      stage.measure(app.bear('/guarded', platform.userToken({ ten, iss: platform.issuerOf(ten) }))),
    /** From now on `core` answers so, and nobody else. */
    fail: ({ answer }: Pick<CoreFault, 'answer'>) =>
      platform.keys.always((exchange) => (isCore(exchange.request.url) ? answer : right)(exchange)),
  };
}

it('`core` answers', async () => {
  const { platform, enter } = await guarded();
  const answers = [await enter('acme'), await enter('globex'), await enter('initech')];
  expect(answers.map(({ value, waitMs }) => [value.status, waitMs])).toEqual([
    [200, 0],
    [200, 0],
    [200, 0],
  ]);
  const requests = countOf(platform);
  expect(requests).toBe(1);
  const promise = 'One read for all tenants';
  rows.push({
    group: 0,
    fault: '`core` answers',
    state: 'nothing',
    outcome: 'accepted',
    requests,
    longestWaitMs: 0,
    promise,
  });
});

it('`core` answers after 2 s', async () => {
  const { platform, stage, enter, fail } = await guarded();
  stage.holds = true;
  fail({
    answer: async (exchange) => {
      await new Promise((resolve) => setTimeout(resolve, 2 * SECOND));
      await platform.rightKeys(exchange);
    },
  });
  const first = await enter('acme');
  const second = await enter('globex');
  expect([first.value.status, first.waitMs, second.value.status, second.waitMs]).toEqual([200, 2 * SECOND, 200, 0]);
  const requests = countOf(platform);
  expect(requests).toBe(1);
  const promise = 'One read for all tenants; their tokens wait for it';
  const fault = '`core` answers after 2 s';
  rows.push({ group: 0, fault, state: 'nothing', outcome: 'accepted', requests, longestWaitMs: first.waitMs, promise });
});

describe.each(FAULTS)('$name', (fault) => {
  it('the first users of two tenants are accepted', async () => {
    const { platform, stage, enter, fail } = await guarded();
    fail(fault);
    stage.holds = fault.holds === true;
    const first = await enter('acme');
    expect(first.value.status).toBe(200);
    expect(first.waitMs).toBeLessThanOrEqual(fault.longestWaitMs);
    const second = await enter('globex');
    expect(second.value.status).toBe(200);
    expect(second.waitMs).toBeLessThanOrEqual(fault.longestWaitMs);
    const requests = countOf(platform);
    expect(coreCount(platform)).toBeLessThanOrEqual(2);
    const longestWaitMs = Math.max(first.waitMs, second.waitMs);
    rows.push({
      group: 1,
      fault: fault.name,
      state: 'nothing',
      outcome: 'accepted',
      requests,
      longestWaitMs,
      promise: fault.promise,
    });
  });

  it('for twenty minutes users are accepted, and `core` is not hammered', async () => {
    const { platform, stage, enter, fail } = await guarded();
    fail(fault);
    stage.holds = fault.holds === true;
    expect((await enter('acme')).value.status).toBe(200);
    const before = coreCount(platform);
    for (let minute = 0; minute < 20; minute += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one minute after the other
      await stage.pass(MINUTE);
      // oxlint-disable-next-line no-await-in-loop -- one minute after the other
      expect((await enter('acme')).value.status).toBe(200);
    }
    // At most one read in the time between two users.
    expect(coreCount(platform) - before).toBeLessThanOrEqual(fault.name.includes('404') ? 2 : 21);
  });
});

describe.each(FAULTS)('$name, where its set was read before', (fault) => {
  it('users are accepted for an hour by the set that is held, then by their own', async () => {
    const { platform, stage, enter, fail } = await guarded();
    expect((await enter('acme')).value.status).toBe(200);
    await stage.pass(15 * MINUTE);
    const before = countOf(platform);
    fail(fault);
    stage.holds = fault.holds === true;
    const answers = [await enter('acme'), await enter('globex')];
    expect(answers.map(({ value }) => value.status)).toEqual([200, 200]);
    const requests = countOf(platform) - before;
    const longestWaitMs = Math.max(...answers.map(({ waitMs }) => waitMs));
    expect(longestWaitMs).toBeLessThanOrEqual(3 * SECOND);
    const isOther = fault.promise === RULED_OUT;
    const promise = isOther ? RULED_OUT : "The held set is used for 1 h more, then the issuers' own";
    rows.push({
      group: 2,
      fault: fault.name,
      state: "`core`'s set, 15 min old",
      outcome: 'accepted',
      requests,
      longestWaitMs,
      promise,
    });
    await stage.pass(60 * MINUTE);
    expect((await enter('initech')).value.status).toBe(200);
  });
});

it('`core` and the issuer fail: 503, within 5 s', async () => {
  const { platform, stage, enter } = await guarded();
  platform.keys.always(hang());
  stage.holds = true;
  const { value, waitMs } = await enter('acme');
  expect(value.status).toBe(503);
  expect(waitMs).toBeLessThanOrEqual(5 * SECOND);
  rows.push({
    group: 3,
    fault: '`core` and the issuer: no answer',
    state: 'nothing',
    outcome: '503 with `Retry-After`',
    requests: countOf(platform),
    longestWaitMs: waitMs,
    promise: '503 after at most 5 s in all',
  });
});
