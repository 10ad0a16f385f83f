import { tmpdir } from 'node:os';
import { createLocalJWKSet, decodeProtectedHeader, importSPKI, jwtVerify } from 'jose';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { describe, expect, it } from 'vitest';
import { useEmulator } from './emulator-lab.js';

describe('Key sets of the emulator', () => {
  const lab = useEmulator();
  const { keySet, start } = lab;

  it('are kept in a file, never in a folder, whose mode nobody should change', async () => {
    await expect(MindsphereEmulator.start({ keysFile: tmpdir() })).rejects.toThrow('keysFile must name a file');
  });

  describe('key sets', () => {
    it('hold several keys in the documented shape', async () => {
      await start();
      const { keys } = await keySet();
      expect(keys).toHaveLength(3);
      for (const key of keys) {
        expect(key).toEqual({
          kty: 'RSA',
          e: 'AQAB',
          use: 'sig',
          kid: expect.stringMatching(/^key-id-\d+$/),
          alg: 'RS256',
          value: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/),
          n: expect.any(String),
        });
      }
      expect(new Set(keys.map((key) => key.kid)).size).toBe(3);
      expect(new Set(keys.map((key) => key.n)).size).toBe(3);
    });

    it('write the modulus with a leading zero byte', async () => {
      await start();
      for (const { n = '' } of (await keySet()).keys) {
        const modulus = Buffer.from(n, 'base64url');
        expect(modulus).toHaveLength(257);
        expect(modulus[0]).toBe(0);
      }
    });

    it('hold the same key as PEM', async () => {
      await start();
      const [key] = (await keySet()).keys;
      const pem = await importSPKI(key?.value ?? '', 'RS256');
      await expect(jwtVerify(lab.emulator.issueUserToken(), pem)).resolves.toBeDefined();
    });

    it.each([
      { signingKeyPosition: undefined, place: 0 },
      { signingKeyPosition: 0, place: 0 },
      { signingKeyPosition: 1, place: 1 },
      { signingKeyPosition: Infinity, place: 2 },
      { signingKeyPosition: -1, place: 0 },
    ])('have the signing key at place $place for $signingKeyPosition', async ({ signingKeyPosition, place }) => {
      await start({ signingKeyPosition });
      const { kid } = decodeProtectedHeader(lab.emulator.issueUserToken());
      expect((await keySet()).keys.findIndex((key) => key.kid === kid)).toBe(place);
      lab.emulator.rotateKeys();
      const successor = decodeProtectedHeader(lab.emulator.issueUserToken());
      const { keys } = await keySet();
      const expected = signingKeyPosition === Infinity ? keys.length - 1 : place;
      expect(keys.findIndex((key) => key.kid === successor.kid)).toBe(expected);
    });

    it('keep former keys after a rotation, and sign with a new one', async () => {
      await start();
      const former = lab.emulator.issueUserToken();
      lab.emulator.rotateKeys();
      const current = lab.emulator.issueUserToken();
      const keys = createLocalJWKSet(await keySet());

      expect(decodeProtectedHeader(current).kid).not.toBe(decodeProtectedHeader(former).kid);
      await expect(jwtVerify(former, keys)).resolves.toBeDefined();
      await expect(jwtVerify(current, keys)).resolves.toBeDefined();
    });

    it('drop a former key after some rotations', async () => {
      await start();
      const token = lab.emulator.issueUserToken();
      for (let turn = 0; turn < 4; turn += 1) lab.emulator.rotateKeys();
      const set = await keySet();
      expect(set.keys).toHaveLength(6);
      expect(new Set(set.keys.map((key) => key.n)).size).toBe(6);
      await expect(jwtVerify(token, createLocalJWKSet(set))).rejects.toThrow('no applicable key');
    });

    it('differ between two emulators', async () => {
      const other = await MindsphereEmulator.start();
      await start();
      // By their ids, too: an application that knows the keys of the one then asks for those of the other.
      const keys = createLocalJWKSet(await keySet());
      await expect(jwtVerify(other.issueUserToken(), keys)).rejects.toThrow('no applicable key found');
      const { kid } = decodeProtectedHeader(lab.emulator.issueUserToken());
      const sameId = { ...(await keySet()).keys.find((key) => key.kid === kid) };
      const otherId = decodeProtectedHeader(other.issueUserToken()).kid;
      const renamed = createLocalJWKSet({ keys: [{ ...sameId, kty: 'RSA', kid: otherId }] });
      await expect(jwtVerify(other.issueUserToken(), renamed)).rejects.toThrow('signature');
      await other.close();
    });
  });
});
