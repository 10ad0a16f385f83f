import { defer, type Observable, ReplaySubject, tap } from 'rxjs';
import type { Platform } from '../platform/platform.interface.js';
import type { KeySetReadEvent } from '../telemetry/credentials-event.interface.js';
import type { Reporter } from '../telemetry/reporter.js';
import { now } from '../util/clock.js';
import { lruCache } from '../util/lru-cache.js';
import type { VerificationKey } from './key-set.js';
import { type KeySetAnswer, type KeySetClient, KeySetFailure } from './key-set.client.js';
import { ProvenKeys } from './proven-keys.js';
import { type PermittedRead, READERS, ReadDenied, type Reader, type ReadLimit } from './read-limit.js';
import { refused, unavailable } from './refused.js';
import type { SignedToken } from './signed-token.js';
import { type Judgement, type KeySetLimits, TenantKeySet, type Waiting } from './tenant-key-set.js';

const MOST_ISSUERS_IN_USE = 10_000;
/** Issuers whose tokens were never verified, most of them invented. */
const MOST_UNKNOWN_ISSUERS = 1_000;
/** An unknown issuer that retries has a better place; this is when it may. */
const FIRST_RETRY_MS = 1_000;
/** While a token waits for the platform's set, this much of its time is left for the issuer's own. */
const PART_FOR_OWN_SET = 0.4;

/** Whose sets are read, and how often. */
export interface KeySetsRules {
  readonly platform: Platform;
  /** The tenant whose set is asked first; `undefined` where there is none. */
  readonly platformTenant?: string;
  /** Whether the issuer's own set is asked. */
  readonly ownSets: boolean;
  /** Tenants that the options name: their servers exist, and come before unknown ones where reads are limited. */
  readonly listed: ReadonlySet<string>;
  readonly limits: KeySetLimits;
  /** How long the verification of one token may wait for servers. */
  readonly deadlineMs: number;
}

/** What verifies a token: the key that has signed it, in the set of a server that is trusted with it. */
export interface Proof {
  readonly key: VerificationKey;
  readonly keySet: TenantKeySet;
}

/**
 * The key sets of one platform's OAuth servers. Key ids are the same at different servers, so each set is held by itself:
 * the platform's, and those of the issuers.
 */
export class KeySets {
  readonly #client: KeySetClient;
  readonly #rules: KeySetsRules;
  readonly #readLimit: ReadLimit;
  readonly #reporter: Reporter;
  readonly #random: () => number;
  readonly #platformSet?: TenantKeySet;
  readonly #inUse = lruCache<TenantKeySet>(MOST_ISSUERS_IN_USE);
  readonly #others = lruCache<TenantKeySet>(MOST_UNKNOWN_ISSUERS);
  /** Unknown issuers that were told to retry. */
  readonly #toldToRetry = lruCache<true>(MOST_UNKNOWN_ISSUERS);
  readonly #proven = new ProvenKeys();
  /** Replays, so that nothing begins after the end. */
  readonly #closed = new ReplaySubject<void>(1);

  constructor(
    client: KeySetClient,
    rules: KeySetsRules,
    readLimit: ReadLimit,
    reporter: Reporter,
    random: () => number,
  ) {
    this.#client = client;
    this.#rules = rules;
    this.#readLimit = readLimit;
    this.#reporter = reporter;
    this.#random = random;
    const { platformTenant } = rules;
    if (platformTenant !== undefined) this.#platformSet = this.#make(platformTenant);
  }

