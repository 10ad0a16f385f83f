import { LRUCache } from 'lru-cache';

const MOST_BYTES = 32 * 1_024 * 1_024;
/** The token as a string, the strings of its decoded claims, and the objects around them. */
const BYTES_PER_CHARACTER = 2;
/** One value in the claims: a slot, and the object, list or string in it (measured: 20 to 60). */
const BYTES_PER_VALUE = 64;
/** The end of a signature: as good as random, and cheaper than hashing the whole token (measured: 0.3 instead of 2 µs). */
const KEY_LENGTH = 43;

interface WeighedToken {
  readonly value: string;
  /** How many values its claims hold, at all depths. */
  readonly claimCount: number;
}

/**
 * Values by token, bounded in number and bytes. Two tokens are never confused: a key only finds the candidate, which is
 * then compared as a whole.
 */
export class RememberedTokens<T extends { readonly token: WeighedToken }> {
  readonly #values: LRUCache<string, T>;

  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
    this.#values = new LRUCache({
      maxSize: MOST_BYTES,
      sizeCalculation: ({ token }) => token.value.length * BYTES_PER_CHARACTER + token.claimCount * BYTES_PER_VALUE,
    });
  }

  get(token: string): T | undefined {
    const candidate = this.#values.get(token.slice(-KEY_LENGTH));
    return candidate?.token.value === token ? candidate : undefined;
  }

  set(value: T): void {
    this.#values.set(value.token.value.slice(-KEY_LENGTH), value);
    while (this.#values.size > this.#most) this.#values.pop();
  }

  delete(value: T): void {
    this.#values.delete(value.token.value.slice(-KEY_LENGTH));
  }
}
