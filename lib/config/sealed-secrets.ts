import { createHmac, randomBytes, randomUUID } from 'node:crypto';

/**
 * A client secret, up to 4,096 characters; or a function that is called once per token request, so that a rotated secret
 * needs no restart. A function that fails, or returns no secret, fails the token request with `options_invalid`; it has
 * until `request.deadlineMs`.
 */
export type ClientSecret = string | (() => string | Promise<string>);

const fingerprintKey = randomBytes(32);
const functionIds = new WeakMap<() => unknown, string>();

/** A client secret that no dump of an object can show, with a fingerprint that differs from secret to secret. */
export class SealedSecret {
  /** Equal for equal secrets and for the same function. Reveals nothing of the secret: its key is random in each process. */
  readonly fingerprint: string;
  readonly #read: () => string | Promise<string>;

  /** @param key names a function, instead of its identity. */
  constructor(secret: ClientSecret, key?: string) {
    this.fingerprint = typeof secret === 'string' ? fingerprintOf(secret) : fingerprintOfFunction(secret, key);
    this.#read = typeof secret === 'string' ? () => secret : secret;
  }

  /** The secret as it is now; calls the application's function where one was given. May throw what that throws. */
  read(): string | Promise<string> {
    return this.#read();
  }

  /** The same secret; where it is a function, `key` stands for its identity. */
  withKey(key: string): SealedSecret {
    return this.fingerprint.startsWith(FUNCTION) ? new SealedSecret(this.#read, key) : this;
  }
}

/** Fingerprints of strings are base64url and have no colon, so none begins like this. */
const FUNCTION = 'function:';

/** Equal for equal strings. Reveals nothing of them: its key is random in each process. */
export function fingerprintOf(secret: string): string {
  return createHmac('sha256', fingerprintKey).update(secret).digest('base64url');
}

function fingerprintOfFunction(read: () => unknown, key: string | undefined): string {
  return FUNCTION + (key === undefined ? idOf(read) : `key:${fingerprintOf(key)}`);
}

function idOf(read: () => unknown): string {
  const id = functionIds.get(read) ?? randomUUID();
  functionIds.set(read, id);
  return id;
}

/** A 256-bit key; more is of no use to AES-256, much more is a mistake. */
const KEY_BYTES = { least: 32, most: 128 };
/** 32 random bytes have about 30 different values; a repeated letter or a pattern has few. */
const LEAST_DIFFERENT_BYTES = 16;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** Encryption keys that no dump of an object can show. */
export class SealedKeys {
  readonly #read: () => readonly Buffer[];

  /** Takes strings that {@link isEncryptionKey} has accepted. */
  constructor(keys: readonly string[]) {
    const copies = [...keys];
    this.#read = () => copies.map(bytesOf);
  }

  /** The keys: the first encrypts, all decrypt. Secrets. */
  read(): readonly Buffer[] {
    return this.#read();
  }
}

/** Whether a value is base64 (or base64url) of 32 bytes or more that look random. */
export function isEncryptionKey(value: unknown): value is string {
  if (typeof value !== 'string' || !BASE64.test(value)) return false;
  const bytes = bytesOf(value);
  const isLong = bytes.length >= KEY_BYTES.least && bytes.length <= KEY_BYTES.most;
  return isLong && new Set(bytes).size >= LEAST_DIFFERENT_BYTES;
}

/** Takes both alphabets. */
function bytesOf(key: string): Buffer {
  return Buffer.from(key, 'base64');
}
