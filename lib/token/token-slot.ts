import {
  catchError,
  defer,
  map,
  type Observable,
  of,
  race,
  type Subscriber,
  type Subscription,
  switchMap,
  type TeardownLogic,
  throwError,
} from 'rxjs';
import type { RefreshOptions } from '../config/sections/requests.options.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { AccessToken } from './access-token.js';
import { inBackground } from '../util/async-context.js';
import { backgroundTimer, now } from '../util/clock.js';
import { type FailedRefresh, HeldToken, type TokenState, tokenState } from './held-token.js';
import { isRefusal } from './refusal-memory.js';
import { Backoff } from '../util/backoff.js';
import type { Reporter } from '../telemetry/reporter.js';
import { RejectedTokens } from './rejected-tokens.js';
import { TokenFlight, TokenListeners } from './token-waiters.js';
import type { TokenGrant, TokenSource } from './token-source.interface.js';

/** A caller who waits for a new token gets the old one while it is still good for this long. */
const LAST_MOMENT_MS = 2_000;

/** With the jitter and the request itself, a new token is there within 30 s of a recovery. */
const PAUSES = { firstMs: 1_000, longestMs: 20_000 };

/** Timers stand still while a machine sleeps: for those who listen, the clocks are read at least this often. */
const LONGEST_NAP_MS = 20_000;

/** What all slots of one cache share. */
export interface SlotPolicy {
  readonly margins: Required<RefreshOptions>;
  readonly deadlineMs: number;
  readonly random: () => number;
  readonly reporter: Reporter;
  /** Told when a slot comes into use (a request in flight, a listener) or falls out of it. */
  readonly onUse: (slot: TokenSlot) => void;
}

/** The place of one token: what is held, the request for the next, and those who listen. */
export class TokenSlot {
  readonly key: string;
  readonly #source: TokenSource;
  readonly #policy: SlotPolicy;
  #held?: HeldToken;
  /** Made at the first failure: most tokens never meet one, and there may be many. */
  #pause?: Backoff;
  /** Made at the first 401. */
  #rejected?: RejectedTokens;
  readonly #listeners = new TokenListeners();
  #flight?: TokenFlight;
  #failed?: FailedRefresh;
  #due?: Subscription;

  constructor(source: TokenSource, policy: SlotPolicy) {
    this.key = source.key;
    this.#source = source;
    this.#policy = policy;
  }

  /** Whether it must not be evicted. */
  get inUse(): boolean {
    return this.#flight !== undefined || !this.#listeners.none;
  }

