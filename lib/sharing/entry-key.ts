import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { EntryRefused } from './entry-refused.js';

const FORMAT = 'v1';
const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const KEY_ID_BYTES = 9;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ENTRY = /^v1\.([\w-]{12})\.([\w-]{16})\.([\w-]{22,})$/;

/**
 * One of `cache.encryptionKeys`: names entries and seals them. What is used is derived from it (HKDF, RFC 5869), with a
 * key of its own for each purpose.
 */
export class EntryKey {
  /** Tells keys apart, and nothing about them. */
  readonly id: string;
  readonly #nameKey: KeyObject;
  readonly #sealKey: KeyObject;

  constructor(key: Uint8Array) {
    this.id = derived(key, 'id', KEY_ID_BYTES).toString('base64url');
    this.#nameKey = createSecretKey(derived(key, 'name', KEY_BYTES));
    this.#sealKey = createSecretKey(derived(key, 'seal', KEY_BYTES));
  }

  /** The name of the entry for these details: the same in every process, and no hash that could be tried out. */
  nameOf(details: readonly (string | undefined)[]): string {
    return createHmac('sha256', this.#nameKey).update(JSON.stringify(details)).digest('base64url');
  }

  /** A text, encrypted and bound to its entry: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce. */
  seal(name: string, text: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#sealKey, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(this.#boundTo(name));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return [FORMAT, this.id, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
  }

  /** What was sealed under this name. Throws {@link EntryRefused}. */
  open(name: string, entry: unknown): string {
    const [, id, nonce = '', sealed = ''] = (typeof entry === 'string' ? ENTRY.exec(entry) : undefined) ?? [];
    if (id === undefined) throw new EntryRefused('malformed');
    if (id !== this.id) throw new EntryRefused('foreign');
    try {
      return this.#decrypt(name, Buffer.from(nonce, 'base64url'), Buffer.from(sealed, 'base64url'));
    } catch {
      throw new EntryRefused('tampered');
    }
  }

  #decrypt(name: string, nonce: Buffer, sealed: Buffer): string {
    const decipher = createDecipheriv(ALGORITHM, this.#sealKey, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(this.#boundTo(name));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
  }

  #boundTo(name: string): Buffer {
    return Buffer.from(JSON.stringify([FORMAT, name, this.id]));
  }
}

function derived(key: Uint8Array, purpose: string, bytes: number): Buffer {
  const info = `nestjs-mindsphere-credentials store ${FORMAT} ${purpose}`;
  return Buffer.from(hkdfSync('sha256', key, new Uint8Array(0), info, bytes));
}
