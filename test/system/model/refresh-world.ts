import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  type AccessToken,
  AppCredentials,
  type MindsphereCredentials,
  MindsphereCredentialsError,
  MindsphereCredentialsModule,
} from 'nestjs-mindsphere-credentials';
import type { Subscription } from 'rxjs';
import { vi } from 'vitest';
import { APP } from '../../support/application.js';
import { type Answer, headerOf, json, reset, StubPlatform } from '../../support/stub-platform.js';
import { type Expected, FINAL, TenantModel, type Terms } from './refresh-model.js';

const RECOVERY_MS = 30_000;

export const TENANTS = ['acme', 'globex', 'initech'] as const;
export type Tenant = (typeof TENANTS)[number];

/** What the server does from now on. */
export type Mood =
  | { readonly kind: 'well' }
  | { readonly kind: 'slow'; readonly delayMs: number }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

export interface Setting {
  readonly terms: Terms;
  readonly lifeSeconds: number;
  readonly asyncSecret: boolean;
  readonly seed: number;
}

interface Get {
  readonly tenant: Tenant;
  readonly began: number;
  readonly latest: number;
  subscription?: Subscription;
  state: 'waiting' | 'answered' | 'failed' | 'left';
}

interface Listener {
  readonly tenant: Tenant;
  /** How often the server had refused before. */
  readonly refusals: number;
  subscription?: Subscription;
  last?: string;
  state: 'listening' | 'failed' | 'left' | 'completed';
}

/** The library itself, at a real server, under a clock that is moved by hand. It judges all that comes by the model. */
export class World {
  readonly models: Record<Tenant, TenantModel>;
  mood: Mood = { kind: 'well' };
  #secret = 'secret-0';
  #secrets = 0;
  readonly #setting: Setting;
  readonly #platform: StubPlatform;
  readonly #agent = new Agent({ keepAlive: false });
  readonly #unanswered = new Set<object>();
  readonly #owed = new Set<NodeJS.Timeout>();
  readonly #gets = new Set<Get>();
  readonly #listeners = new Set<Listener>();
  readonly #tokens = new Map<string, AccessToken>();
  #module!: TestingModule;
  #ending = false;

  private constructor(setting: Setting, platform: StubPlatform) {
    this.#setting = setting;
    this.#platform = platform;
    const { terms } = setting;
    this.models = { acme: new TenantModel(terms), globex: new TenantModel(terms), initech: new TenantModel(terms) };
  }

