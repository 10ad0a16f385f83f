import { defer, map, type Observable, of, type Subscriber, type Subscription, type TeardownLogic } from 'rxjs';
import type { RefreshOptions } from '../config/sections/requests.options.js';
import type { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { AccessToken } from './access-token.js';
import { inBackground } from '../util/async-context.js';
import { backgroundTimer, now } from '../util/clock.js';
import { type FailedRefresh, HeldToken, type TokenState, tokenState } from './held-token.js';
import { isFinal } from './refusal-memory.js';
import { Backoff } from '../util/backoff.js';
import type { Reporter } from '../telemetry/reporter.js';
import { RejectedTokens } from './rejected-tokens.js';
import { renewedOrHeld, TokenFlight, TokenListeners } from './token-waiters.js';
import type { TokenGrant, TokenSource } from './token-source.interface.js';

/** A caller who waits for a new token gets the held one instead when it has only this much life left. */
const LAST_MOMENT_MS = 2_000;

/** After an outage a new token is there within 30 s: the longest pause, and the request itself. */
const PAUSES = { firstMs: 1_000, longestMs: 20_000 };

/** Timers stand still while a machine sleeps, so while somebody listens the clocks are read at least this often. */
const LONGEST_TIMER_MS = 20_000;

/** What all slots of one cache share. */
export interface SlotPolicy {
  readonly margins: Required<RefreshOptions>;
  readonly deadlineMs: number;
  readonly random: () => number;
  readonly reporter: Reporter;
  /** Called when a slot comes into use (a request in flight, a listener) and when it is no longer in use. */
  readonly onUse: (slot: TokenSlot) => void;
}

/** One token in the cache: the token held, the request for the next one, and the subscribers of `token$`. */
export class TokenSlot {
  readonly key: string;
  readonly #source: TokenSource;
  readonly #policy: SlotPolicy;
  #held?: HeldToken;
  /** Made at the first failure. There may be 10,000 slots, and few of them ever fail. */
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

  /** Emits one valid token: the held one at once, unless it expires so soon that the caller has to wait for the next. */
  answer(subscriber: Subscriber<AccessToken>): TeardownLogic {
    const held = this.#held;
    const left = held === undefined ? 0 : held.lifeLeftMs();
    if (held === undefined || left <= held.minValidityMs || this.#isReplacementDue) {
      return this.#answerLate(held, left).subscribe(subscriber);
    }
    if (left <= held.aheadMs) this.#renewUnlessPaused();
    subscriber.next(held.token);
    subscriber.complete();
  }

  /** Emits the held token, then every later one, renewed ahead of time. */
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

  /** Forgets a token, or whatever is held. Does nothing where that token has been replaced already. */
  invalidate(token?: string): void {
    // Even where it has been replaced here, other instances may still share it.
    this.#source.retract(token ?? this.#held?.token.value);
    if (token !== undefined && token !== this.#held?.token.value) return;
    this.#held = undefined;
    this.#pause?.end();
    this.#source.forgetRefusal();
    if (!this.#listeners.none) this.#renew();
  }

  /**
   * Another token for the API (`place`) that has rejected one with status 401; `undefined` where another token would not
   * help. Until the new token is there, other callers get the held one.
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

  /** Notes that an API has accepted a token. */
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
    const waitMs = Math.min(this.#policy.deadlineMs, left - LAST_MOMENT_MS);
    if (flight === undefined || waitMs <= 0) return of(held.token);
    return renewedOrHeld(flight.result$, waitMs, () => (this.#isUsable(held) ? held.token : undefined));
  }

  /** Whether an API has rejected the held token, and the next caller has to wait for another one. */
  get #isReplacementDue(): boolean {
    return this.#rejected?.isWaiting === true && this.#flight === undefined;
  }

  /** Whether this token is still the held one, and has not expired. */
  #isUsable(held: HeldToken): boolean {
    return held === this.#held && held.lifeLeftMs() > 0;
  }

  /** Emits the held token to a new listener. Where there is none, requests one; the listener then gets it as all do. */
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

  #renewUnlessPaused(): TokenFlight | undefined {
    return this.#flight ?? ((this.#pause?.leftMs ?? 0) > 0 ? undefined : this.#renew());
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

  /** Changes the state first and emits afterwards: a subscriber may call again at once, and has to find the new state. */
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
    // While the endpoint's refusal is remembered, an attempt would only repeat it.
    this.#pause ??= new Backoff(this.#policy.random, PAUSES);
    this.#pause.begin(this.#source.refusedForMs());
    this.#settle();
    this.#policy.reporter.refreshFailed(this.#source, failure, left, wasFailing);
    if (shared !== undefined) this.#listeners.emit(shared);
    if (isFinal(failure) || left <= 0) this.#listeners.fail(failure);
    if (shared === undefined) flight.fail(failure);
    else flight.land(shared);
  }

  /** Without a valid token here, uses one that another instance shares, though it is due for renewal. */
  #takeLastResort(): AccessToken | undefined {
    const grant = this.#lifeLeftMs > 0 ? undefined : this.#source.lastResort();
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
   * Sets the timer for what listeners need next: a renewal, or the error that the token has expired. While a request is
   * in flight, its result sets the timer anew.
   */
  #schedule(): void {
    this.#due?.unsubscribe();
    const held = this.#held;
    if (this.#listeners.none || held === undefined || this.#flight !== undefined) return;
    const delayMs = Math.max(0, Math.min(this.#dueInMs(held), LONGEST_TIMER_MS));
    this.#due = inBackground(() => backgroundTimer(delayMs).subscribe(() => this.#onDue(held)));
  }

  #dueInMs(held: HeldToken): number {
    const left = held.lifeLeftMs();
    return this.#failed === undefined ? left - held.aheadMs : Math.min(this.#pause?.leftMs ?? 0, left);
  }

  #onDue(held: HeldToken): void {
    if (this.#flight !== undefined) return;
    if (this.#dueInMs(held) > 0) this.#schedule();
    else if (this.#failed === undefined || held.lifeLeftMs() > 0) this.#renew();
    else this.#listeners.fail(this.#failed.failure);
  }
}
