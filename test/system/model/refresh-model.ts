/*
 * The refresh promises (`api.md`, "Credentials"; issues 2.5 and 4.2-4.4) as a small model. It imports nothing and holds
 * no token: all it knows of a tenant is the history of what its server was asked and what it answered, and of what the
 * application told the library. From that it says which answer to a call is allowed, and which requests must or must
 * not be made. Where the promises leave room (jitter, attempts that the server cannot tell apart) it says "maybe".
 */

/** What one registration was promised, in milliseconds. */
export interface Terms {
  readonly aheadMs: number;
  readonly minValidityMs: number;
  readonly retries: number;
  readonly retryDelayMs: number;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
}

export type Happening =
  | { readonly kind: 'request'; readonly at: number; readonly secret: string }
  | { readonly kind: 'token'; readonly at: number; readonly value: string; readonly lifeMs: number }
  /** The end of a request without a token; no status where there was no answer. */
  | { readonly kind: 'failure'; readonly at: number; readonly status?: number; readonly secret: string }
  | { readonly kind: 'invalidated'; readonly at: number; readonly value?: string };

type Of<K extends Happening['kind']> = Extract<Happening, { kind: K }>;
type Token = Of<'token'>;
type Failure = Of<'failure'>;

export type Verdict = 'yes' | 'no' | 'maybe';

/** What a call of `getToken()` may come to. */
export interface Expected {
  /** Whether the answer comes within the call. */
  readonly atOnce: Verdict;
  /** Whether there is an error without any request, before time passes. */
  readonly refusedAtOnce: boolean;
  /** Requests that the call itself causes: from, to. */
  readonly requests: readonly [number, number];
  /** The answer is there by then, whatever the server does. */
  readonly latest: number;
}

export const FINAL: readonly number[] = [400, 401, 403];
const LAST_MOMENT_MS = 2_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 20_000;
const FIRST_SILENCE_MS = 1_000;
const LONGEST_SILENCE_MS = 30_000;

const isRefusal = ({ status }: Failure) => status !== undefined && (FINAL.includes(status) || status === 429);
const doubled = (first: number, longest: number, times: number) =>
  Math.min(longest, first * 2 ** Math.max(0, times - 1));
const between = (from: number, value: number, to: number): Verdict => {
  if (value < from) return 'yes';
  return value > to ? 'no' : 'maybe';
};

/** One tenant. */
export class TenantModel {
  readonly #terms: Terms;
  readonly #history: Happening[] = [];

  constructor(terms: Terms) {
    this.#terms = terms;
  }

  tell(happening: Happening): void {
    this.#history.push(happening);
  }

  get lastIssued(): Token | undefined {
    return this.#all('token').at(-1);
  }

  get lastFailure(): Failure | undefined {
    return this.#all('failure').at(-1);
  }

  /** The only token that anybody may get now. */
  inHand(at: number): Token | undefined {
    const token = this.lastIssued;
    return token !== undefined && !this.#isForgotten(token) && this.#left(token, at) > 0 ? token : undefined;
  }

  left(at: number): number {
    const token = this.inHand(at);
    return token === undefined ? 0 : this.#left(token, at);
  }

