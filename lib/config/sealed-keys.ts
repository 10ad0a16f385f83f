/** A 256-bit key; more is of no use to AES-256, much more is a mistake. */
const KEY_BYTES = { least: 32, most: 128 };
/** 32 random bytes have about 30 different values; a repeated letter or a pattern has few. */
const LEAST_DIFFERENT_BYTES = 16;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** Encryption keys that no dump of an object can show. */
export class SealedKeys {
  readonly #read: () => readonly Buffer[];

  /** Takes texts that {@link isEncryptionKey} has accepted. */
  constructor(keys: readonly string[]) {
    const texts = [...keys];
    this.#read = () => texts.map(bytesOf);
  }

  /** The keys: the first encrypts, all decrypt. Secrets. */
  read(): readonly Buffer[] {
    return this.#read();
  }
}

/** Whether a value is base64 (or base64url) of 32 bytes or more that do not look made up. */
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
