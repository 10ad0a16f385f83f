import {
  MindsphereCredentialsError,
  type MindsphereCredentialsErrorCode,
} from '../errors/mindsphere-credentials.error.js';

const LONGEST_QUOTE = 100;

/** Why a token is not accepted. */
export type RefusalCode = Extract<MindsphereCredentialsErrorCode, `token_${string}`>;

/** The error of a token that is not accepted. */
export function refused(code: RefusalCode, why: string): MindsphereCredentialsError {
  return new MindsphereCredentialsError(code, `The user's token is refused: ${why}.`);
}

/** The error of a token that cannot be verified now, because no key set can decide. */
export function unavailable(why: string, retryAfterMs: number): MindsphereCredentialsError {
  return new MindsphereCredentialsError('key_set_unavailable', `No key set to verify the user's token with: ${why}.`, {
    retryable: true,
    retryAfterMs,
  });
}

/** A foreign value fit for a log line: cut, and nothing but printable ASCII. */
export function quoted(value: unknown): string {
  const shown =
    typeof value === 'object' && value !== null ? kindOf(value) : (JSON.stringify(cutString(value)) ?? 'undefined');
  const cut = shown.length > LONGEST_QUOTE ? `${shown.slice(0, LONGEST_QUOTE)}...` : shown;
  return cut.replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function cutString(value: unknown): unknown {
  return typeof value === 'string' ? value.slice(0, LONGEST_QUOTE + 1) : value;
}

/** Lists and objects are not shown: they may be nested so deeply that `JSON.stringify` overflows the stack. */
function kindOf(value: object): string {
  return Array.isArray(value) ? 'a list' : 'an object';
}
