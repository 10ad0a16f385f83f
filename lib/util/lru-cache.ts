import { LRUCache } from 'lru-cache';

/**
 * Keeps the entries that were used most recently, and drops those that were used longest ago. It is bounded by
 * `maxSize` with entries of size 1, because with `max` the cache would allocate room for all of them at once.
 */
export function lruCache<V extends {}>(most: number): LRUCache<string, V> {
  return new LRUCache({ maxSize: most, sizeCalculation: () => 1 });
}
