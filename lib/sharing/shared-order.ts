import { defer, map, type Observable, of, switchMap, tap } from 'rxjs';
import { backgroundTimer, elapsedSince, type Moment, now, remainingUntil, shifted } from '../util/clock.js';
import type { OrderSharing, SharedRequest, TokenGrant, TokenOrder } from '../token/token-source.interface.js';
import { EntryLock } from './entry-lock.js';
import { fromPromise } from '../util/promises.js';
import { Patience } from './guarded-store.js';
import type { EntryPlaces } from './shared-entries.js';
import type { SharingContext } from './sharing-context.js';
import { earlierMs, isWorthTaking, lockTimes, pollDelayMs, storeWaitMs } from './sharing-policy.js';
import { minValidityOf } from '../token/held-token.js';

/** One token request on its way through the store. */
interface Search extends SharedRequest {
  readonly places: EntryPlaces;
  readonly began: Moment;
  readonly earlierMs: number;
  /** For how long this instance can do without a new token. */
  readonly spareMs: number;
}

/** A token, none, or no store to tell. */
type Found = TokenGrant | 'none' | 'unavailable';

/** The tokens of one order: taken from the store, or fetched by one instance for all. */
export class SharedOrder implements OrderSharing {
  readonly #order: TokenOrder;
  readonly #context: SharingContext;
  #places: EntryPlaces = [];
  #isDistrusted = false;
  /** The last token on its way into the store. */
  #stored: Promise<void> = Promise.resolve();
  /** Until then nobody waits for the renewal of the token that was delivered last. */
  #spareUntil?: Moment;
  /** What the last search found and left, because it was due for renewal. */
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
      const isDistrusted = this.#isDistrusted;
      this.#isDistrusted = false;
      this.#passedBy = undefined;
      const grant$ = isDistrusted ? this.#fetch(search) : this.#obtain(search);
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
    if (token === undefined) this.#isDistrusted = true;
    else if (this.#context.retracted.add(token)) void this.#remove(token);
  }

  /** Behind what is being stored: the token may be on its way there. */
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
    const patience = new Patience();
    return this.#find(search, patience).pipe(
      switchMap((found) => {
        if (isGrant(found)) return of(found);
        if (search.isRefused()) return search.fetch$;
        if (found === 'unavailable') return this.#canWaitForStore(search) ? this.#wait(search) : search.fetch$;
        return this.#together(search, patience);
      }),
    );
  }

  /** One of all instances asks, the others wait for what it brings; after a while each asks for itself. */
  #together(search: Search, patience: Patience): Observable<TokenGrant> {
    const { store, deadlineMs } = this.#context;
    const { lockMs, waitMs } = lockTimes(deadlineMs);
    if (!store.canLock) return this.#fetch(search);
    const lock = new EntryLock(store, search.places, lockMs);
    return fromPromise(
      () => lock.take(patience),
      () => lock.release(),
    ).pipe(
      switchMap((taken) => {
        if (taken === 'mine') return this.#asHolder(search, patience, lock);
        const isWaiting = taken === 'held' ? elapsedSince(search.began) < waitMs : this.#canWaitForStore(search);
        return isWaiting ? this.#wait(search) : this.#fetch(search);
      }),
    );
  }

  /**
   * Whether the renewal of a token that is still good may wait for the store: while a replica takes over from its master,
   * say, not every instance need ask for itself.
   */
  #canWaitForStore({ began, spareMs }: Search): boolean {
    return elapsedSince(began) < Math.min(storeWaitMs(this.#context.deadlineMs), spareMs);
  }

  /** Looks once more: the last holder may have brought a token just before its lock was free. */
  #asHolder(search: Search, patience: Patience, lock: EntryLock): Observable<TokenGrant> {
    return lock.during(
      this.#find(search, patience).pipe(switchMap((found) => (isGrant(found) ? of(found) : this.#fetch(search, lock)))),
    );
  }

  #wait(search: Search): Observable<TokenGrant> {
    return backgroundTimer(pollDelayMs(this.#context.random)).pipe(switchMap(() => this.#obtain(search)));
  }

  /** What is fetched is stored in the background; a lock is held until it is. */
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

  #find(search: Search, patience: Patience): Observable<Found> {
    const { entries } = this.#context;
    return fromPromise(() => entries.find(search.places, this.#order, patience)).pipe(
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
