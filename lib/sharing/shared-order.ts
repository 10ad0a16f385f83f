import { defer, map, type Observable, of, switchMap, tap } from 'rxjs';
import { backgroundTimer, elapsedSince, type Moment, now, remainingUntil, shifted } from '../util/clock.js';
import type { OrderSharing, SharedRequest, TokenGrant, TokenOrder } from '../token/token-source.interface.js';
import { EntryLock } from './entry-lock.js';
import { fromPromise } from '../util/promises.js';
import { StoreDeadline } from './guarded-store.js';
import type { EntryPlaces } from './shared-entries.js';
import type { SharingContext } from './sharing-context.js';
import { earlierMs, isWorthTaking, lockTimes, pollDelayMs, storeWaitMs } from './sharing-policy.js';
import { minValidityOf } from '../token/held-token.js';

/** One token request, and what it needs to know of the store. */
interface Search extends SharedRequest {
  readonly places: EntryPlaces;
  readonly began: Moment;
  readonly earlierMs: number;
  /** For how long the token of this instance is still valid enough, so that nobody waits for a new one. Milliseconds. */
  readonly spareMs: number;
}

/** A token; or that the store has none, or is unavailable. */
type Found = TokenGrant | 'none' | 'unavailable';

/** The tokens of one order: taken from the store, or fetched by one instance for all. */
export class SharedOrder implements OrderSharing {
  readonly #order: TokenOrder;
  readonly #context: SharingContext;
  #places: EntryPlaces = [];
  /** Whether the next token must be a fetched one: a caller has rejected whatever is shared. */
  #isDistrusted = false;
  /** Resolves once the last token is in the store. */
  #stored: Promise<void> = Promise.resolve();
  /** Until then the last token is valid enough, so that nobody waits for a new one. */
  #spareUntil?: Moment;
  /** A token that the last search found but did not take, because it is due for renewal. */
  #passedBy?: { readonly grant: TokenGrant; readonly found: Moment };

  constructor(order: TokenOrder, context: SharingContext) {
    this.#order = order;
    this.#context = context;
  }

