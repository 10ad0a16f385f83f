import { createHmac, randomBytes } from 'node:crypto';
import type { ClientSecret } from './module-options.interface.js';

const fingerprintKey = randomBytes(32);
const functionIds = new WeakMap<() => unknown, number>();
let functions = 0;

/** A client secret that no dump of an object can show, with a fingerprint that tells secrets apart. */
export class SealedSecret {
  /** Equal for equal secrets and for the same function; says nothing about the secret outside of this process. */
  readonly fingerprint: string;
  readonly #read: () => string | Promise<string>;

  constructor(secret: ClientSecret) {
    this.fingerprint = typeof secret === 'string' ? fingerprintOf(secret) : `function-${idOf(secret)}`;
    this.#read = typeof secret === 'string' ? () => secret : secret;
  }

  /** The secret as it is now; calls the application's function where one was given. May throw what that throws. */
  read(): string | Promise<string> {
    return this.#read();
  }
}

/** Equal for equal texts; says nothing about them outside of this process. */
export function fingerprintOf(secret: string): string {
  return createHmac('sha256', fingerprintKey).update(secret).digest('base64url');
}

function idOf(read: () => unknown): number {
  const known = functionIds.get(read);
  if (known !== undefined) return known;
  functionIds.set(read, ++functions);
  return functions;
}
