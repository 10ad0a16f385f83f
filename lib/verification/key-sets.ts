import { LRUCache } from 'lru-cache';
import type { ResolvedOptions, ResolvedPlatform } from '../config/resolved-options.interface.js';
import { MindsphereCredentialsEvents } from '../telemetry/mindsphere-credentials.events.js';
import { IssuerKeys, type Permit } from './issuer-keys.js';
import type { KeySetClient } from './key-set.client.js';
import { reportKeySet } from './key-set-report.js';
import { unavailable } from './refused.js';
import { RequestBudget } from './request-budget.js';

const MOST_KNOWN_ISSUERS = 10_000;
/** Issuers whose tokens were never verified, most of them refused. */
const MOST_STRANGERS = 1_000;
const STRANGERS_AT_ONCE = 10;
const STRANGERS_EVERY_MS = 6_000;
const MOST_PLATFORMS = 100;

/** One budget per platform and process, however many registrations there are: it is the platform that it protects. */
const strangersBudgets = new LRUCache<string, RequestBudget>({ max: MOST_PLATFORMS });

const always: Permit = () => undefined;

/**
 * The keys of all issuers. Key ids are the same at different issuers, so each has a set of its own. Issuers never
 * verified before share one budget, so that invented ones make nobody hammer the platform, nor lock out a known one.
 */
export class KeySets {
  readonly #client: KeySetClient;
  readonly #platform: ResolvedPlatform;
  readonly #verification: ResolvedOptions['verification'];
  readonly #random: () => number;
  readonly #events: MindsphereCredentialsEvents;
  readonly #budget: RequestBudget;
  readonly #configured: ReadonlySet<string>;
  readonly #known = new LRUCache<string, IssuerKeys>({ maxSize: MOST_KNOWN_ISSUERS, sizeCalculation: () => 1 });
  readonly #strangers = new LRUCache<string, IssuerKeys>({ maxSize: MOST_STRANGERS, sizeCalculation: () => 1 });
  #closed = false;

  constructor(
    client: KeySetClient,
    { platforms: [platform], verification }: ResolvedOptions,
    random: () => number,
    events = new MindsphereCredentialsEvents(),
  ) {
    this.#client = client;
    this.#platform = platform;
    this.#verification = verification;
    this.#random = random;
    this.#events = events;
    this.#budget = budgetOf(String(platform.oauthUrl));
    this.#configured = configuredTenants(platform);
  }

  /** The keys to verify tokens of an issuer with, and the permit to ask its server for them. */
  of(issuer: string): { readonly keys: IssuerKeys; readonly permit: Permit } {
    const tenant = this.#platform.users.keySetTenant || issuer;
    const known = this.#known.get(tenant);
    if (known !== undefined) return { keys: known, permit: always };
    const keys = this.#strangers.get(tenant) ?? this.#make(tenant);
    if (!this.#configured.has(tenant)) return { keys, permit: () => this.#admitStranger(tenant, keys) };
    this.#known.set(tenant, keys);
    return { keys, permit: always };
  }

  /** Notes that a token of an issuer was verified. */
  confirm(issuer: string): void {
    const tenant = this.#platform.users.keySetTenant || issuer;
    const keys = this.#strangers.get(tenant);
    if (keys === undefined) return;
    this.#strangers.delete(tenant);
    this.#known.set(tenant, keys);
  }

  /** Aborts requests. */
  close(): void {
    this.#closed = true;
    for (const keys of [...this.#known.values(), ...this.#strangers.values()]) keys.close();
  }

  /** A stranger is remembered only once a request was made for it: 10,000 invented names must not push anybody out. */
  #admitStranger(tenant: string, keys: IssuerKeys): void {
    const waitMs = this.#budget.take();
    if (waitMs > 0) throw unavailable('too many tokens of unknown issuers have come', waitMs);
    this.#strangers.set(tenant, keys);
  }

  #make(tenant: string): IssuerKeys {
    const expected = this.#configured.has(tenant);
    const knownTenant = () => (expected || this.#known.has(tenant) ? tenant : undefined);
    const fetch$ = this.#client
      .fetch(tenant)
      .pipe(reportKeySet(this.#events, this.#platform.rules.platform, knownTenant));
    const keys = new IssuerKeys(fetch$, this.#verification, this.#random, expected);
    if (this.#closed) keys.close();
    return keys;
  }
}

function budgetOf(platform: string): RequestBudget {
  const known = strangersBudgets.get(platform);
  if (known !== undefined) return known;
  const budget = new RequestBudget(STRANGERS_AT_ONCE, STRANGERS_EVERY_MS);
  strangersBudgets.set(platform, budget);
  return budget;
}

function configuredTenants({ app, tenant, users }: ResolvedPlatform): ReadonlySet<string> {
  const tenants = [app?.hostTenant, app?.userTenant, tenant?.tenant, users.keySetTenant];
  const named = [...tenants, ...(users.issuers ?? [])].filter((name) => typeof name === 'string');
  return new Set(named.map((name) => name.toLowerCase()));
}