  share(request: SharedRequest): Observable<TokenGrant> {
    return defer(() => {
      const { entries, margins, random } = this.#context;
      this.#places = entries.placesOf(this.#order, request.secret);
      const search = {
        ...request,
        places: this.#places,
        began: now(),
        earlierMs: earlierMs(margins, random),
        spareMs: this.#spareMs,
      };
      this.#passedBy = undefined;
      const grant$ = this.#isDistrusted ? this.#fetchDistrusting(search) : this.#obtain(search);
      return grant$.pipe(
        tap((grant) => this.#noteDelivered(grant)),
        map((grant) => ({ ...grant, earlierMs: search.earlierMs })),
      );
    });
  }

  lastResort(): TokenGrant | undefined {
    if (this.#passedBy === undefined) return undefined;
    const { grant, found } = this.#passedBy;
    const usedMs = (grant.usedMs ?? 0) + elapsedSince(found);
    if (usedMs >= grant.lifeMs || this.#context.retracted.has(grant.value)) return undefined;
    const served = { ...grant, usedMs };
    this.#reportTaken(served);
    return served;
  }

  retract(token: string | undefined): void {
    this.#spareUntil = undefined;
    if (token === undefined) {
      this.#isDistrusted = true;
      this.#passedBy = undefined;
    } else if (this.#context.retracted.add(token)) void this.#remove(token);
  }

  /** Waits for the last write first: it may be the token that is to be removed. */
  async #remove(token: string): Promise<void> {
    const places = this.#places;
    await this.#stored;
    await this.#context.entries.remove(places, token);
  }

  get #spareMs(): number {
    return this.#spareUntil === undefined ? 0 : remainingUntil(this.#spareUntil);
  }

  #noteDelivered({ lifeMs, usedMs = 0 }: TokenGrant): void {
    this.#passedBy = undefined;
    this.#spareUntil = shifted(now(), lifeMs - usedMs - minValidityOf(lifeMs, this.#context.margins));
  }

  #obtain(search: Search): Observable<TokenGrant> {
    const deadline = new StoreDeadline();
    return this.#find(search, deadline).pipe(
      switchMap((found) => {
        if (isGrant(found)) return of(found);
        if (search.isRefused()) return search.fetch$;
        if (found === 'unavailable') return this.#canWaitForStore(search) ? this.#wait(search) : search.fetch$;
        return this.#together(search, deadline);
      }),
    );
  }

  /** One instance requests the token and the others wait for it; after a while each one requests it for itself. */
  #together(search: Search, deadline: StoreDeadline): Observable<TokenGrant> {
    const { store, deadlineMs } = this.#context;
    const { lockMs, waitMs } = lockTimes(deadlineMs);
    if (!store.canLock) return this.#fetch(search);
    const lock = new EntryLock(store, search.places, lockMs);
    return fromPromise(
      () => lock.take(deadline),
      () => lock.release(),
    ).pipe(
      switchMap((taken) => {
        if (taken === 'mine') return this.#asHolder(search, deadline, lock);
        const isWaiting = taken === 'held' ? elapsedSince(search.began) < waitMs : this.#canWaitForStore(search);
        return isWaiting ? this.#wait(search) : this.#fetch(search);
      }),
    );
  }

  /**
   * Whether the renewal of a token that is still valid may wait for the store. While a replica takes over from its master,
   * for instance, the instances then do not all request a token.
   */
  #canWaitForStore({ began, spareMs }: Search): boolean {
    return elapsedSince(began) < Math.min(storeWaitMs(this.#context.deadlineMs), spareMs);
  }

  /** Reads the store once more: the last holder of the lock may have stored a token just before releasing it. */
  #asHolder(search: Search, deadline: StoreDeadline, lock: EntryLock): Observable<TokenGrant> {
    return lock.during(
      this.#find(search, deadline).pipe(switchMap((found) => (isGrant(found) ? of(found) : this.#fetch(search, lock)))),
    );
  }

  #wait(search: Search): Observable<TokenGrant> {
    return backgroundTimer(pollDelayMs(this.#context.random)).pipe(switchMap(() => this.#obtain(search)));
  }

  /** The store counts again once there is a fetched token. */
  #fetchDistrusting(search: Search): Observable<TokenGrant> {
    return this.#fetch(search).pipe(tap(() => (this.#isDistrusted = false)));
  }

  /** A fetched token is stored in the background. The lock is held until that is done. */
  #fetch({ fetch$, places }: Search, lock?: EntryLock): Observable<TokenGrant> {
    return fetch$.pipe(
      tap((grant) => {
        this.#stored = this.#store(places, grant);
        lock?.holdUntil(this.#stored);
      }),
    );
  }

  /** Never rejects. */
  async #store(places: EntryPlaces, grant: TokenGrant): Promise<void> {
    const { entries, reporter } = this.#context;
    if (await entries.put(places, grant, now())) reporter.storeTokenStored(this.#order.subject);
  }

  #find(search: Search, deadline: StoreDeadline): Observable<Found> {
    const { entries } = this.#context;
    return fromPromise(() => entries.find(search.places, this.#order, deadline)).pipe(
      map((grants) => (grants === undefined ? 'unavailable' : this.#choose(grants, search))),
    );
  }

  #choose(grants: readonly TokenGrant[], { earlierMs: earlier }: Search): Found {
    const { retracted, margins } = this.#context;
    const trusted = grants
      .filter(({ value }) => !retracted.has(value))
      .map((grant) => ({ ...grant, earlierMs: earlier }));
    const chosen = trusted.find((grant) => isWorthTaking(grant, margins));
    const [passedBy] = trusted;
    this.#passedBy = passedBy === undefined ? undefined : { grant: passedBy, found: now() };
    if (chosen !== undefined) this.#reportTaken(chosen);
    return chosen ?? 'none';
  }

  #reportTaken({ lifeMs, usedMs = 0 }: TokenGrant): void {
    this.#context.reporter.storeTokenTaken(this.#order.subject, lifeMs - usedMs);
  }
}

function isGrant(found: Found): found is TokenGrant {
  return typeof found === 'object';
}
