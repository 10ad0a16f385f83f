import 'reflect-metadata';
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AppCredentials,
  type MindsphereCredentials,
  MindsphereCredentialsError,
  MindsphereCredentialsModule,
  TenantCredentials,
  TokenVerifier,
} from 'nestjs-mindsphere-credentials';
import type { Subscription } from 'rxjs';
import { Chance } from './chance.js';
import { FaultyPlatform } from './faulty-platform.js';
import { Judge, type Rule } from './judge.js';
import { LagMeter } from './lag-meter.js';
import { aliveBeyond, TimerBook } from './left-over.js';
import { type Plant, PLANTS } from './plants.js';

export { PLANTS };

export interface ChaosOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly plant?: Plant;
}

export interface ChaosReport {
  readonly seed: number;
  readonly seconds: number;
  readonly applications: number;
  readonly calls: number;
  readonly tokensReceived: number;
  readonly usersVerified: number;
  readonly requests: number;
  readonly tokensIssued: number;
  readonly requestsPerToken: number;
  readonly errors: Record<string, number>;
  readonly faults: Record<string, number>;
  readonly longestWaitMs: number;
  readonly worstLagMs: number;
  readonly load: number;
  readonly violations: readonly { readonly rule: Rule; readonly what: string }[];
}

const TIMEOUT_MS = 400;
const DEADLINE_MS = 900;
const REQUEST = { retries: 3, retryDelayMs: 40, maxRetryAfterMs: 2_000 };
/** What a machine with much else to do gets on top of both; where every request came too late, nothing would be seen. */
const MOST_EXTRA_MS = 2_000;
const EXTRA_MS = 200;
/** Lives of tokens, each on a platform of its own: the margins differ with them. */
const LIVES_S = [2, 12] as const;
const TENANTS = 30;
const SUBTENANTS = 10;
const CALLERS = 60;
const LISTENERS = 10;
const USER_CALLERS = 6;
/** Not all of them begin at once. */
const STAGGER_MS = 400;
const LONGEST_APPLICATION_S = 6;
const MOST_ROTATIONS_KEPT = 3;
/** With fewer tokens than this, a second, a run says nothing. */
const LEAST_TOKENS_A_SECOND = 5;
/** As a multiple of the time that was asked for. */
const MOST_OVERTIME = 4;

/** Runs it all, and tells what happened. Leaves nothing behind, whatever was planted. */
export async function runChaos({ seed, seconds, plant }: ChaosOptions): Promise<ChaosReport> {
  const before = process.getActiveResourcesInfo();
  const book = new TimerBook();
  const unplant = plant === undefined ? () => undefined : PLANTS[plant].plant();
  const lag = new LagMeter();
  const chance = new Chance(seed);
  const worlds = await Promise.all(LIVES_S.map((life) => World.make(chance, life, lag)));
  try {
    await Promise.all(worlds.map((world) => world.run(seconds, plant === undefined)));
  } finally {
    await Promise.all(worlds.map((world) => world.close()));
    lag.stop();
    unplant();
  }
  // What ends by itself has ended after this.
  await sleep(150);
  const leftOver = [...aliveBeyond(before), ...book.pending.map((where) => `a timer set ${where}`)];
  book.close();
  for (const what of leftOver.slice(0, 5)) worlds[0]!.judge.suspect('left running', what);
  if (plant === undefined) for (const world of worlds) world.demandEnough(seconds);
  return report({ seed, seconds, lag, worlds });
}

/** A platform, and the applications that live on it, one after the other. */
class World {
  applications = 0;
  usersVerified = 0;
  rotations = 0;

  private constructor(
    readonly platform: FaultyPlatform,
    readonly judge: Judge,
    private readonly chance: Chance,
  ) {}

  static async make(chance: Chance, lifeS: number, lag: LagMeter): Promise<World> {
    const platform = await FaultyPlatform.start(chance, { tokenLifeSeconds: lifeS });
    return new World(platform, new Judge(platform, lifeS * 1_000, lag), chance);
  }

