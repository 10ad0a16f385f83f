/** Credentials derived for other tenants, so that asking for the same ones again costs a look-up. */
export class DerivedCredentials<T extends object> {
  readonly #most: number;
  /** In the order in which they were made. */
  readonly #known = new Map<string, T>();

  /**
   * @param most how many are kept; beyond it the oldest is dropped. One that is asked for again is made anew, and shares
   * the cached token all the same.
   */
  constructor(most: number) {
    this.#most = most;
  }

  /** The credentials known for a tenant and, where it counts, its host tenant. */
  find(tenant: string, hostTenant?: string): T | undefined {
    return this.#known.get(keyOf(tenant, hostTenant));
  }

  remember(derived: T, tenant: string, hostTenant?: string): T {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= this.#most && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(keyOf(tenant, hostTenant), derived);
    return derived;
  }

  /** All that are kept. */
  get all(): T[] {
    return [...this.#known.values()];
  }
}

/** A tenant is a DNS label, so it holds no `/`: no two pairs share a key. */
function keyOf(tenant: string, hostTenant = ''): string {
  return `${hostTenant}/${tenant}`;
}
