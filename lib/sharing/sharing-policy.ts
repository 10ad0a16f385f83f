import type { RefreshOptions } from '../config/sections/requests.options.js';
import { aheadOf } from '../token/held-token.js';
import type { TokenGrant } from '../token/token-source.interface.js';

/** The time that a store may take for one token request, all its operations together. */
export const STORE_TIMEOUT_MS = 500;

/** For how long a store that failed is not used: between half and the whole of 1 s, doubling to 30 s. */
export const STORE_PAUSES = { firstMs: 1_000, longestMs: 30_000 };

/** Parts of `request.deadlineMs`. */
const LOCK_PART = 1 / 5;
const WAIT_PART = 2 / 5;
const STORE_WAIT_PART = 3 / 5;
const POLL_MS = { least: 50, most: 200 };
/** Instances that share a token renew it at different times, at most so much apart. */
const LONGEST_EARLIER_MS = 60_000;
/** Instances differ a little in how much life they count for a token; a gain of less than this does not count. */
const LEAST_GAIN_MS = 1_000;

/**
 * For how long a lock is taken, and for how long others wait for it: 3 s and 6 s of the 15 s that a token request has. A
 * holder that was killed delays the others by 3 s at most. After 6 s an instance requests the token without the lock, and
 * still has most of its time.
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

/** The pause before the store is read again, while another instance holds the lock. */
export function pollDelayMs(random: () => number): number {
  return POLL_MS.least + (POLL_MS.most - POLL_MS.least) * random();
}

/** How much earlier than others this instance renews a token: a random part of up to a fifth of `aheadMs`. */
export function earlierMs({ aheadMs }: Required<RefreshOptions>, random: () => number): number {
  return Math.min(LONGEST_EARLIER_MS, aheadMs / 5) * random();
}

/** Whether to take a shared token: not one that would be due for renewal at once. */
export function isWorthTaking(grant: TokenGrant, margins: Required<RefreshOptions>): boolean {
  const left = grant.lifeMs - (grant.usedMs ?? 0);
  return left > aheadOf(grant, margins) + Math.min(LEAST_GAIN_MS, grant.lifeMs / 20);
}
