import type { LRUCache } from 'lru-cache';
import { Observable, of } from 'rxjs';
import type { ResolvedOptions } from '../config/resolved-options.interface.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { Reporter } from '../telemetry/reporter.js';
import { lruCache } from '../util/lru-cache.js';
import type { AccessToken } from './access-token.js';
import { type SlotPolicy, TokenSlot } from './token-slot.js';
import type { TokenSource } from './token-source.interface.js';
import { type TokenState, UNUSED } from './held-token.js';

/** The tokens of one credential in its cache. The Observables are the same at each reading. */
export interface TokenHandle {
  /** One valid token, then completes. */
  readonly one$: Observable<AccessToken>;
  /** The current token, then every later one. */
  readonly all$: Observable<AccessToken>;
  /** @param token its value; default: whatever is cached. */
  invalidate(token?: string): void;
  /** Another token for the API (`place`) that has rejected one; `undefined` where another would not help. */
  replaceRejected(token: AccessToken, place: string): Observable<AccessToken | undefined>;
  /** Notes that an API has accepted a token. */
  noteAccepted(token: AccessToken, place: () => string): void;
  /** What is known of the token at this moment; absent where there is no single one. */
  readonly state?: () => TokenState;
}

/** All tokens of one registration: bounded, shared by key, ended at module destroy. */
export class TokenCache {
  readonly #policy: SlotPolicy;
  readonly #maxTokens: number;
  /** Slots with a request in flight or a listener. They are never evicted. */
  readonly #used = new Map<string, TokenSlot>();
  readonly #idle: LRUCache<string, TokenSlot>;
  #destroyed = false;

  constructor({ refresh, request, cache }: ResolvedOptions, reporter: Reporter, random = Math.random) {
    this.#maxTokens = cache.maxTokens;
    this.#idle = lruCache(cache.maxTokens);
    const { deadlineMs } = request;
    this.#policy = { margins: refresh, deadlineMs, random, reporter, onUse: (slot) => this.#place(slot) };
  }

  /** The tokens of a source. Handles of sources with equal keys share one token. No network I/O by itself. */
  handle(source: TokenSource): TokenHandle {
    return new CachedTokens(source, this);
  }

  /** The slot of a source, a new one where there is none; `undefined` once the module is destroyed. */
  use(source: TokenSource): TokenSlot | undefined {
    return this.#destroyed ? undefined : (this.find(source) ?? new TokenSlot(source, this.#policy));
  }

  /** The slot of a source, if there is one. */
  find({ key }: TokenSource): TokenSlot | undefined {
    return this.#idle.get(key) ?? this.#used.get(key);
  }

  /** As {@link find}, but this look is no use of the token, so it keeps nothing from being evicted. */
  peek({ key }: TokenSource): TokenSlot | undefined {
    return this.#idle.peek(key) ?? this.#used.get(key);
  }

  /**
   * Called by Nest, once no request is served any more. Aborts requests, clears timers, completes `token$`. Afterwards
   * every call fails with `module_destroyed`.
   */
  onApplicationShutdown(): void {
    this.#destroyed = true;
    const used = [...this.#used.values()];
    this.#used.clear();
    this.#idle.clear();
    for (const slot of used) slot.destroy(destroyed());
  }

  /** Puts a slot where it belongs, and makes room where there are too many. */
  #place(slot: TokenSlot): void {
    if (this.#destroyed) return;
    if (slot.inUse) {
      this.#idle.delete(slot.key);
      this.#used.set(slot.key, slot);
    } else {
      this.#used.delete(slot.key);
      this.#idle.set(slot.key, slot);
    }
    while (this.#idle.size > 0 && this.#idle.size + this.#used.size > this.#maxTokens) this.#idle.pop();
  }
}

class CachedTokens implements TokenHandle {
  readonly one$: Observable<AccessToken>;
  readonly #source: TokenSource;
  readonly #cache: TokenCache;
  /** Made at the first use: there may be many credentials, and few are listened to. */
  #all$?: Observable<AccessToken>;

  constructor(source: TokenSource, cache: TokenCache) {
    this.#source = source;
    this.#cache = cache;
    this.one$ = new Observable((subscriber) => (cache.use(source) ?? destroyedSlot).answer(subscriber));
  }

  get all$(): Observable<AccessToken> {
    return (this.#all$ ??= new Observable((subscriber) =>
      (this.#cache.use(this.#source) ?? destroyedSlot).listen(subscriber),
    ));
  }

  invalidate(token?: string): void {
    const slot = this.#cache.find(this.#source);
    // A token that is no longer cached here may still be shared.
    if (slot === undefined) this.#source.retract(token);
    else slot.invalidate(token);
  }

  replaceRejected(token: AccessToken, place: string): Observable<AccessToken | undefined> {
    return this.#cache.use(this.#source)?.replaceRejected(token, place) ?? of(undefined);
  }

  noteAccepted(token: AccessToken, place: () => string): void {
    this.#cache.peek(this.#source)?.noteAccepted(token, place);
  }

  state(): TokenState {
    return this.#cache.peek(this.#source)?.state ?? UNUSED;
  }
}

/** Stands for every slot once the module is destroyed. */
const destroyedSlot: Pick<TokenSlot, 'answer' | 'listen'> = {
  answer: (subscriber) => subscriber.error(destroyed()),
  listen: (subscriber) => subscriber.error(destroyed()),
};

function destroyed(): MindsphereCredentialsError {
  return new MindsphereCredentialsError('module_destroyed', 'The module has been destroyed: it gives no more tokens.');
}