  /** What is known at this moment. */
  get state(): TokenState {
    return tokenState(this.#held, this.#failed);
  }

  /** One valid token: the held one at once, unless it is so near its end that the next one is worth waiting for. */
  answer(subscriber: Subscriber<AccessToken>): TeardownLogic {
    const held = this.#held;
    const left = held === undefined ? 0 : held.lifeLeftMs();
    if (held === undefined || left <= held.minValidityMs || this.#isReplacementDue) {
      return this.#answerLate(held, left).subscribe(subscriber);
    }
    if (left <= held.aheadMs) this.#renewUnlessPaused();
    subscriber.next(held.token);
    subscriber.complete();
    return undefined;
  }

  /** The held token, then every later one, renewed ahead of time. */
  listen(subscriber: Subscriber<AccessToken>): TeardownLogic {
    this.#listeners.add(subscriber);
    this.#policy.onUse(this);
    const waiting = this.#greet(subscriber);
    this.#schedule();
    return () => {
      waiting?.unsubscribe();
      this.#listeners.remove(subscriber);
      this.#schedule();
      this.#policy.onUse(this);
    };
  }

  /** Forgets the token, or whatever is held; a token already replaced is left alone. */
  invalidate(token?: string): void {
    // Also one that is replaced here: other instances may still share it.
    this.#source.retract(token ?? this.#held?.token.value);
    if (token !== undefined && token !== this.#held?.token.value) return;
    this.#held = undefined;
    this.#pause?.end();
    this.#source.forgetRefusal();
    if (!this.#listeners.none) this.#renew();
  }

  /**
   * A token to send once more with after a place has rejected one (status 401); `undefined` where another token would not
   * help. The held token stays until the new one is there; others get it meanwhile.
   */
  replaceRejected(token: AccessToken, place: string): Observable<AccessToken | undefined> {
    const held = this.#held;
    const rejected = (this.#rejected ??= new RejectedTokens());
    if (!rejected.mayBeReplaced(token.value, place)) return of(undefined);
    // Other instances may still share it.
    this.#source.retract(token.value);
    const isReplaced = held !== undefined && held.token.value !== token.value && held.lifeLeftMs() > 0;
    if (isReplaced) rejected.renewed(held.token.value);
    const next$ = defer(() => (isReplaced ? of(held.token) : (this.#renewUnlessPaused()?.result$ ?? of(undefined))));
    return next$.pipe(map((next) => (next?.value === token.value ? undefined : next)));
  }

  /** Takes note that a place has accepted a token. */
  noteAccepted(token: AccessToken, place: () => string): void {
    this.#rejected?.accepted(token.value, place());
  }

  /** Aborts the request, completes the listeners. */
  destroy(failure: MindsphereCredentialsError): void {
    this.#due?.unsubscribe();
    const flight = this.#flight;
    this.#flight = undefined;
    this.#listeners.complete();
    flight?.abort(failure);
  }

  #answerLate(held: HeldToken | undefined, left: number): Observable<AccessToken> {
    if (held === undefined || left <= 0) return this.#renew().result$;
    const flight = this.#renewUnlessPaused();
    const patience = Math.min(this.#policy.deadlineMs, left - LAST_MOMENT_MS);
    if (flight === undefined || patience <= 0) return of(held.token);
    const renewed$ = flight.result$;
    return race(
      renewed$.pipe(catchError((failure) => (this.#isGood(held) ? of(held.token) : throwError(() => failure)))),
      backgroundTimer(patience).pipe(switchMap(() => defer(() => (this.#isGood(held) ? of(held.token) : renewed$)))),
    );
  }

  /** After a rejection whose request could not be repeated, the next caller asks for the new token, and waits for it. */
  get #isReplacementDue(): boolean {
    return this.#rejected?.isWaiting === true && this.#flight === undefined;
  }

  #isGood(held: HeldToken): boolean {
    return held === this.#held && held.lifeLeftMs() > 0;
  }

  /** The current token for a new listener, who waits like any caller where there is none. */
  #greet(subscriber: Subscriber<AccessToken>): Subscription | undefined {
    const held = this.#held;
    const left = held === undefined ? 0 : held.lifeLeftMs();
    if (held === undefined || left <= 0) return this.#renew().result$.subscribe({ error: () => undefined });
    subscriber.next(held.token);
    if (left <= held.aheadMs) this.#renewUnlessPaused();
    return undefined;
  }

  get #lifeLeftMs(): number {
    return this.#held?.lifeLeftMs() ?? 0;
  }

  get #pauseLeftMs(): number {
    return this.#pause?.leftMs ?? 0;
  }

  #renewUnlessPaused(): TokenFlight | undefined {
    return this.#flight ?? (this.#pauseLeftMs > 0 ? undefined : this.#renew());
  }

  #renew(): TokenFlight {
    if (this.#flight !== undefined) return this.#flight;
    const flight = new TokenFlight(this.#policy.deadlineMs);
    this.#flight = flight;
    this.#policy.onUse(this);
    flight.start(this.#source.grant$, {
      next: (grant) => this.#onGrant(flight, grant),
      error: (failure: unknown) => this.#onFailure(flight, failure),
    });
    return flight;
  }

  /** Settles everything before anybody is told, so that whoever asks again at once meets the new state. */
  #onGrant(flight: TokenFlight, grant: TokenGrant): void {
    const held = new HeldToken(grant, this.#source, now(), this.#policy.margins);
    const wasFailing = this.#failed !== undefined;
    this.#held = held;
    this.#rejected?.renewed(held.token.value);
    this.#failed = undefined;
    this.#pause?.end();
    this.#settle();
    this.#policy.reporter.refreshed(this.#source, wasFailing);
    this.#listeners.emit(held.token);
    flight.land(held.token);
  }

  #onFailure(flight: TokenFlight, failure: unknown): void {
    const shared = this.#takeLastResort();
    const left = this.#lifeLeftMs;
    const wasFailing = this.#failed !== undefined;
    this.#failed = { failure, at: now() };
    // While a refusal is remembered, an attempt would only repeat it.
    this.#pause ??= new Backoff(this.#policy.random, PAUSES);
    this.#pause.begin(this.#source.refusedForMs());
    this.#settle();
    this.#policy.reporter.refreshFailed(this.#source, failure, left, wasFailing);
    if (shared !== undefined) this.#listeners.emit(shared);
    if (isFinal(failure) || left <= 0) this.#listeners.fail(failure);
    if (shared === undefined) flight.fail(failure);
    else flight.land(shared);
  }

  /** With nothing valid at hand, a token that other instances share is as good as one held through an outage. */
  #takeLastResort(): AccessToken | undefined {
    if (this.#lifeLeftMs > 0) return undefined;
    const grant = this.#source.lastResort();
    if (grant === undefined) return undefined;
    this.#held = new HeldToken(grant, this.#source, now(), this.#policy.margins);
    return this.#held.token;
  }

  #settle(): void {
    this.#flight = undefined;
    this.#schedule();
    this.#policy.onUse(this);
  }

  /**
   * Sets the timer for what listeners need next: a renewal, or the news that the token has expired. A request on its way
   * brings what comes next by itself.
   */
  #schedule(): void {
    this.#due?.unsubscribe();
    const held = this.#held;
    if (this.#listeners.none || held === undefined || this.#flight !== undefined) return;
    const nap = Math.min(this.#dueInMs(held), LONGEST_NAP_MS);
    this.#due = inBackground(() => backgroundTimer(Math.max(0, nap)).subscribe(() => this.#onDue(held)));
  }

  #dueInMs(held: HeldToken): number {
    const left = held.lifeLeftMs();
    return this.#failed === undefined ? left - held.aheadMs : Math.min(this.#pauseLeftMs, left);
  }

  #onDue(held: HeldToken): void {
    if (this.#flight !== undefined) return;
    if (this.#dueInMs(held) > 0) this.#schedule();
    else if (this.#failed === undefined || held.lifeLeftMs() > 0) this.#renew();
    else this.#listeners.fail(this.#failed.failure);
  }
}

/** What waiting will not change: the server said no, or the secret cannot be had. */
function isFinal(failure: unknown): boolean {
  return failure instanceof MindsphereCredentialsError && (failure.code === 'options_invalid' || isRefusal(failure));
}
