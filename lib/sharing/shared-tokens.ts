import type { ResolvedOptions } from '../config/resolved-options.interface.js';
import type { SealedKeys } from '../config/sealed-secrets.js';
import { Reporter } from '../telemetry/reporter.js';
import type { TokenStore } from '../store/token-store.interface.js';
import type { OrderSharing, TokenOrder, TokenSharing } from '../token/token-source.interface.js';
import { EntryKey } from './entry-key.js';
import { GuardedStore } from './guarded-store.js';
import { RetractedTokens, type SharingContext } from './sharing-context.js';
import { SharedEntries } from './shared-entries.js';
import { SharedOrder } from './shared-order.js';

/** What one registration shares with other instances through `cache.store`; nothing where there is none. */
export class SharedTokens implements TokenSharing {
  readonly #context?: SharingContext;

  constructor(
    { cache, refresh, request }: ResolvedOptions,
    reporter = new Reporter(),
    random: () => number = Math.random,
  ) {
    const { store, encryptionKeys } = cache;
    if (store === undefined || encryptionKeys === undefined) return;
    this.#context = {
      ...through(store(), encryptionKeys, reporter, random),
      retracted: new RetractedTokens(),
      reporter,
      margins: refresh,
      deadlineMs: request.deadlineMs,
      random,
    };
  }

  of(order: TokenOrder): OrderSharing | undefined {
    return this.#context === undefined ? undefined : new SharedOrder(order, this.#context);
  }

  /** Called by Nest. From now on the store, which belongs to the application, is only used to release locks. */
  onApplicationShutdown(): void {
    this.#context?.store.close();
  }
}

function through(store: TokenStore, keys: SealedKeys, reporter: Reporter, random: () => number) {
  const guarded = new GuardedStore(store, reporter, random);
  const entryKeys = keys.read().map((key) => new EntryKey(key));
  return { store: guarded, entries: new SharedEntries(entryKeys, guarded, reporter) };
}