  /**
   * Finds the key that has signed a token: in the sets that are held, else by reading them, the platform's first. Fails
   * with `token_signature`, `token_issuer` or `key_set_unavailable`.
   */
  async prove(token: SignedToken): Promise<Proof> {
    const sets = this.#setsFor(token.issuer);
    try {
      const proof = (await heldProof(sets, token)) ?? (await this.#proofByReading(sets, token));
      this.#confirm(proof, token.issuer);
      return proof;
    } finally {
      token.leaveReads();
      if (this.#others.peek(token.issuer)?.isBlank === true) this.#others.delete(token.issuer);
    }
  }

  /** Aborts requests. */
  close(): void {
    this.#closed.next();
  }

  async #proofByReading(sets: readonly TenantKeySet[], token: SignedToken): Promise<Proof> {
    const isProven = await this.#isSignedByProvenKey(sets, token);
    const judgements: Judgement[] = [];
    for (const keySet of sets) {
      // oxlint-disable-next-line no-await-in-loop -- the second is asked only if the first cannot decide
      const judgement = await keySet.judge(token, this.#waitingFor(keySet, isProven, token.issuer));
      if ('key' in judgement) return { key: judgement.key, keySet };
      // Else it would wait for a read to be given back that only waits for it.
      token.leaveReads();
      judgements.push(judgement);
    }
    throw this.#refusal(judgements, token.issuer);
  }

  async #isSignedByProvenKey(sets: readonly TenantKeySet[], token: SignedToken): Promise<boolean> {
    const verdicts = await Promise.all([this.#proven.vouchFor(token), ...sets.map((set) => set.vouchesFor(token))]);
    return verdicts.includes(true);
  }

  #waitingFor(keySet: TenantKeySet, isProven: boolean, issuer: string): Waiting {
    const isFirstOfTwo = keySet === this.#platformSet && this.#rules.ownSets;
    // Nobody waits for a platform's set whose last read failed: the issuer's own may decide at once.
    const patienceMs = keySet.isFailing ? 0 : this.#rules.deadlineMs * (1 - PART_FOR_OWN_SET);
    const reader = keySet === this.#platformSet || isProven ? READERS.proven : this.#readerOf(keySet, issuer);
    return { permit: () => this.#permit(reader, issuer), longestMs: isFirstOfTwo ? patienceMs : Infinity };
  }

  #readerOf(keySet: TenantKeySet, issuer: string): Reader {
    if (keySet.inUse) return READERS.inUse;
    if (this.#rules.listed.has(issuer)) return READERS.listed;
    return this.#toldToRetry.has(issuer) ? READERS.returning : READERS.unknown;
  }

  async #permit(reader: Reader, issuer: string): Promise<PermittedRead> {
    try {
      return await this.#readLimit.take(reader);
    } catch (denied) {
      if (!(denied instanceof ReadDenied) || reader < READERS.returning) throw denied;
      this.#toldToRetry.set(issuer, true);
      throw new ReadDenied(Math.max(FIRST_RETRY_MS, this.#readLimit.waitMs(READERS.returning)));
    }
  }

  /** The issuer's own set is asked last, and what it rules out is refused. */
  #refusal(judgements: readonly Judgement[], issuer: string): Error {
    const last = judgements.at(-1);
    if (last !== undefined && 'ruledOut' in last) return refused('token_signature', last.ruledOut);
    const obstacles = judgements.flatMap((judgement) => ('undecided' in judgement ? [judgement.undecided] : []));
    const open = obstacles.filter(({ absent }) => absent !== true);
    if (open.length === 0 && !this.#rules.listed.has(issuer)) {
      return refused('token_issuer', 'its issuer does not exist');
    }
    const retryAfterMs = Math.min(...obstacles.map((obstacle) => obstacle.retryAfterMs));
    return unavailable((open.at(-1) ?? obstacles.at(-1))?.why ?? 'none can be read', retryAfterMs);
  }

  #setsFor(issuer: string): readonly TenantKeySet[] {
    const { platformTenant, ownSets } = this.#rules;
    const first = this.#platformSet === undefined ? [] : [this.#platformSet];
    return ownSets && issuer !== platformTenant ? [...first, this.#ownSetOf(issuer)] : first;
  }

  #ownSetOf(issuer: string): TenantKeySet {
    const known = this.#inUse.get(issuer) ?? this.#others.get(issuer);
    if (known !== undefined) return known;
    const made = this.#make(issuer);
    this.#others.set(issuer, made);
    return made;
  }

  #confirm({ key, keySet }: Proof, issuer: string): void {
    keySet.confirm();
    this.#proven.add(key);
    if (keySet === this.#platformSet || this.#inUse.has(issuer)) return;
    this.#others.delete(issuer);
    this.#inUse.set(issuer, keySet);
  }

  #make(tenant: string): TenantKeySet {
    const { platformTenant, ownSets, limits } = this.#rules;
    const isPlatform = tenant === platformTenant;
    return new TenantKeySet({
      read: (request) => this.#reported(tenant, this.#client.read(tenant, request)),
      limits,
      // A platform without a set of its own is asked again as seldom as if it had one.
      absentMs: isPlatform && ownSets ? limits.keySetMaxAgeMs : undefined,
      random: this.#random,
      closed$: this.#closed,
    });
  }

  #reported(tenant: string, read$: Observable<KeySetAnswer>): Observable<KeySetAnswer> {
    return defer(() => {
      const began = now().monotonic;
      const report = (result: Pick<KeySetReadEvent, 'outcome' | 'status' | 'ignoredKeys'>) =>
        this.#reporter.keySetRead({
          platform: this.#rules.platform,
          ...result,
          durationMs: now().monotonic - began,
          tenant: this.#isKnown(tenant) ? tenant : undefined,
        });
      return read$.pipe(
        tap({
          next: ({ content }) => report({ outcome: 'ok', ignoredKeys: content?.ignored || undefined }),
          error: (failure: unknown) =>
            report({ outcome: 'failed', status: failure instanceof KeySetFailure ? failure.status : undefined }),
        }),
      );
    });
  }

  /** Whether options or a verified token name the tenant. Anybody can name any other one in an unverified token. */
  #isKnown(tenant: string): boolean {
    const { platformTenant, listed } = this.#rules;
    return tenant === platformTenant || listed.has(tenant) || this.#inUse.has(tenant);
  }
}

async function heldProof(sets: readonly TenantKeySet[], token: SignedToken): Promise<Proof | undefined> {
  for (const keySet of sets) {
    // oxlint-disable-next-line no-await-in-loop -- one signature after the other: the first mostly matches
    const key = await keySet.heldSignerOf(token);
    if (key !== undefined) return { key, keySet };
  }
  return undefined;
}
