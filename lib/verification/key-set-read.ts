import { firstValueFrom, from, map, race } from 'rxjs';
import { backgroundTimer, elapsedSince, type Moment, now } from '../util/clock.js';
import { type PermittedRead, ReadDenied } from './read-limit.js';

/** When to ask again for a set whose server is slow. */
const SLOW_RETRY_MS = 1_000;

/** Why a read brought no key set. */
export interface Obstacle {
  readonly why: string;
  readonly retryAfterMs: number;
  /** Whether the server failed or is slow; else no request was permitted. */
  readonly byServer: boolean;
  /** Whether the server answered that there is no such tenant. */
  readonly absent?: boolean;
}

/** A token that comes later than this after the beginning of a read may be signed by a key that is newer than the answer. */
const LATEST_JOIN_MS = 100;

const SLOW: Obstacle = { why: 'the server has not answered yet', retryAfterMs: SLOW_RETRY_MS, byServer: true };

/** Permits a read; rejects with {@link ReadDenied}. `undefined` where a verified token asks, whose reads are not limited. */
export type Permit = () => Promise<PermittedRead> | undefined;

/** One read of a key set, shared by all tokens that need it. */
export class KeySetRead {
  readonly #beganAt: Moment = now();
  readonly #outcome: Promise<Obstacle | undefined>;
  #permitted?: PermittedRead;
  /** Tokens that depend on it and are neither verified nor refused. */
  #tokens = 0;
  #isOver = false;
  #isFollowed = false;

  /** @param request makes the request; it never rejects. The function given permits a repetition. */
  constructor(permit: Permit, request: (mayRepeat: () => boolean) => Promise<Obstacle | undefined>) {
    this.#outcome = this.#run(permit, request);
  }

  /** Fulfilled when it is over: `undefined` where a set was read. Never rejects. */
  get outcome(): Promise<Obstacle | undefined> {
    return this.#outcome;
  }

  /** The outcome, or an obstacle once the read has taken `longestMs` or the caller has waited `leftMs`. */
  async outcomeWithin(longestMs: number, leftMs: number): Promise<Obstacle | undefined> {
    const waitMs = Math.min(leftMs, longestMs - elapsedSince(this.#beganAt));
    if (waitMs <= 0) return SLOW;
    return firstValueFrom(race(from(this.#outcome), backgroundTimer(waitMs).pipe(map(() => SLOW))));
  }

  /** Whether a token that comes now comes too late for its answer to rule out that a key exists. */
  get isLate(): boolean {
    return elapsedSince(this.#beganAt) > LATEST_JOIN_MS;
  }

  /** A token depends on it. The function returned is to be called when the token is verified or refused. */
  join(): () => void {
    this.#tokens += 1;
    return () => {
      this.#tokens -= 1;
      this.#endIfDone();
    };
  }

  /** A token was verified with the set: the read does not count. */
  giveBack(): void {
    this.#isFollowed = true;
    this.#permitted?.giveBack();
  }

  async #run(permit: Permit, request: (mayRepeat: () => boolean) => Promise<Obstacle | undefined>) {
    try {
      const permitted = await permit();
      this.#permitted = permitted;
      if (this.#isFollowed) permitted?.giveBack();
      return await request(() => permitted?.repeat() ?? true);
    } catch (denied) {
      if (!(denied instanceof ReadDenied)) throw denied;
      return { why: denied.message, retryAfterMs: denied.retryAfterMs, byServer: false };
    } finally {
      this.#isOver = true;
      this.#endIfDone();
    }
  }

  #endIfDone(): void {
    if (this.#isOver && this.#tokens === 0) this.#permitted?.end();
  }
}
