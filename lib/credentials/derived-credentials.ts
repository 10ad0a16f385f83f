import { LRUCache } from 'lru-cache';
import { rules } from '../config/rules.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';

/** Credentials derived for other tenants, so that asking for the same one again costs a look-up. */
export class DerivedCredentials<T extends object> {
  readonly #most: number;
  readonly #usualHost?: string;
  // Made when first needed: most credentials have none derived from them.
  #known?: LRUCache<string, T>;
  #ofOtherHosts?: LRUCache<string, T>;

  /**
   * @param most how many are remembered; a forgotten one is made anew and shares the cached token all the same.
   * @param usualHost the host that most are derived with: for these the name is the key, which spares joining texts.
   */
  constructor(most: number, usualHost?: string) {
    this.#most = most;
    this.#usualHost = usualHost;
  }

  /** The credentials known for a name. Looking does not keep them longer: that would cost more than to make some anew. */
  find(name: string, host?: string): T | undefined {
    return host === this.#usualHost ? this.#known?.peek(name) : this.#ofOtherHosts?.peek(keyOf(name, host));
  }

  remember(derived: T, name: string, host?: string): T {
    if (host === this.#usualHost) (this.#known ??= this.#memory()).set(name, derived);
    else (this.#ofOtherHosts ??= this.#memory()).set(keyOf(name, host), derived);
    return derived;
  }

  /** All that are remembered. */
  get all(): T[] {
    return [...(this.#known?.values() ?? []), ...(this.#ofOtherHosts?.values() ?? [])];
  }

  /** By size, not by count: that allocates nothing in advance. */
  #memory(): LRUCache<string, T> {
    return new LRUCache({ maxSize: this.#most, sizeCalculation: () => 1 });
  }
}

/** No label is empty or holds a `/`, so no two pairs share a key. */
function keyOf(name: string, host = '/'): string {
  return `${host}/${name}`;
}

/** Throws `options_invalid` where a name given at run time is not one DNS label. The name itself is not repeated. */
export function demandLabel(value: unknown, name: string): void {
  if (rules.label.test(value)) return;
  throw new MindsphereCredentialsError('options_invalid', `${name} ${rules.label.demand}.`);
}
