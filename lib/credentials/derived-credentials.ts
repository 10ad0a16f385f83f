/** Credentials derived for other tenants, so that asking for the same one again costs a look-up. */
export class DerivedCredentials<T extends object> {
  readonly #most: number;
  readonly #usualHost?: string;
  // In the order in which they came: who looks does not move them, which would cost more than to make some anew.
  readonly #known = new Map<string, T>();
  readonly #ofOtherHosts = new Map<string, T>();

  /**
   * @param most how many are remembered; a forgotten one is made anew and shares the cached token all the same.
   * @param usualHost the host that most are derived with: for these the name is the key, which spares joining texts.
   */
  constructor(most: number, usualHost?: string) {
    this.#most = most;
    this.#usualHost = usualHost;
  }

  /** The credentials known for a name. */
  find(name: string, host?: string): T | undefined {
    return host === this.#usualHost ? this.#known.get(name) : this.#ofOtherHosts.get(keyOf(name, host));
  }

  remember(derived: T, name: string, host?: string): T {
    if (host === this.#usualHost) this.#add(this.#known, name, derived);
    else this.#add(this.#ofOtherHosts, keyOf(name, host), derived);
    return derived;
  }

  /** All that are remembered. */
  get all(): T[] {
    return [...this.#known.values(), ...this.#ofOtherHosts.values()];
  }

  #add(known: Map<string, T>, key: string, derived: T): void {
    const [oldest] = known.keys();
    if (known.size >= this.#most && oldest !== undefined) known.delete(oldest);
    known.set(key, derived);
  }
}

/** No label is empty or holds a `/`, so no two pairs share a key. */
function keyOf(name: string, host = '/'): string {
  return `${host}/${name}`;
}