  static async begin(setting: Setting): Promise<World> {
    const platform = await StubPlatform.start();
    const world = new World(setting, platform);
    vi.spyOn(Math, 'random').mockImplementation(mulberry32(setting.seed));
    await world.#start();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
    platform.lifeSeconds = setting.lifeSeconds;
    platform.app.always((exchange) => world.#serve(exchange));
    return world;
  }

  async #start(): Promise<void> {
    const { terms, asyncSecret } = this.#setting;
    const { aheadMs, minValidityMs, ...request } = terms;
    const keyStoreClientSecret = asyncSecret ? async () => this.#secret : () => this.#secret;
    const registration = MindsphereCredentialsModule.forRoot({
      ...this.#platform.urls,
      app: { ...APP, keyStoreClientSecret },
      tenant: false,
      refresh: { aheadMs, minValidityMs },
      request: { ...request, axios: { httpAgent: this.#agent } },
    });
    this.#module = await Test.createTestingModule({ imports: [registration] }).compile();
    await this.#module.init();
  }

  /** Ends everything. Where all went well so far, all who wait must have been told, and nothing is left running. */
  async end(isWell: boolean): Promise<void> {
    try {
      this.#ending = true;
      for (const timer of this.#owed) clearTimeout(timer);
      await this.#module.close();
      for (let turn = 0; turn < 50 && this.#sockets > 0; turn += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one turn of the event loop after the other
        await turnOfTheLoop();
      }
      const waiting = [...this.#gets].filter(({ state }) => state === 'waiting').length;
      const listening = [...this.#listeners].filter(({ state }) => state === 'listening').length;
      const left = { waiting, listening, timers: vi.getTimerCount(), sockets: this.#sockets };
      if (isWell) assert.deepEqual(left, { waiting: 0, listening: 0, timers: 0, sockets: 0 });
      if (isWell && this.#faults.length > 0) throw this.#faults[0];
    } finally {
      vi.useRealTimers();
      vi.restoreAllMocks();
      await this.#platform.close();
    }
  }

  // ---- what the application does ----

  get now(): number {
    return performance.now();
  }

  async get(tenant: Tenant): Promise<void> {
    const model = this.models[tenant];
    const expected = model.get(this.now, this.#secret);
    const before = model.requestsSince(0);
    const get: Get = { tenant, began: this.now, latest: expected.latest, state: 'waiting' };
    this.#gets.add(get);
    get.subscription = this.#credentials(tenant)
      .getToken()
      .subscribe({
        next: (token) => this.#onToken(tenant, token),
        error: (error: unknown) => this.#onGetError(get, error),
        complete: () => (get.state = 'answered'),
      });
    this.#judgeAtOnce(get, expected);
    await this.settle();
    judgeRequests(model.requestsSince(0) - before, expected);
    if (expected.refusedAtOnce) assert.equal(get.state, 'failed', 'a remembered refusal is not told at once');
  }

  #judgeAtOnce(get: Get, { atOnce }: Expected): void {
    if (atOnce === 'yes') assert.equal(get.state, 'answered', 'a valid token is not answered within the call');
    if (atOnce === 'no') assert.equal(get.state, 'waiting', 'an answer where there is none yet');
  }

  async listen(tenant: Tenant): Promise<void> {
    const hand = this.models[tenant].inHand(this.now);
    const expected = this.models[tenant].get(this.now, this.#secret);
    const before = this.models[tenant].requestsSince(0);
    const listener: Listener = { tenant, refusals: this.models[tenant].refusals, state: 'listening' };
    this.#listeners.add(listener);
    listener.subscription = this.#credentials(tenant).token$.subscribe({
      next: (token) => this.#onToken(tenant, token, listener),
      error: (error: unknown) => this.#onListenerError(listener, error),
      complete: () => this.#onListenerComplete(listener),
    });
    assert.equal(listener.last, hand?.value, 'a listener is not greeted with the token in hand');
    await this.settle();
    judgeRequests(this.models[tenant].requestsSince(0) - before, expected);
  }

  /** A caller or a listener loses interest; the request goes on. */
  async leave(which: number): Promise<void> {
    const present = [
      ...[...this.#gets].filter(({ state }) => state === 'waiting'),
      ...[...this.#listeners].filter(({ state }) => state === 'listening'),
    ];
    const one = present[which % Math.max(1, present.length)];
    if (one === undefined) return;
    const before = this.models[one.tenant].open;
    one.state = 'left';
    one.subscription?.unsubscribe();
    await this.settle();
    assert.equal(this.models[one.tenant].open, before, 'a request does not outlive its subscriber');
  }

  /** Of all, of the token in hand, or of one that has been replaced. */
  async invalidate(tenant: Tenant, what: 'all' | 'current' | 'former'): Promise<void> {
    const model = this.models[tenant];
    const known = [...this.#tokens.values()].filter((token) => token.tenant === tenant);
    const current = known.find(({ value }) => value === model.lastIssued?.value);
    const former = known.findLast(({ value }) => value !== model.lastIssued?.value);
    const token = { all: undefined, current, former }[what];
    if (what !== 'all' && token === undefined) return;
    const before = model.requestsSince(0);
    const most = this.#heard(tenant).length > 0 && model.open === 0 ? 1 : 0;
    model.tell({ kind: 'invalidated', at: this.now, value: token?.value });
    this.#credentials(tenant).invalidate(token);
    await this.settle();
    assert.ok(
      model.requestsSince(0) - before <= most,
      `too many requests after invalidate(): ${model.requestsSince(0) - before}`,
    );
  }

  rotateSecret(): void {
    this.#secrets += 1;
    this.#secret = `secret-${this.#secrets}`;
  }

  /** Lets time pass from timer to timer, with real answers in between. */
  async pass(timeMs: number): Promise<void> {
    const before = TENANTS.map((tenant) => this.models[tenant].requestsSince(0));
    const began = this.now;
    const heard = TENANTS.map((tenant) => this.#heard(tenant).length > 0);
    const end = began + timeMs;
    setTimeout(() => undefined, timeMs);
    while (this.now < end) {
      vi.advanceTimersToNextTimer();
      // what is due at the same moment
      vi.advanceTimersByTime(0);
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      await this.settle();
      TENANTS.forEach((tenant, index) => {
        const requests = this.models[tenant].requestsSince(0) - before[index]!;
        assert.ok(
          requests <= this.#most(tenant, began, heard[index]!),
          `too many requests while time passes: ${requests}`,
        );
      });
    }
  }

  /** Attempts of what was under way; where somebody listens, renewals, too. */
  #most(tenant: Tenant, began: number, heard: boolean): number {
    const { retries } = this.#setting.terms;
    if (!heard) return retries;
    const model = this.models[tenant];
    const timeMs = this.now - began;
    const { lifeSeconds } = this.#setting;
    if (model.failuresSince(began) > 0 || model.resting(began) !== 'no') return (retries + 1) * (1 + timeMs / 500);
    return 1 + timeMs / ((lifeSeconds - 1) * 500);
  }

  /** The server is well again, and somebody asks each second: before long there is a new token, if one is due. */
  async recover(tenant: Tenant): Promise<void> {
    this.mood = { kind: 'well' };
    const model = this.models[tenant];
    const began = this.now;
    const isDone = () =>
      model.tokensSince(began) > 0 ||
      (model.inHand(this.now) !== undefined && model.left(this.now) > model.margins.aheadMs);
    await this.get(tenant);
    while (!isDone() && this.now < began + RECOVERY_MS) {
      // oxlint-disable-next-line no-await-in-loop -- one second after the other
      await this.pass(1_000);
      // oxlint-disable-next-line no-await-in-loop
      await this.get(tenant);
    }
    assert.equal(isDone(), true, 'no new token within 30 s of a recovery');
  }

  // ---- what the server does ----

  #serve(exchange: Parameters<Answer>[0]): void {
    const { request, response } = exchange;
    const { userTenant } = JSON.parse(request.body.toString()) as { userTenant: Tenant };
    const secret = secretOf(headerOf(request, 'x-space-auth-key'));
    const model = this.models[userTenant];
    model.tell({ kind: 'request', at: this.now, secret });
    this.#judge(() => assert.equal(request.fault, undefined, 'a wrong request'));
    const mood = this.mood;
    this.#unanswered.add(exchange);
    const fail = (status?: number) => {
      if (!this.#unanswered.delete(exchange)) return;
      model.tell({ kind: 'failure', at: this.now, status, secret });
    };
    response.once('close', () => fail());
    const grant = () => {
      if (!this.#unanswered.delete(exchange)) return;
      const told = ({ access_token: value, expires_in: seconds }: Record<string, unknown>) => {
        model.tell({ kind: 'token', at: this.now, value: String(value), lifeMs: Number(seconds) * 1_000 });
        return {};
      };
      void this.#platform.token({ body: told })(exchange);
    };
    if (mood.kind === 'well') grant();
    if (mood.kind === 'slow') this.#owed.add(setTimeout(grant, mood.delayMs));
    if (mood.kind === 'reset') {
      fail();
      void reset()(exchange);
    }
    if (mood.kind === 'status') {
      fail(mood.status);
      void json({ error: `status-${mood.status}` }, mood.status)(exchange);
    }
  }

  // ---- what comes of it ----

  #onToken(tenant: Tenant, token: AccessToken, listener?: Listener): void {
    this.#tokens.set(token.value, token);
    const hand = this.models[tenant].inHand(this.now);
    this.#judge(() => assert.equal(token.value, hand?.value, 'not the one valid token of this tenant'));
    if (listener === undefined) return;
    this.#judge(() => assert.notEqual(token.value, listener.last, 'a listener hears of a token twice'));
    listener.last = token.value;
  }

  #onGetError(get: Get, error: unknown): void {
    get.state = 'failed';
    const code = this.#ending ? 'module_destroyed' : 'token_request_failed';
    const hand = this.#ending ? undefined : this.models[get.tenant].inHand(this.now);
    this.#judge(() => {
      assert.equal(codeOf(error), code);
      assert.equal(hand, undefined, 'an error while a valid token is in hand');
    });
    if (!this.#ending && error instanceof MindsphereCredentialsError) this.#errors.push({ get, error });
  }

  #onListenerError(listener: Listener, error: unknown): void {
    listener.state = 'failed';
    this.#judge(() => {
      const model = this.models[listener.tenant];
      assert.equal(codeOf(error), 'token_request_failed');
      if (FINAL.includes(model.lastFailure?.status ?? 0)) return;
      assert.equal(model.inHand(this.now), undefined, 'a failure that may pass is told while a token is valid');
    });
  }

  #onListenerComplete(listener: Listener): void {
    listener.state = 'completed';
    this.#judge(() => assert.equal(this.#ending, true, 'token$ completes before module destroy'));
  }

  // The server may learn later than the caller that the library has given up.
  #errors: { get: Get; error: MindsphereCredentialsError }[] = [];
  // A subscriber's exception would end up with RxJS, far away from the command that it belongs to.
  #faults: unknown[] = [];
  #judge(judge: () => unknown): void {
    try {
      judge();
    } catch (fault) {
      this.#faults.push(fault);
    }
  }

  /** Lets everything happen that needs no time, then looks whether what stands is as promised. */
  async settle(): Promise<void> {
    for (let calm = 0, turn = 0; calm < 4; turn += 1) {
      if (turn > 20_000) throw new Error('it does not come to rest');
      // oxlint-disable-next-line no-await-in-loop -- one turn of the event loop after the other
      await turnOfTheLoop();
      calm = this.#sockets === this.#unanswered.size ? calm + 1 : 0;
    }
    if (this.#faults.length > 0) throw this.#faults[0];
    for (const { get, error } of this.#errors.splice(0)) {
      assert.equal(error.status, this.models[get.tenant].lastFailure?.status, 'not the error of the last request');
    }
    for (const tenant of TENANTS) this.#judgeTenant(tenant);
  }

  #judgeTenant(tenant: Tenant): void {
    const model = this.models[tenant];
    const { now } = this;
    assert.ok(model.open <= 1, `more than one request in flight: ${model.open}`);
    for (const get of this.#gets) {
      if (get.tenant !== tenant || get.state !== 'waiting') continue;
      assert.notEqual(model.flight(now), 'no', 'somebody waits for no request');
      // A caller that waits with an old token, which is then forgotten, waits like a caller without one.
      const latest = model.inHand(now) === undefined ? get.began + this.#setting.terms.deadlineMs : get.latest;
      assert.ok(now <= latest, `somebody waits longer than was promised: ${now}`);
    }
    const listeners = this.#heard(tenant);
    if (listeners.length === 0) return;
    for (const { refusals } of listeners) assert.equal(refusals, model.refusals, 'a listener is not told of a refusal');
    const hand = model.inHand(now);
    if (hand === undefined)
      assert.notEqual(model.flight(now), 'no', 'a listener is not told of expiry without a renewal');
    for (const { last } of listeners)
      if (hand !== undefined) assert.equal(last, hand.value, 'a listener is not told of a later token');
    const isDue = hand !== undefined && model.left(now) < model.margins.aheadMs;
    if (isDue && model.resting(now) === 'no') assert.notEqual(model.flight(now), 'no', 'no renewal ahead of expiry');
  }

  #heard(tenant: Tenant): Listener[] {
    return [...this.#listeners].filter((listener) => listener.tenant === tenant && listener.state === 'listening');
  }

  #credentials(tenant: Tenant): MindsphereCredentials {
    return this.#module.get(AppCredentials).forUserTenant(tenant);
  }

  get #sockets(): number {
    const busy = Object.values(this.#agent.sockets).reduce((sum, sockets = []) => sum + sockets.length, 0);
    return busy + Object.values(this.#agent.requests).reduce((sum, requests = []) => sum + requests.length, 0);
  }
}

function judgeRequests(requests: number, { requests: [least, most] }: Expected): void {
  assert.ok(requests >= least, `too few requests because of a call: ${requests}`);
  assert.ok(requests <= most, `too many requests because of a call: ${requests}`);
}

const codeOf = (error: unknown) => (error instanceof MindsphereCredentialsError ? error.code : error);

const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve));

const secretOf = (header: string) => Buffer.from(header.split(' ')[1]!, 'base64').toString().split(':')[1]!;

/** A small generator of numbers that looks random and is the same for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
