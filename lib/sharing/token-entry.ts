import { NO_VALUES, parseValues } from '../util/json.js';
import type { Moment } from '../util/clock.js';
import { elapsedSince } from '../util/clock.js';
import { readGrant } from '../token/token-answer.js';
import type { TokenOrder } from '../token/token-endpoint.interface.js';
import type { TokenGrant } from '../token/token-source.interface.js';
import { EntryRefused } from './entry-refused.js';

/** When an entry was asked for, and the life it had left by the store's clock. */
export interface EntryAge {
  readonly asked: Moment;
  readonly ttlMs?: number;
}

/** A token as it is stored, before encryption. */
export function entryOf({ value, lifeMs, scope }: TokenGrant, received: Moment): string {
  return JSON.stringify({ value, lifeMs, scope, receivedAt: received.wall });
}

/**
 * The token of an entry, checked as if the token endpoint had just given it: whoever could write the store with a key
 * must not be believed more than the platform. Throws {@link EntryRefused}.
 */
export function readEntry(text: string, order: TokenOrder, age: EntryAge): TokenGrant {
  const { value, lifeMs, scope, receivedAt } = parseValues(text) ?? NO_VALUES;
  if (typeof lifeMs !== 'number' || typeof receivedAt !== 'number') throw new EntryRefused('malformed');
  const grant = checked({ value, lifeMs, scope }, order);
  const usedMs = usedOf(lifeMs, receivedAt, age);
  if (!(usedMs < grant.lifeMs)) throw new EntryRefused('expired');
  return { ...grant, usedMs };
}

function checked({ value, lifeMs, scope }: { value: unknown; lifeMs: number; scope: unknown }, order: TokenOrder) {
  const { url, expected } = order;
  // It was stored under this subtenant's name only after its answer, too, had named it.
  const name = expected.rules.claims.subtenant;
  const limited = name === undefined ? {} : { [name]: expected.subtenant };
  const answer = { access_token: value, token_type: 'Bearer', expires_in: lifeMs / 1_000, scope, ...limited };
  try {
    return readGrant({ status: 200, headers: {}, body: JSON.stringify(answer) }, url, expected, 0);
  } catch {
    throw new EntryRefused('unacceptable');
  }
}

/** By the clock that says more: the wall clocks of writer and reader, or the store's own. */
function usedOf(lifeMs: number, receivedAt: number, { asked, ttlMs = lifeMs }: EntryAge): number {
  return Math.max(0, asked.wall - receivedAt, lifeMs - ttlMs) + elapsedSince(asked);
}
