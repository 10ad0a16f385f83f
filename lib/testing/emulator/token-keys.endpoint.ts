import { type Answer, answer, oauthError } from './answer.js';
import type { KeyRing } from './key-ring.js';

/** `token_keys` of a tenant's OAuth Authorization Server. All tenants of an emulator share one set. */
export class TokenKeysEndpoint {
  readonly #keys: KeyRing;

  constructor(keys: KeyRing) {
    this.#keys = keys;
  }

  /** Answers the key set; it is public. */
  handle(method: string): Answer {
    if (method === 'GET' || method === 'HEAD') return answer({ keys: this.#keys.publish() });
    return oauthError(405, 'method_not_allowed', 'Only GET is supported', { allow: 'GET, HEAD' });
  }
}
