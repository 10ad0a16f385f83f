import type { AccessToken, MindsphereCredentialsError } from 'nestjs-mindsphere-credentials';
import type { FaultyPlatform } from './faulty-platform.js';
import type { LagMeter } from './lag-meter.js';

/** What must never happen. */
export type Rule =
  | 'an expired token'
  | "another tenant's token"
  | 'a wait past the deadline'
  | 'an error while a valid token was in hand'
  | 'a verified user refused'
  | 'an error of an unknown kind'
  | 'left running'
  | 'too little was seen';

interface Suspicion {
  readonly rule: Rule;
  readonly what: string;
  /** By how much a limit in time was exceeded; Infinity where time is no excuse. */
  readonly overMs: number;
  /** The time in which slowness of this process would be one. */
  readonly from: number;
  readonly to: number;
}

/**
 * What the way of an event through one busy process may take beside what the meter shows: coarse timers, and some turns
 * of the event loop between the proxy's last byte and the client's reading it.
 */
const GRACE_MS = 100;
/** Two clocks, each read in whole milliseconds. */
const CLOCK_GRAIN_MS = 2;

/** Hears every outcome and knows what must not be. It asks the platform's book, not the library. */
export class Judge {
  calls = 0;
  tokens = 0;
  longestWaitMs = 0;
  /** Of the application that is running. */
  deadlineMs = 0;
  readonly errors = new Map<string, number>();
  readonly #inHand = new Map<string, { readonly value: string; readonly until: number }>();
  readonly #forgotten = new Set<string>();
  readonly #suspicions: Suspicion[] = [];

  constructor(
    private readonly platform: FaultyPlatform,
    private readonly lifeMs: number,
    private readonly lag: LagMeter,
  ) {}

  /** A caller or listener got a token. */
  token(owner: string, token: AccessToken): void {
    const at = Date.now();
    this.tokens += 1;
    const issued = this.platform.issued.get(token.value);
    const { ten, subtenant } = claimsOf(token.value);
    const claimed = owner.startsWith('app/') ? `app/${ten}` : `tenant/${subtenant}`;
    if (issued?.owner !== owner || claimed !== owner) {
      this.suspect("another tenant's token", `${owner} got one of ${issued?.owner ?? 'nobody'}`);
      return;
    }
    const until = issued.sentAt + this.lifeMs;
    if (at >= until) this.suspect('an expired token', `${owner}, ${at - until} ms too old`, at - until, issued.sentAt);
    // Others who waited for it may get it in the same moment in which one of them has it forgotten.
    if (this.#forgotten.has(token.value)) return;
    const best = this.#inHand.get(owner);
    if (best === undefined || best.until < until) this.#inHand.set(owner, { value: token.value, until });
  }

  /** A caller or listener got an error. */
  error(owner: string, error: MindsphereCredentialsError, { isFinalNews = false } = {}): void {
    this.count(error.code);
    if (!KNOWN.has(error.code)) this.suspect('an error of an unknown kind', `${owner}: ${String(error)}`);
    const at = Date.now();
    const left = (this.#inHand.get(owner)?.until ?? 0) - at;
    // A listener is told of a refusal, though its token is still good.
    if (left > CLOCK_GRAIN_MS && error.code !== 'module_destroyed' && !(isFinalNews && error.retryable === false)) {
      const what = `${owner}: ${error.code} with ${left} ms left`;
      this.suspect('an error while a valid token was in hand', what);
    }
  }

  count(code: string): void {
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
  }

  /** A call is over, whatever came of it. */
  over(owner: string, from: number): void {
    const to = Date.now();
    const waitMs = to - from;
    this.longestWaitMs = Math.max(this.longestWaitMs, waitMs);
    const overMs = waitMs - this.deadlineMs;
    if (overMs > 0) this.suspect('a wait past the deadline', `${owner} waited ${waitMs} ms`, overMs, from, to);
  }

  invalidated(owner: string, token: AccessToken): void {
    this.#forgotten.add(token.value);
    if (this.#inHand.get(owner)?.value === token.value) this.#inHand.delete(owner);
  }

  /** A new application begins with empty hands. */
  forgetHands(): void {
    this.#inHand.clear();
  }

  suspect(rule: Rule, what: string, overMs = Infinity, from = Date.now(), to = from): void {
    this.#suspicions.push({ rule, what, overMs, from, to });
  }

  /** Suspicions that the slowness of this machine, measured meanwhile, does not explain. */
  verdict(): { readonly rule: Rule; readonly what: string }[] {
    return this.#suspicions.filter(({ overMs, from, to }) => overMs > GRACE_MS + this.lag.lost(from, to));
  }
}

const KNOWN: ReadonlySet<string> = new Set([
  'token_request_failed',
  'token_response_invalid',
  'module_destroyed',
  'key_set_unavailable',
  'token_signature',
  'token_expired',
]);

function claimsOf(jwt: string): { ten: string; subtenant: string } {
  const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
  const { ten = '', subtenant = '' } = claims as Record<string, string | undefined>;
  return { ten, subtenant };
}
