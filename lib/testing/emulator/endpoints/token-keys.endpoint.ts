import { createHash } from 'node:crypto';
import { type Answer, answer, oauthError } from '../http/answer.js';
import { type EmulatedRequest, singleHeader } from '../http/emulated-request.js';
import type { Route } from '../http/route.js';
import type { KeyChain } from '../keys/key-chain.js';

/** `token_keys` of a tenant's OAuth Authorization Server. */
export class TokenKeysEndpoint {
  readonly #keys: KeyChain;

  constructor(keys: KeyChain) {
    this.#keys = keys;
  }

  /** Answers the key set, which is public, or that the client has it already. */
  handle(request: EmulatedRequest, { profile, tenant }: Route): Answer {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return oauthError(405, 'method_not_allowed', `Request method '${request.method}' not supported`, {
        allow: 'GET, HEAD',
      });
    }
    const { status, headers, body } = answer({ keys: this.#keys.ringOf(profile.name, tenant).publish() });
    const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 16)}"`;
    const isKnown = matches(singleHeader(request, 'if-none-match'), etag);
    return isKnown ? { status: 304, headers: { ...headers, etag } } : { status, headers: { ...headers, etag }, body };
  }
}

/** Whether a condition names this version (RFC 9110, section 13.1.2: compared weakly). */
function matches(condition: string | undefined, etag: string): boolean {
  const names = condition?.split(',').map((name) => name.trim().replace(/^W\//, ''));
  return names !== undefined && (names.includes(etag) || names.includes('*'));
}
