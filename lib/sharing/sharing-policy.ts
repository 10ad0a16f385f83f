import type { RefreshOptions } from '../config/sections/requests.options.js';
import { aheadOf } from '../token/held-token.js';
import type { TokenGrant } from '../token/token-source.interface.js';

/** What a store may cost one token request, all its operations together. */
export const STORE_TIMEOUT_MS = 500;

/** How long a store that failed is left alone: between half and the whole of 1 s, doubling to 30 s. */
export const STORE_PAUSES = { firstMs: 1_000, longestMs: 30_000 };

/** Parts of `request.deadlineMs`. */
const LOCK_PART = 1 / 5;
const WAIT_PART = 2 / 5;
const STORE_WAIT_PART = 3 / 5;
const POLL_MS = { least: 50, most: 200 };
/** By so much, at most, instances that share a token renew it at different times. */
const LONGEST_EARLIER_MS = 60_000;
/** Instances differ a little in what they think is left of a token; less than this margin is no difference. */
const LEAST_GAIN_MS = 1_000;

/**
 * For how long a lock is taken, and waited for: 3 s and 6 s of the 15 s that a token request has. A holder that was
 * killed delays others by no more than the first, and one that is slower is joined by a second; after the other an
 * instance asks for itself, with most of its time left.
 */
export function lockTimes(deadlineMs: number): { readonly lockMs: number; readonly waitMs: number } {
  return { lockMs: Math.ceil(deadlineMs * LOCK_PART), waitMs: deadlineMs * WAIT_PART };
}

/**
 * For how long the renewal of a token waits for a store that is down, while the token is still good: 9 s of 15 s. A store
 * that is back within 7 s is tried again before that, since its pauses double from 1 s.
 */
export function storeWaitMs(deadlineMs: number): number {
  return deadlineMs * STORE_WAIT_PART;
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
