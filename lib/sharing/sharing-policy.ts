import type { RefreshOptions } from '../config/module-options.interface.js';
import { aheadOf } from '../token/held-token.js';
import type { TokenGrant } from '../token/token-source.interface.js';

/** What a store may cost one token request, all its operations together. */
export const STORE_TIMEOUT_MS = 500;

/** How long a store that failed is left alone: between half and the whole of 1 s, doubling to 30 s. */
export const STORE_PAUSES = { firstMs: 1_000, longestMs: 30_000 };

/** A holder that was killed delays others by no more than this; one that is slower is joined by a second. */
const LONGEST_LOCK_MS = 3_000;
/** After this an instance that waits for another's token asks for itself; enough of its deadline is left for that. */
const LONGEST_WAIT_MS = 6_000;
const POLL_MS = { least: 50, most: 200 };
/** By so much, at most, instances that share a token renew it at different times. */
const LONGEST_EARLIER_MS = 60_000;
/** Instances differ a little in what they think is left of a token; less than this margin is no difference. */
const LEAST_GAIN_MS = 1_000;

/** For how long a lock is taken and waited for: well below the deadline of a token request. */
export function lockTimes(deadlineMs: number): { readonly lockMs: number; readonly waitMs: number } {
  return {
    lockMs: Math.ceil(Math.min(LONGEST_LOCK_MS, deadlineMs / 5)),
    waitMs: Math.min(LONGEST_WAIT_MS, (deadlineMs * 2) / 5),
  };
}

/** The pause before the next look at what the holder of the lock has brought. */
export function pollDelayMs(random: () => number): number {
  return POLL_MS.least + (POLL_MS.most - POLL_MS.least) * random();
}

/** How much earlier than others this instance renews a token: up to a fifth of the margin, and never later. */
export function earlierMs({ aheadMs }: Required<RefreshOptions>, random: () => number): number {
  return Math.min(LONGEST_EARLIER_MS, aheadMs / 5) * random();
}

/** Whether a shared token is worth having: one that would be due for renewal at once is not. */
export function isWorthTaking(grant: TokenGrant, margins: Required<RefreshOptions>): boolean {
  const left = grant.lifeMs - (grant.usedMs ?? 0);
  return left > aheadOf(grant, margins) + Math.min(LEAST_GAIN_MS, grant.lifeMs / 20);
}