  /** Margins of the last token: a short life shrinks them. */
  get margins(): { aheadMs: number; minValidityMs: number } {
    const lifeMs = this.lastIssued?.lifeMs ?? 0;
    return {
      aheadMs: Math.min(this.#terms.aheadMs, lifeMs / 2),
      minValidityMs: Math.min(this.#terms.minValidityMs, lifeMs / 4),
    };
  }

  /** Requests at the server that have neither been answered nor broken off. */
  get open(): number {
    return this.#all('request').length - this.#all('token').length - this.#all('failure').length;
  }

  /** How often the server said no for good. */
  get refusals(): number {
    return this.#all('failure').filter(({ status = 0 }) => FINAL.includes(status)).length;
  }

  requestsSince(at: number): number {
    return this.#all('request').filter((request) => request.at >= at).length;
  }

  failuresSince(at: number): number {
    return this.#all('failure').filter((failure) => failure.at >= at).length;
  }

  tokensSince(at: number): number {
    return this.#all('token').filter((token) => token.at >= at).length;
  }

  /** Whether a token request is on its way, which may mean the pause between two of its attempts. */
  flight(at: number): Verdict {
    if (this.open > 0) return 'yes';
    const end = this.#history.findLast(({ kind }) => kind === 'token' || kind === 'failure');
    if (end?.kind !== 'failure' || FINAL.includes(end.status ?? 0) || this.#terms.retries === 0) return 'no';
    return at - end.at <= this.#terms.retryDelayMs * 2 ** (this.#terms.retries - 1) ? 'maybe' : 'no';
  }

  /**
   * Whether no renewal is attempted just now, because one has failed: 1 s, doubling to 20 s, half of it jitter; after a
   * refusal for as long as that is remembered.
   */
  resting(at: number): Verdict {
    const streak = this.#streak();
    const last = streak.at(-1);
    if (last === undefined) return 'no';
    if (streak.some(isRefusal)) {
      const [least] = isRefusal(last) ? this.#silence(last) : [0];
      return between(least, at - last.at, LONGEST_SILENCE_MS);
    }
    const nominal = doubled(FIRST_PAUSE_MS, LONGEST_PAUSE_MS, streak.length);
    // Attempts are not failures of a renewal.
    const least = this.#terms.retries === 0 ? nominal / 2 : FIRST_PAUSE_MS / 2;
    return between(least, at - last.at, nominal);
  }

  /** Whether the server is left alone with this secret, because it has refused it: 1 s, doubling to 30 s. */
  silent(at: number, secret: string): Verdict {
    const last = this.#streak().findLast(isRefusal);
    if (last?.secret !== secret) return 'no';
    const [least, most] = this.#silence(last);
    // over is over
    return between(least, at - last.at, most - 1e-6);
  }

  /** Shortest and longest time that the last refusal is remembered for; a changed secret begins with 1 s again. */
  #silence({ secret }: Failure): [number, number] {
    const refusals = this.#streak().filter(isRefusal);
    const inARow = refusals.slice(refusals.findLastIndex((refusal) => refusal.secret !== secret) + 1);
    // A 429 may have been one attempt of several.
    const certain = this.#terms.retries === 0 ? inARow : inARow.filter(({ status }) => status !== 429);
    const isCertain = certain.at(-1) === inARow.at(-1);
    const most = doubled(FIRST_SILENCE_MS, LONGEST_SILENCE_MS, inARow.length);
    return [isCertain ? doubled(FIRST_SILENCE_MS, LONGEST_SILENCE_MS, certain.length) : 0, most];
  }

  /** What a call of `getToken()` now may come to. */
  get(at: number, secret: string): Expected {
    const { deadlineMs } = this.#terms;
    if (this.inHand(at) === undefined) {
      const [flight, silent] = [this.flight(at), this.silent(at, secret)];
      return {
        atOnce: flight === 'yes' || silent === 'no' ? 'no' : 'maybe',
        refusedAtOnce: flight === 'no' && silent === 'yes',
        requests: this.#requests([flight, silent]),
        latest: at + deadlineMs,
      };
    }
    const left = this.left(at);
    const { aheadMs, minValidityMs } = this.margins;
    const held = { atOnce: 'yes', refusedAtOnce: false, latest: at } as const;
    const reasons = [this.flight(at), this.resting(at), this.silent(at, secret)];
    const requests = this.#requests(reasons);
    if (left > aheadMs) return { ...held, requests: [0, 0] };
    if (left === aheadMs) return { ...held, requests: [0, requests[1]] };
    if (left > minValidityMs) return { ...held, requests };
    const waitMs = Math.max(0, Math.min(deadlineMs, left - LAST_MOMENT_MS));
    if (waitMs === 0) return { ...held, requests };
    return {
      ...held,
      requests,
      atOnce: left === minValidityMs ? 'maybe' : this.#atOnce(at, secret),
      latest: at + waitMs,
    };
  }

  /** Near the end: whether there is nothing to wait for. */
  #atOnce(at: number, secret: string): Verdict {
    if (this.flight(at) === 'yes') return 'no';
    if (this.flight(at) === 'no' && this.resting(at) === 'yes') return 'yes';
    const mayWait = this.flight(at) !== 'no' || this.resting(at) !== 'no' || this.silent(at, secret) !== 'no';
    return mayWait ? 'maybe' : 'no';
  }

  /** One request, unless something speaks against it. */
  #requests(against: readonly Verdict[]): readonly [number, number] {
    if (against.includes('yes')) return [0, 0];
    return against.includes('maybe') ? [0, 1] : [1, 1];
  }

  #left(token: Token, at: number): number {
    return token.lifeMs - (at - token.at);
  }

  #isForgotten(token: Token): boolean {
    const since = this.#history.slice(this.#history.indexOf(token) + 1);
    return since.some((event) => event.kind === 'invalidated' && (event.value ?? token.value) === token.value);
  }

  /** Failures since something went well, or was told to be forgotten. */
  #streak(): Failure[] {
    const history = this.#history;
    const start = history.findLastIndex((event, index) => event.kind === 'token' || this.#forgets(event, index));
    return history.slice(start + 1).filter((event) => event.kind === 'failure');
  }

  /** Whether this is the forgetting of something: a token already replaced, or forgotten before, is left alone. */
  #forgets(event: Happening, index: number): boolean {
    if (event.kind !== 'invalidated') return false;
    if (event.value === undefined) return true;
    const before = this.#history.slice(0, index);
    const token = before.findLastIndex(({ kind }) => kind === 'token');
    const last = before[token];
    const since = before.slice(token + 1);
    return (
      last?.kind === 'token' &&
      last.value === event.value &&
      !since.some((other) => other.kind === 'invalidated' && (other.value ?? last.value) === last.value)
    );
  }

  #all<K extends Happening['kind']>(kind: K): Of<K>[] {
    return this.#history.filter((event): event is Of<K> => event.kind === kind);
  }
}
