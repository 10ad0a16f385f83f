import { defer, type Observable, ReplaySubject, tap } from 'rxjs';
import type { Platform } from '../platform/platform.interface.js';
import type { KeySetReadEvent } from '../telemetry/credentials-event.interface.js';
import type { Reporter } from '../telemetry/reporter.js';
import { now } from '../util/clock.js';
import { lruCache } from '../util/lru-cache.js';
import type { VerificationKey } from './key-set.js';
import { type KeySetAnswer, type KeySetClient, KeySetFailure } from './key-set.client.js';
import type { ReadLimit } from './read-limit.js';
import { ReadPriority } from './read-priority.js';
import { refused, unavailable } from './refused.js';
import type { SignedToken } from './signed-token.js';
import { type Finding, type KeySetLimits, TenantKeySet, type Waiting } from './tenant-key-set.js';

const MOST_ISSUERS_IN_USE = 10_000;
/** Issuers whose tokens were never verified, most of them invented. */
const MOST_UNKNOWN_ISSUERS = 1_000;
/** While a token waits for the platform's set, this much of its time is left for the issuer's own. */
const PART_FOR_OWN_SET = 0.4;

/** Which sets are read, and how often. */
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
  readonly #priority: ReadPriority;
  readonly #reporter: Reporter;
  readonly #random: () => number;
  readonly #platformSet?: TenantKeySet;
  readonly #inUse = lruCache<TenantKeySet>(MOST_ISSUERS_IN_USE);
  readonly #others = lruCache<TenantKeySet>(MOST_UNKNOWN_ISSUERS);
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
    this.#priority = new ReadPriority(readLimit, rules.listed);
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
    if (!token.mayBeSigned) throw refused('token_signature', 'its signature is not that of an acceptable key');
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
    const findings: Finding[] = [];
    for (const keySet of sets) {
      // oxlint-disable-next-line no-await-in-loop -- the second is asked only if the first cannot decide
      const finding = await keySet.find(token, this.#waitingFor(keySet, isProven, token.issuer));
      if ('key' in finding) return { key: finding.key, keySet };
      // Else it would wait for a read to be given back that only waits for it.
      token.leaveReads();
      findings.push(finding);
    }
    if (sets.at(-1) !== this.#platformSet && isFinal(findings.at(-1))) this.#priority.fruitless(token.issuer);
    // No new key has made its signature, so a later read changes nothing.
    const isForged = findings.some(isOpen) && (await isSignatureOfHeldKey(sets, token));
    throw isForged
      ? refused('token_signature', 'it was changed after it was signed')
      : this.#refusal(findings, token.issuer);
  }

  async #isSignedByProvenKey(sets: readonly TenantKeySet[], token: SignedToken): Promise<boolean> {
    const proven = this.#priority.isSignedByProvenKey(token);
    const verdicts = await Promise.all([proven, ...sets.map((set) => set.hasSigned(token))]);
    return verdicts.includes(true);
  }

  #waitingFor(keySet: TenantKeySet, isProven: boolean, issuer: string): Waiting {
    const isPlatformSet = keySet === this.#platformSet;
    // Nobody waits for a platform's set whose last read failed: the issuer's own may decide at once.
    const longestMs = keySet.isFailing ? 0 : this.#rules.deadlineMs * (1 - PART_FOR_OWN_SET);
    const permit = () =>
      isPlatformSet || isProven ? this.#priority.permitProven() : this.#priority.permit(issuer, keySet.inUse);
    return { permit, longestMs: isPlatformSet && this.#rules.ownSets ? longestMs : Infinity };
  }

  /**
   * What the issuer's own set rules out is refused, unless the platform's may not be read now. Where the issuer has no set,
   * the platform's decides.
   */
  #refusal(findings: readonly Finding[], issuer: string): Error {
    const ruledOut = findings.findLast((finding) => 'ruledOut' in finding);
    const obstacles = findings.flatMap((finding) => ('undecided' in finding ? [finding.undecided] : []));
    const open = obstacles.filter(({ absent }) => absent !== true);
    if (open.length === 0 && obstacles.length > 0 && !this.#rules.listed.has(issuer)) {
      return refused('token_issuer', 'its issuer does not exist');
    }
    const isDecided = open.length === 0 || (ruledOut === findings.at(-1) && !findings.some(isOpen));
    if (ruledOut !== undefined && isDecided) return refused('token_signature', ruledOut.ruledOut);
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
    this.#priority.verified(issuer, key);
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

async function isSignatureOfHeldKey(sets: readonly TenantKeySet[], token: SignedToken): Promise<boolean> {
  const verdicts = await Promise.all(sets.map((keySet) => keySet.hasMadeSignatureOf(token)));
  return verdicts.includes(true);
}

/** Whether the set may decide otherwise when it is read, which it may not be now. */
function isOpen(finding: Finding): boolean {
  return 'undecided' in finding && !finding.undecided.byServer;
}

/** Whether a set has decided, or its server answered that there is none. */
function isFinal(finding: Finding | undefined): boolean {
  return (
    finding !== undefined && ('ruledOut' in finding || ('undecided' in finding && finding.undecided.absent === true))
  );
}