  /** For so long; where hardly anything was seen by then, as on a machine with much else to do, for longer. */
  async run(seconds: number, isPatient: boolean): Promise<void> {
    const end = Date.now() + seconds * 1_000;
    const latest = isPatient ? end + seconds * 1_000 * MOST_OVERTIME : end;
    while (Date.now() < end || (Date.now() < latest && !this.#hasSeenEnough(seconds))) {
      const left = (Date.now() < end ? end : latest) - Date.now();
      const life = 1_000 * (LONGEST_APPLICATION_S / 2 + this.chance.below(LONGEST_APPLICATION_S / 2));
      // oxlint-disable-next-line no-await-in-loop -- one application after the other
      await this.#liveOnce(Date.now() + Math.min(left, life));
    }
  }

  #hasSeenEnough(seconds: number): boolean {
    return this.judge.tokens >= seconds * LEAST_TOKENS_A_SECOND;
  }

  close(): Promise<void> {
    return this.platform.close();
  }

  /** A run in which hardly anybody got anything is green without a reason. */
  demandEnough(seconds: number): void {
    if (this.#hasSeenEnough(seconds)) return;
    const what = `${this.judge.tokens} tokens in ${seconds} s: this machine has no time for it`;
    this.judge.suspect('too little was seen', what);
  }

  async #liveOnce(until: number): Promise<void> {
    const life = new ApplicationLife(this, this.chance);
    this.applications += 1;
    this.judge.forgetHands();
    await life.start();
    await Promise.all([life.work(until), this.#weather(until)]);
    await life.end();
  }

  /** Calm, storm and outage in turn, and keys that change. */
  async #weather(until: number): Promise<void> {
    while (Date.now() < until) {
      this.platform.faultRate = this.chance.oneOf([0.1, 0.3, 0.6, 0.9, 1]);
      if (this.chance.happens(0.3)) {
        this.platform.emulator.rotateKeys();
        this.rotations += 1;
      }
      // oxlint-disable-next-line no-await-in-loop -- one weather after the other
      await sleep(Math.min(300 + this.chance.below(900), Math.max(1, until - Date.now())));
    }
  }
}

interface Owned {
  readonly owner: string;
  readonly credentials: MindsphereCredentials;
}

/** One application, from its start in good weather or bad to its end in the middle of everything. */
class ApplicationLife {
  readonly #world: World;
  readonly #chance: Chance;
  readonly #pending = new Set<string>();
  readonly #verified = new Map<string, number>();
  readonly #crowding = crowding();
  #context!: INestApplicationContext;
  #owned: Owned[] = [];
  #ending: Promise<unknown> = Promise.resolve();
  #isClosing = false;
  #listening = 0;
  #names = 0;
  #users: { readonly jwt: string; readonly tenant: string; readonly until: number; readonly rotation: number }[] = [];

  constructor(world: World, chance: Chance) {
    this.#world = world;
    this.#chance = chance;
  }

  async start(): Promise<void> {
    const { origin, emulator } = this.#world.platform;
    const extraMs = Math.min(MOST_EXTRA_MS, EXTRA_MS * (this.#crowding - 1));
    const limits = { timeoutMs: TIMEOUT_MS + extraMs, deadlineMs: DEADLINE_MS + 2 * extraMs };
    this.#world.judge.deadlineMs = limits.deadlineMs;
    const options = {
      ...emulator.moduleOptions,
      gatewayUrl: origin,
      oauthUrl: `${origin}/piam/{tenant}`,
      request: { ...REQUEST, ...limits },
      verification: { issuers: tenants(), keySetMaxAgeMs: 1_000, keySetCooldownMs: 200, clockToleranceMs: 0 },
    };
    this.#context = await NestFactory.createApplicationContext(MindsphereCredentialsModule.forRoot(options), {
      logger: false,
    });
    const app = this.#context.get(AppCredentials);
    const tenant = this.#context.get(TenantCredentials);
    this.#owned = [
      ...tenants().map((name) => ({ owner: `app/${name}`, credentials: app.forUserTenant(name) })),
      ...Array.from({ length: SUBTENANTS }, (_, at) => ({
        owner: `tenant/plant-${at}`,
        credentials: tenant.forSubtenant(`plant-${at}`),
      })),
      { owner: 'tenant/', credentials: tenant },
    ];
  }

