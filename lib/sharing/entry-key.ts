import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { compactDecrypt, CompactEncrypt, decodeProtectedHeader, type ProtectedHeaderParameters } from 'jose';
import type { StoreEntryRefusedEvent } from '../telemetry/credentials-event.interface.js';

/** The format is part of how names and keys are derived, so entries of another format are never found. */
const FORMAT = 'v2';
const TYPE = `nestjs-mindsphere-credentials+${FORMAT}`;
const ALGORITHMS = { alg: 'dir', enc: 'A256GCM' } as const;
const DECRYPTION = { keyManagementAlgorithms: [ALGORITHMS.alg], contentEncryptionAlgorithms: [ALGORITHMS.enc] };
const KEY_BYTES = 32;
const KEY_ID_BYTES = 9;
/** A sealed token is a few kB; a longer entry is not even decoded. */
const LONGEST_ENTRY = 64 * 1_024;
/** Header, no encrypted key, a nonce of 96 bits, ciphertext, a tag of 128 bits. */
const ENTRY = /^[\w-]+\.\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/;

/**
 * One of `cache.encryptionKeys`: names entries and seals them. What is used is derived from it (HKDF, RFC 5869), with a
 * key of its own for each purpose.
 */
export class EntryKey {
  /** Differs from key to key, and reveals nothing of them. */
  readonly id: string;
  readonly #nameKey: KeyObject;
  readonly #sealKey: KeyObject;

  constructor(key: Uint8Array) {
    this.id = derived(key, 'id', KEY_ID_BYTES).toString('base64url');
    this.#nameKey = createSecretKey(derived(key, 'name', KEY_BYTES));
    this.#sealKey = createSecretKey(derived(key, 'seal', KEY_BYTES));
  }

  /** The name of the entry for these details: the same in every process. It is keyed, so that it cannot be guessed. */
  nameOf(details: readonly (string | undefined)[]): string {
    return createHmac('sha256', this.#nameKey).update(JSON.stringify(details)).digest('base64url');
  }

  /**
   * A string as a JWE (RFC 7516, compact serialization): AES-256-GCM with a random nonce. Its protected header names the
   * key and the entry, so that it opens under no other name.
   */
  seal(name: string, content: string): Promise<string> {
    return new CompactEncrypt(new TextEncoder().encode(content))
      .setProtectedHeader({ ...ALGORITHMS, typ: TYPE, kid: this.id, entry: name })
      .encrypt(this.#sealKey);
  }

  /** What was sealed under this name. Rejects with {@link EntryRefused}. */
  async open(name: string, entry: unknown): Promise<string> {
    const sealed = this.#ownEntry(entry);
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, this.#sealKey, DECRYPTION).catch(() => {
      throw new EntryRefused('tampered');
    });
    if (protectedHeader['entry'] !== name) throw new EntryRefused('tampered');
    return new TextDecoder().decode(plaintext);
  }

  /** The entry, if its unverified header has our format and names this key. */
  #ownEntry(entry: unknown): string {
    if (typeof entry !== 'string' || entry.length > LONGEST_ENTRY || !ENTRY.test(entry))
      throw new EntryRefused('malformed');
    const { typ, kid } = headerOf(entry);
    if (typ !== TYPE) throw new EntryRefused('malformed');
    if (kid !== this.id) throw new EntryRefused('foreign');
    return entry;
  }
}

function headerOf(entry: string): ProtectedHeaderParameters {
  try {
    return decodeProtectedHeader(entry);
  } catch {
    throw new EntryRefused('malformed');
  }
}

function derived(key: Uint8Array, purpose: string, bytes: number): Buffer {
  const info = `nestjs-mindsphere-credentials store ${FORMAT} ${purpose}`;
  return Buffer.from(hkdfSync('sha256', key, new Uint8Array(0), info, bytes));
}

export type EntryRefusal = StoreEntryRefusedEvent['reason'];

/** Why an entry was rejected. It never leaves this folder. */
export class EntryRefused extends Error {
  constructor(readonly reason: EntryRefusal) {
    super(reason);
  }
}
