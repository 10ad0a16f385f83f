import { LRUCache } from 'lru-cache';
import { rules } from '../config/rules.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';

/** How many derived objects are remembered; a forgotten one is made anew and shares the cached token all the same. */
const MOST_REMEMBERED = 10_000;

/** Credentials derived for other tenants, so that asking for the same one again costs a look-up. */
export class DerivedCredentials<T extends object> {
  /** Made when first needed: most credentials have none derived from them. */
  #known?: LRUCache<string, T>;

  /** The credentials known under a key of labels joined by `/`, which no label holds; else new ones. */
  get(key: string, derive: () => T): T {
    const known = this.#known?.get(key);
    if (known !== undefined) return known;
    const derived = derive();
    // By size, not by count: that allocates nothing in advance.
    this.#known ??= new LRUCache({ maxSize: MOST_REMEMBERED, sizeCalculation: () => 1 });
    this.#known.set(key, derived);
    return derived;
  }

  /** All that are remembered. */
  get all(): T[] {
    return [...(this.#known?.values() ?? [])];
  }
}

/** Throws `options_invalid` where a name given at run time is not one DNS label. The name itself is not repeated. */
export function demandLabel(value: unknown, name: string): void {
  if (rules.label.test(value)) return;
  throw new MindsphereCredentialsError('options_invalid', `${name} ${rules.label.demand}.`);
}