  async work(until: number): Promise<void> {
    const repeat = async (count: number, act: () => Promise<void>) => {
      await Promise.all(
        Array.from({ length: Math.ceil(count / this.#crowding) }, async () => {
          await sleep(this.#chance.below(STAGGER_MS));
          // oxlint-disable-next-line no-await-in-loop -- a caller calls again and again
          while (Date.now() < until) await act();
        }),
      );
    };
    const all = [
      repeat(CALLERS, () => this.#call()),
      repeat(LISTENERS, () => this.#listen(until)),
      repeat(USER_CALLERS, () => this.#verify()),
    ];
    // The end comes while callers wait: who is not back by then is waited for in end().
    await sleep(Math.max(0, until - Date.now()));
    this.#ending = Promise.all(all);
  }

  /** Closes it in flight; everybody who waits must be told at once, and nothing may go on. */
  async end(): Promise<void> {
    const { judge, platform } = this.#world;
    const calls = Array.from({ length: 20 }, () => this.#call());
    this.#isClosing = true;
    await this.#context.close();
    await Promise.race([Promise.all([...calls, this.#ending]), background(2_000)]);
    for (const name of this.#pending) judge.suspect('left running', `a caller of ${name} still waits`);
    if (this.#listening > 0) judge.suspect('left running', `${this.#listening} listeners have not been completed`);
    await waitFor(() => platform.open.size === 0, 10_000);
    for (const request of platform.open.values()) judge.suspect('left running', `request ${request}`);
    await this.#expectDestroyed();
  }

  async #expectDestroyed(): Promise<void> {
    const before = this.#world.platform.requests;
    for (const { credentials, owner } of this.#owned.slice(0, 5)) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const outcome = await new Promise((resolve) => {
        credentials
          .getToken()
          .subscribe({ next: resolve, error: ({ code }: MindsphereCredentialsError) => resolve(code) });
      });
      if (outcome !== 'module_destroyed') this.#world.judge.suspect('left running', `${owner} still gives tokens`);
    }
    if (this.#world.platform.requests !== before) this.#world.judge.suspect('left running', 'requests after the end');
  }

  async #call(): Promise<void> {
    const { owner, credentials } = this.#chance.oneOf(this.#owned);
    const { judge } = this.#world;
    const from = Date.now();
    const name = `${owner} ${(this.#names += 1)}`;
    judge.calls += 1;
    this.#pending.add(name);
    const leaves = this.#chance.happens(0.05);
    await new Promise<void>((resolve) => {
      const over = () => {
        this.#pending.delete(name);
        judge.over(owner, from);
        resolve();
      };
      const subscription = credentials.getToken().subscribe({
        next: (token) => {
          judge.token(owner, token);
          if (this.#chance.happens(0.002)) {
            judge.invalidated(owner, token);
            credentials.invalidate(token);
          }
          over();
        },
        error: (error: unknown) => {
          judge.error(owner, asOwn(error));
          over();
        },
      });
      if (!leaves || subscription.closed) return;
      subscription.unsubscribe();
      this.#pending.delete(name);
      resolve();
    });
    await sleep(this.#chance.below(40));
  }

  /** Listens for a while, and again after an error. */
  async #listen(until: number): Promise<void> {
    const { owner, credentials } = this.#chance.oneOf(this.#owned);
    const { judge } = this.#world;
    let subscription: Subscription | undefined;
    this.#listening += 1;
    const ended = new Promise<void>((resolve) => {
      subscription = credentials.token$.subscribe({
        next: (token) => judge.token(owner, token),
        error: (error: unknown) => {
          judge.error(owner, asOwn(error), { isFinalNews: true });
          resolve();
        },
        complete: () => {
          if (!this.#isClosing) judge.suspect('an error of an unknown kind', `token$ of ${owner} completed`);
          resolve();
        },
      });
    });
    const isPatient = this.#chance.happens(0.5);
    const waitMs = Math.min(this.#chance.below(3_000), until - Date.now());
    // Half of them stay to the end, and must be told that it is one.
    await (isPatient ? ended : Promise.race([ended, background(Math.max(1, waitMs))]));
    subscription?.unsubscribe();
    this.#listening -= 1;
    await sleep(this.#chance.below(100));
  }

  async #verify(): Promise<void> {
    const { judge } = this.#world;
    const user = this.#user();
    const from = Date.now();
    const hadBeenVerified = (this.#verified.get(user.jwt) ?? 0) > 0;
    await new Promise<void>((resolve) => {
      this.#context
        .get(TokenVerifier)
        .verify(user.jwt)
        .subscribe({
          next: ({ tenant }) => {
            const at = Date.now();
            this.#world.usersVerified += 1;
            this.#verified.set(user.jwt, at);
            if (tenant !== user.tenant)
              judge.suspect("another tenant's token", `${user.tenant} was taken for ${tenant}`);
            if (at >= user.until)
              judge.suspect('an expired token', `of a user, ${at - user.until} ms`, at - user.until);
          },
          error: (error: unknown) => {
            const { code } = asOwn(error);
            judge.error('user', asOwn(error));
            const keyIsPublished = this.#world.rotations - user.rotation <= MOST_ROTATIONS_KEPT;
            const isValid = Date.now() < user.until - 50 && keyIsPublished;
            if (isValid && hadBeenVerified && code !== 'module_destroyed') {
              judge.suspect('a verified user refused', `${user.tenant}: ${code}`);
            }
            if (code === 'token_expired' && Date.now() < user.until - 50) {
              judge.suspect('a verified user refused', `${user.tenant}: expired too early`);
            }
            resolve();
          },
          complete: resolve,
        });
    });
    judge.over('user', from);
    await sleep(this.#chance.below(60));
  }

  #user() {
    const at = Date.now();
    this.#users = this.#users.filter(({ until }) => until > at - 300).slice(-40);
    if (this.#users.length > 0 && this.#chance.happens(0.8)) return this.#chance.oneOf(this.#users);
    const tenant = this.#chance.oneOf(tenants());
    const { emulator, origin } = this.#world.platform;
    const jwt = emulator.issueUserToken({ tenant, issuer: `${origin}/piam/${tenant}/oauth/token` });
    const { exp } = JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString()) as { exp: number };
    const user = { jwt, tenant, until: exp * 1_000, rotation: this.#world.rotations };
    this.#users.push(user);
    return user;
  }
}

function asOwn(error: unknown): MindsphereCredentialsError {
  if (error instanceof MindsphereCredentialsError) return error;
  throw new Error('an error that is not of the library', { cause: error });
}

/** How many want each core of this machine, others included. */
const crowding = () => Math.max(1, loadavg()[0]! / availableParallelism());

/** For races that may be decided otherwise: it keeps nothing alive. */
const background = (ms: number) => sleep(ms, undefined, { ref: false });
const tenants = () => Array.from({ length: TENANTS }, (_, at) => `tenant-${at}`);

async function waitFor(condition: () => boolean, withinMs: number): Promise<void> {
  const end = Date.now() + withinMs;
  // oxlint-disable-next-line no-await-in-loop -- a look now and then
  while (!condition() && Date.now() < end) await sleep(10);
}

function report(of: { seed: number; seconds: number; lag: LagMeter; worlds: readonly World[] }): ChaosReport {
  const { seed, seconds, lag, worlds } = of;
  const sum = (value: (world: World) => number) => worlds.reduce((total, world) => total + value(world), 0);
  const requests = sum(({ platform }) => platform.requests - (platform.requestsOf.get('keys') ?? 0));
  const tokensIssued = sum(({ platform }) => platform.issued.size);
  return {
    seed,
    seconds,
    applications: sum(({ applications }) => applications),
    calls: sum(({ judge }) => judge.calls),
    tokensReceived: sum(({ judge }) => judge.tokens),
    usersVerified: sum(({ usersVerified }) => usersVerified),
    requests,
    tokensIssued,
    requestsPerToken: Math.round((100 * requests) / Math.max(1, tokensIssued)) / 100,
    errors: added(worlds.map(({ judge }) => judge.errors)),
    faults: added(worlds.map(({ platform }) => platform.faults)),
    longestWaitMs: Math.max(...worlds.map(({ judge }) => judge.longestWaitMs)),
    worstLagMs: lag.worstMs,
    load: Math.round(loadavg()[0]!),
    violations: worlds.flatMap(({ judge }) => judge.verdict()),
  };
}

function added(counts: readonly ReadonlyMap<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [name, count] of counts.flatMap((each) => [...each])) total[name] = (total[name] ?? 0) + count;
  return Object.fromEntries(Object.entries(total).toSorted(([, a], [, b]) => b - a));
}
