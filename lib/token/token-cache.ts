import { LRUCache } from 'lru-cache';
import { Observable, of, type Subscriber, type TeardownLogic } from 'rxjs';
import type { ResolvedOptions } from '../config/resolved-options.interface.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { Reporter } from '../telemetry/reporter.js';
import type { AccessToken } from './access-token.js';
import { type SlotPolicy, TokenSlot } from './token-slot.js';
import type { TokenSource } from './token-source.interface.js';
import { type TokenState, UNUSED } from './token-state.js';

/** The tokens of one credential, as its cache keeps them. The Observables are the same at each reading. */
export interface TokenHandle {
  /** One valid token, then completes. */
  readonly one$: Observable<AccessToken>;
  /** The current token, then every later one. */
  readonly all$: Observable<AccessToken>;
  /** @param token its value; default: whatever is cached. */
  invalidate(token?: string): void;
  /** A token to send once more with after a place has rejected one; `undefined` where another would not help. */
  replaceRejected(token: AccessToken, place: string): Observable<AccessToken | undefined>;
  /** Notes that a place has accepted a token. */
  noteAccepted(token: AccessToken, place: () => string): void;
  /** What is known of the token at this moment; absent where there is no single one. */
  readonly state?: () => TokenState;
}

/** All tokens of one registration: bounded, shared by key, ended at module destroy. */
export class TokenCache {
  readonly #policy: SlotPolicy;
  readonly #maxTokens: number;
  /** Slots with a request in flight or a listener, which are never evicted. */
  readonly #used = new Map<string, TokenSlot>();
  readonly #idle: LRUCache<string, TokenSlot>;
  readonly #slots: Slots = {
    use: (source) => this.#slot(source),
    find: ({ key }) => this.#find(key),
    // Looking at it is no use of it, so it keeps nothing from being evicted.
    peek: ({ key }) => this.#used.get(key) ?? this.#idle.peek(key),
  };
  #destroyed = false;

  constructor({ refresh, request, cache }: ResolvedOptions, reporter: Reporter, random = Math.random) {
    this.#maxTokens = cache.maxTokens;
    // By size, not by count: that allocates nothing in advance.
    this.#idle = new LRUCache({ maxSize: cache.maxTokens, sizeCalculation: () => 1 });
    const { deadlineMs } = request;
    this.#policy = { margins: refresh, deadlineMs, random, reporter, onUse: (slot) => this.#place(slot) };
  }

  /** The tokens of a source. Equal keys share one token, whichever handle is asked. No network I/O by itself. */
  handle(source: TokenSource): TokenHandle {
    return new CachedTokens(source, this.#slots);
  }

  /** Called by Nest, once no request is served any more. Aborts requests, clears timers, completes `token$`; afterwards every call fails with `module_destroyed`. */
  onApplicationShutdown(): void {
    this.#destroyed = true;
    const used = [...this.#used.values()];
    // Not dropped: who waits for a renewal still gets the token that is held.
    for (const slot of [...used, ...this.#idle.values()]) slot.kept = false;
    this.#used.clear();
    this.#idle.clear();
    for (const slot of used) slot.destroy(destroyed());
  }

  #find(key: string): TokenSlot | undefined {
    return this.#used.get(key) ?? this.#idle.get(key);
  }

  #slot(source: TokenSource): TokenSlot | undefined {
    return this.#destroyed ? undefined : (this.#find(source.key) ?? new TokenSlot(source, this.#policy));
  }

  #place(slot: TokenSlot): void {
    if (this.#destroyed) return;
    slot.kept = true;
    slot.asked = false;
    if (slot.inUse) {
      this.#idle.delete(slot.key);
      this.#used.set(slot.key, slot);
    } else {
      this.#used.delete(slot.key);
      this.#idle.set(slot.key, slot);
    }
    while (this.#idle.size > 0 && this.#idle.size + this.#used.size > this.#maxTokens) this.#evict(slot);
  }

  /** Evicts what was used longest ago: what was asked since it came to its place, and the newest, get another turn. */
  #evict(newest: TokenSlot): void {
    const slot = this.#idle.pop();
    if (slot === undefined) return;
    if (!slot.asked && (slot !== newest || this.#idle.size === 0)) return slot.drop();
    slot.asked = false;
    this.#idle.set(slot.key, slot);
  }
}

/** What a handle needs of its cache. */
interface Slots {
  /** The slot of a source, new where there is none; `undefined` after the end. */
  readonly use: (source: TokenSource) => TokenSlot | undefined;
  readonly find: (source: TokenSource) => TokenSlot | undefined;
  readonly peek: (source: TokenSource) => TokenSlot | undefined;
}

/** One for every credential, also for every tenant that one was derived for: a class keeps less than closures. */
class CachedTokens implements TokenHandle {
  readonly one$: OneToken;
  readonly #source: TokenSource;
  readonly #slots: Slots;
  #all$?: Observable<AccessToken>;

  constructor(source: TokenSource, slots: Slots) {
    this.#source = source;
    this.#slots = slots;
    // Made once: a call for a cached token allocates nothing here.
    this.one$ = new OneToken(source, slots);
  }

  get all$(): Observable<AccessToken> {
    return (this.#all$ ??= new Observable((subscriber) => {
      const slot = this.#slots.use(this.#source);
      return slot === undefined ? refuse(subscriber) : slot.listen(subscriber);
    }));
  }

  invalidate(token?: string): void {
    const slot = this.#slots.find(this.#source);
    // Evicted here, it may still be shared.
    if (slot === undefined) this.#source.retract(token);
    else slot.invalidate(token);
  }

  replaceRejected(token: AccessToken, place: string): Observable<AccessToken | undefined> {
    return this.#slots.use(this.#source)?.replaceRejected(token, place) ?? of(undefined);
  }

  noteAccepted(token: AccessToken, place: () => string): void {
    this.#slots.peek(this.#source)?.noteAccepted(token, place);
  }

  state(): TokenState {
    return this.#slots.peek(this.#source)?.state ?? UNUSED;
  }
}

/** Leads from a subscriber to its slot by as few objects as can be: each is far away where there are many tenants. */
class OneToken extends Observable<AccessToken> {
  readonly #source: TokenSource;
  readonly #slots: Slots;
  #known?: TokenSlot;

  constructor(source: TokenSource, slots: Slots) {
    super(answer);
    this.#source = source;
    this.#slots = slots;
  }

  /** The slot known from the last call, while the cache has it: looking it up costs more than all the rest. */
  get slot(): TokenSlot | undefined {
    if (this.#known?.kept !== true) this.#known = this.#slots.use(this.#source);
    else this.#known.asked = true;
    return this.#known;
  }
}

/** One function for all, which RxJS calls as a method. */
function answer(this: Observable<AccessToken>, subscriber: Subscriber<AccessToken>): TeardownLogic {
  const { slot } = this as OneToken;
  return slot === undefined ? refuse(subscriber) : slot.answer(subscriber);
}

function refuse(subscriber: Subscriber<AccessToken>): undefined {
  subscriber.error(destroyed());
}

function destroyed(): MindsphereCredentialsError {
  return new MindsphereCredentialsError('module_destroyed', 'The module has been destroyed: no token is to be had.');
}
