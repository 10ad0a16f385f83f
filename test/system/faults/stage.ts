import http, { type ClientRequest } from 'node:http';
import {
  type AccessToken,
  type MindsphereCredentials,
  MindsphereCredentialsError,
} from 'nestjs-mindsphere-credentials';
import { onTestFinished, vi } from 'vitest';
import { fakeTime } from '../../support/application.js';
import type { Answer, StubPlatform } from '../../support/stub-platform.js';

/** When the faked clock begins; on a full second, because `Retry-After` as a date knows no parts of one. */
const BEGIN = Date.UTC(2026, 0, 1, 12);
/** Event loop turns in which whatever is in memory has long been worked off. */
const TURNS = 30;
/** The largest jitter there is, so that the waits are the longest ones and the same in every run. */
const LARGEST_JITTER = 0.999_999;

let isOnStage = false;

/** The largest jitter there is, from the stage on; see {@link jitterBy}. */
export function largestJitter(): void {
  jitterBy(() => LARGEST_JITTER);
}

/**
 * Chance drawn from this, once there is a stage. To be called before the application starts: it takes its source of
 * chance along. Nest needs the real one to start.
 */
export function jitterBy(next: () => number): void {
  const original = Math.random;
  vi.spyOn(Math, 'random').mockImplementation(() => (isOnStage ? next() : original()));
  onTestFinished(() => {
    isOnStage = false;
    vi.restoreAllMocks();
  });
}

/** One call, and what came of it. */
export interface Call {
  readonly startedAt: number;
  waitMs?: number;
  token?: AccessToken;
  error?: MindsphereCredentialsError;
}

/**
 * Real HTTP under a faked clock: time moves only when every request on its way has been answered and the answer has
 * been worked off, or hangs at the platform. So the results do not depend on how fast the machine is.
 */
export class Stage {
  /** Whether the platform lets requests that are made from now on hang. */
  holds = false;
  /** How far the platform's clock is off. */
  platformOffMs = 0;
  /** Expired tokens that callers have got. */
  expired = 0;
  readonly #platform: StubPlatform;
  readonly #open = new Map<ClientRequest, boolean>();
  /** Signatures that are being verified, in threads that no turn of the event loop waits for. */
  #verifying = 0;
  #opened = 0;

  constructor(platform: StubPlatform) {
    this.#platform = platform;
    this.#watchRequests();
    this.#watchVerification();
    isOnStage = true;
    fakeTime();
    vi.setSystemTime(BEGIN);
    const began = performance.now();
    // The truth: nobody sets this clock.
    platform.clock = () => BEGIN + this.platformOffMs + performance.now() - began;
  }

  /** Ends the play, so that the same test can begin another. */
  end(): void {
    isOnStage = false;
    vi.restoreAllMocks();
    vi.useRealTimers();
  }

  /** Has app token requests answered like this from now on; the list tells their times, by the monotonic clock. */
  timesOf(answer: Answer): number[] {
    const times: number[] = [];
    this.#platform.app.always((exchange) => {
      times.push(performance.now());
      return answer(exchange);
    });
    return times;
  }

  /** Asks for a token now. */
  call(credentials: MindsphereCredentials): Call {
    const startedAt = performance.now();
    const call: Call = { startedAt };
    const settle = () => (call.waitMs = performance.now() - startedAt);
    credentials.getToken().subscribe({
      next: (token) => {
        settle();
        call.token = token;
        this.#demandUnexpired(token);
      },
      error: (error: unknown) => {
        settle();
        if (!(error instanceof MindsphereCredentialsError)) throw error;
        call.error = error;
      },
    });
    return call;
  }

  /** Lets time pass until something is settled, and returns it. */
  async settled<T extends { waitMs?: number }>(...calls: T[]): Promise<T[]> {
    await this.#quiet();
    while (calls.some(({ waitMs }) => waitMs === undefined)) {
      vi.advanceTimersToNextTimer();
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      await this.#quiet();
    }
    return calls;
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    const marker: { waitMs?: number } = {};
    setTimeout(() => (marker.waitMs = ms), ms);
    await this.settled(marker);
  }

  /** Measures something else than a call for a token; fails as the work fails. */
  async measure<T>(work: Promise<T>): Promise<{ value: T; waitMs: number }> {
    const startedAt = performance.now();
    const done: { waitMs?: number } = {};
    const settle = () => void (done.waitMs = performance.now() - startedAt);
    work.then(settle, settle);
    while (done.waitMs === undefined) {
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      await this.#quiet();
      // The way to the application and back takes its own real time.
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      for (let turn = 0; turn < 200 && done.waitMs === undefined; turn += 1) await nextTurn();
      if (done.waitMs === undefined && this.#open.size > 0) vi.advanceTimersToNextTimer();
    }
    return { value: await work, waitMs: done.waitMs };
  }

  /** By the platform's clock and by the own one. */
  #demandUnexpired({ claims, expiresAt }: AccessToken): void {
    if (Number(claims['exp']) * 1_000 > this.#platform.clock() && expiresAt.getTime() > Date.now()) return;
    this.expired += 1;
  }

  #watchRequests(): void {
    const original = http.request;
    vi.spyOn(http, 'request').mockImplementation((...given: unknown[]) => {
      const request = Reflect.apply(original, http, given) as ClientRequest;
      this.#opened += 1;
      this.#open.set(request, this.holds);
      request.once('close', () => this.#open.delete(request));
      return request;
    });
  }

  #watchVerification(): void {
    const { subtle } = globalThis.crypto;
    const original = subtle.verify.bind(subtle);
    vi.spyOn(subtle, 'verify').mockImplementation(async (...given) => {
      this.#verifying += 1;
      try {
        return await original(...given);
      } finally {
        this.#verifying -= 1;
      }
    });
  }

  /** Until nothing is under way but what hangs at the platform. */
  async #quiet(): Promise<void> {
    let calm = 0;
    while (calm < TURNS) {
      // oxlint-disable-next-line no-await-in-loop -- one turn of the event loop after the other
      await nextTurn();
      const arrived = this.#platform.count === this.#opened;
      calm = arrived && this.#verifying === 0 && [...this.#open.values()].every(Boolean) ? calm + 1 : 0;
    }
  }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
