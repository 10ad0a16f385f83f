import {
  type Answer,
  drip,
  flood,
  hang,
  hangInBody,
  html,
  json,
  raw,
  redirect,
  reset,
  resetInBody,
  type StubPlatform,
  truncated,
} from '../../support/stub-platform.js';

/** A way of the token server to fail. */
export interface Fault {
  readonly name: string;
  readonly answer: (platform: StubPlatform) => Answer;
  /** Whether requests are left hanging. */
  readonly holds?: boolean;
  /** What callers without a token get. */
  readonly error: { readonly code: string; readonly status?: number };
  /** `passes`: it is tried again; `final`: the server said no; `invalid`: an answer that cannot be believed. */
  readonly kind: 'passes' | 'final' | 'invalid';
}

const passing = (name: string, answer: Fault['answer'], status?: number): Fault => ({
  name,
  answer,
  error: { code: 'token_request_failed', ...(status !== undefined && { status }) },
  kind: 'passes',
});
const final = (name: string, status: number, answer: Answer = json({ error: 'unauthorized' }, status)): Fault => ({
  name,
  answer: () => answer,
  error: { code: 'token_request_failed', status },
  kind: 'final',
});
const invalid = (name: string, answer: Answer): Fault => ({
  name,
  answer: () => answer,
  error: { code: 'token_response_invalid' },
  kind: 'invalid',
});
const hanging = (name: string, answer: Answer): Fault => ({ ...passing(name, () => answer), holds: true });

const status = (code: number, retryAfter?: string) =>
  json({ error: 'x' }, code, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
/** As a date: two seconds from whenever it is asked. */
const dated: Answer = (exchange) => status(503, new Date(Date.now() + 2_000).toUTCString())(exchange);

/** Every way of the token server to fail. */
export const FAULTS: readonly Fault[] = [
  passing('status 500', () => status(500), 500),
  passing('503', () => status(503), 503),
  passing('429', () => status(429), 429),
  passing('503 with `Retry-After: 2`', () => status(503, '2'), 503),
  passing('503 with `Retry-After` as a date, 2 s', () => dated, 503),
  passing('429 with `Retry-After: 2`', () => status(429, '2'), 429),
  passing('429 with `Retry-After: 3600`', () => status(429, '3600'), 429),
  final('400', 400),
  final('401', 401),
  final('403', 403),
  final('redirect', 302, redirect('/elsewhere')),
  invalid('HTML with status 200', html('<h1>Sign in</h1>')),
  invalid('empty body', raw({ body: '' })),
  invalid('wrong JSON', json({ access_token: 'undefined', token_type: 'Bearer', expires_in: 1_800 })),
  invalid('cut JSON', raw({ body: '{"access_token":"ey' })),
  invalid('body without end (over 256 kB)', flood()),
  passing('body broken off', () => truncated()),
  passing('reset', () => reset()),
  passing('reset in the body', () => resetInBody()),
  hanging('no answer', hang()),
  hanging('a body that stops', hangInBody()),
  hanging('a body that drips', drip()),
];
