import type { RefreshOptions } from '../config/sections/requests.options.js';
import type { Reporter } from '../telemetry/reporter.js';
import type { GuardedStore } from './guarded-store.js';
import type { RetractedTokens } from './retracted-tokens.js';
import type { SharedEntries } from './shared-entries.js';

/** What all orders of one registration share. */
export interface SharingContext {
  readonly store: GuardedStore;
  readonly entries: SharedEntries;
  readonly retracted: RetractedTokens;
  readonly reporter: Reporter;
  readonly margins: Required<RefreshOptions>;
  readonly deadlineMs: number;
  readonly random: () => number;
}
