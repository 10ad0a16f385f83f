import { HeldToken } from '../../../lib/token/held-token.js';
import { TokenCache } from '../../../lib/token/token-cache.js';
import { TokenFlight } from '../../../lib/token/token-waiters.js';
import type { Rule } from './judge.js';

/** Bugs, planted from outside, that the chaos run must find within so many seconds. */
export const PLANTS = {
  /** A cache key that forgets whose the app credentials' token is. */
  tenants: {
    expected: "another tenant's token",
    seconds: 1,
    plant: () =>
      patch(
        TokenCache.prototype,
        'handle',
        (original) =>
          function (this: TokenCache, source) {
            return original.call(this, source.credentials === 'app' ? { ...source, key: 'app' } : source);
          },
      ),
  },
  /** A clock that is 2 s behind. */
  expired: {
    expected: 'an expired token',
    seconds: 4,
    plant: () =>
      patch(
        HeldToken.prototype,
        'lifeLeftMs',
        (original) =>
          function (this: HeldToken) {
            return original.call(this) + 2_000;
          },
      ),
  },
  /** A timer per request that nobody clears, and that does not even keep the process alive. */
  timer: {
    expected: 'left running',
    seconds: 1,
    plant: () =>
      patch(
        TokenFlight.prototype,
        'start',
        (original) =>
          function (this: TokenFlight, ...given) {
            setTimeout(() => undefined, 600_000).unref();
            return original.apply(this, given);
          },
      ),
  },
} as const satisfies Record<string, { expected: Rule; seconds: number; plant: () => () => void }>;

export type Plant = keyof typeof PLANTS;

/** Replaces a method until the returned function is called. */
function patch<T extends object, K extends keyof T>(target: T, name: K, replace: (original: T[K]) => T[K]): () => void {
  const original = target[name];
  target[name] = replace(original);
  return () => {
    target[name] = original;
  };
}
