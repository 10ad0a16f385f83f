import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  changed,
  type Fields,
  forgedOptions,
  issuerOf,
  KEY_ID,
  KEYS,
  type Pair,
  seconds,
  signed,
  startForgedPlatform,
  validClaims,
  validHeader,
  validToken,
} from '../support/forge.js';
import {
  ADAPTERS,
  type GuardedApp,
  keptOut,
  NO_CREDENTIALS,
  REFUSED,
  startGuardedApp,
  watchRejections,
  WELCOME,
} from '../support/guarded-app.js';
import { short } from '../support/length.js';
import type { StubPlatform } from '../support/stub-platform.js';

/*
 * Generated tokens. A failure prints its seed and its smallest example; FC_SEED runs a seed again. The seed
 * chooses the adapter, too; at full length both have their turn.
 */

const SEED = Number(process.env['FC_SEED'] ?? Date.now() % 2_147_483_648);
const PLACES = short([ADAPTERS[SEED % ADAPTERS.length]!], [...ADAPTERS]);
const runs = (numRuns: number): fc.Parameters<unknown> => ({ numRuns, seed: SEED, endOnFailure: true });

// ---- the oracle: the protocol page, sections 3 and 7, and nothing of the library ----

const TOLERANCE = 30;
const LABEL = /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;
const isLabel = (value: unknown) => typeof value === 'string' && LABEL.test(value);
const isTime = (value: unknown): value is number => typeof value === 'number' && Math.abs(value) < 1e11;
const isText = (value: unknown): value is string => typeof value === 'string';

/** Who signs what, at which server. */
const SIGNERS: Readonly<Record<string, Readonly<Record<string, Pair>>>> = {
  [issuerOf('acme')]: { [KEY_ID]: KEYS.genuine, 'key-id-1': KEYS.decoy },
  [issuerOf('globex')]: { [KEY_ID]: KEYS.globex, 'key-globex': KEYS.globex },
};

/** Why a token must be refused; `undefined` where it is good. */
function objection(header: Fields, given: Fields, key: Pair): string | undefined {
  const claims = changed(
    given,
    Object.fromEntries(
      Object.keys(given)
        .filter((name) => given[name] === null)
        .map((name) => [name, undefined]),
    ),
  );
  const { alg, typ, kid } = header;
  if (alg !== 'RS256') return 'alg';
  if (!isText(typ) || typ.toLowerCase() !== 'jwt') return 'typ';
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) return 'crit';
  if (!isText(kid)) return 'kid';

  const { exp, nbf, iat, iss, ten, subtenant, cid } = claims;
  const now = Date.now() / 1_000;
  if (!isTime(exp) || exp + TOLERANCE <= now) return 'exp';
  if (nbf !== undefined && (!isTime(nbf) || nbf - TOLERANCE > now)) return 'nbf';
  if (iat !== undefined && (!isTime(iat) || iat - TOLERANCE > now)) return 'iat';

  const signers = isText(iss) && Object.hasOwn(SIGNERS, iss) ? SIGNERS[iss] : undefined;
  if (signers === undefined) return 'iss';
  if (!Object.hasOwn(signers, kid) || signers[kid] !== key) return 'signature';

  if (!isLabel(ten)) return 'ten';
  if (subtenant !== undefined && subtenant !== '' && !isLabel(subtenant)) return 'subtenant';
  if (!isText(cid) || cid.toLowerCase() !== 'myapp-host1') return 'cid';
  const mayIssue = [String(ten).toLowerCase(), 'host1'].map(issuerOf);
  if (!mayIssue.includes(iss as string)) return 'issuer';
  if (claims['client_id'] !== undefined && claims['client_id'] !== cid) return 'client_id';

  for (const name of ['user_name', 'user_id', 'email', 'grant_type', 'zid']) {
    if (claims[name] !== undefined && !isText(claims[name])) return name;
  }
  if (!claims['user_name'] && !claims['user_id']) return 'no user';
  if (claims['grant_type'] === 'client_credentials') return 'technical';
  if (claims['zid'] === 'agentiam') return 'agent';
  const { scope = '' } = claims;
  if (!isText(scope) && !(Array.isArray(scope) && scope.every(isText))) return 'scope';
  return undefined;
}

// ---- what is generated ----

const anything = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, false, 0, 1, -1, '', ' ', [], {}, [[]], 'true', '0'),
  fc.string({ maxLength: 20, unit: 'binary' }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.array(fc.string({ maxLength: 8 }), { maxLength: 3 }),
  fc.dictionary(fc.string({ maxLength: 5 }), fc.integer(), { maxKeys: 3 }),
);

/** Mostly values of a kind, sometimes anything. */
const mostly = (arbitrary: fc.Arbitrary<unknown>) =>
  fc.oneof({ arbitrary, weight: 4 }, { arbitrary: anything, weight: 1 });

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
/** Seconds from now, never so near to the tolerance that the test's own duration decides. */
const time = fc
  .oneof(fc.integer({ min: -25, max: 25 }), fc.integer({ min: 40, max: 1e6 }), fc.integer({ min: -1e6, max: -40 }))
  .map((offset) => seconds() + offset);
const among = (...values: unknown[]) => fc.constantFrom(...values);

/** A text that nearly is another one. */
const nearly = (text: string) =>
  fc
    .tuple(fc.nat(text.length), fc.nat(2), fc.string({ unit: 'grapheme', maxLength: 3 }))
    .map(([at, cut, inserted]) => text.slice(0, at) + inserted + text.slice(at + cut));

const HEADER: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  alg: mostly(among('RS256', 'RS256', 'none', 'RS512', 'HS256', 'rs256')),
  typ: mostly(among('JWT', 'jwt', 'Jwt', 'JOSE', 'at+jwt')),
  kid: mostly(fc.oneof(among(KEY_ID, 'key-id-1', 'key-globex', 'key-twice', 'key-enc'), nearly(KEY_ID))),
  crit: mostly(among([], ['exp'], ['b64'])),
  b64: fc.boolean(),
  jku: fc.webUrl(),
  jwk: fc.constant({ kty: 'RSA' }),
  cty: anything,
};

const CLAIMS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  exp: mostly(time),
  nbf: mostly(time),
  iat: mostly(time),
  iss: mostly(fc.oneof(among(...Object.keys(SIGNERS)), nearly(issuerOf('acme')))),
  ten: mostly(fc.oneof(label, nearly('acme'))),
  subtenant: mostly(fc.oneof(label, among(''))),
  scope: mostly(fc.oneof(fc.array(fc.string()), fc.string())),
  user_name: mostly(fc.string()),
  user_id: mostly(among('', 'b2b0ad34')),
  email: mostly(fc.emailAddress()),
  grant_type: mostly(among('authorization_code', 'client_credentials', 'password', 'refresh_token')),
  zid: mostly(among('acme', 'agentiam')),
  client_id: mostly(among('myapp-host1', 'other-host1')),
  aud: anything,
  __proto__x: anything,
};

/** `cid` and `client_id` change together, or one would nearly always contradict the other. */
const client = mostly(
  fc.oneof(
    fc.constant('myapp-host1'),
    label.map((host) => `myapp-${host}`),
    nearly('myapp-host1'),
  ),
).map((cid) => ({
  cid,
  client_id: cid,
}));

/** One to three changes; `scope: null` and the like are left to the tables. */
const changesOf = (fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Fields> =>
  fc
    .uniqueArray(fc.constantFrom(...Object.keys(fields)), { minLength: 0, maxLength: 3 })
    .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, fields[name] ?? anything]))));

const key = fc.oneof(
  { arbitrary: fc.constant(KEYS.genuine), weight: 6 },
  { arbitrary: fc.constantFrom(KEYS.decoy, KEYS.globex, KEYS.attacker), weight: 1 },
);

// ---- changes of a token's text ----

const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ~!"%,;:@\t\u00e9';
const character = fc.oneof(
  fc.constantFrom(...CHARACTERS.split('')),
  fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
);

type Edit = (text: string) => string;
const place = fc.double({ min: 0, max: 1, noNaN: true });
const at = (text: string, where: number): number => Math.min(text.length - 1, Math.floor(where * text.length));
const splice = (text: string, from: number, count: number, inserted: string): string =>
  text.slice(0, from) + inserted + text.slice(from + count);

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(place, character).map(
    ([where, c]): Edit =>
      (text) =>
        splice(text, at(text, where), 1, c),
  ),
  fc.tuple(place, character).map(
    ([where, c]): Edit =>
      (text) =>
        splice(text, at(text, where), 0, c),
  ),
  character.map(
    (c): Edit =>
      (text) =>
        text + c,
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(
    ([where, n]): Edit =>
      (text) =>
        splice(text, at(text, where), n, ''),
  ),
  fc.tuple(place, fc.nat(5)).map(([where, bit]): Edit => (text) => {
    const from = at(text, where);
    const alphabet = CHARACTERS.slice(0, 64);
    const value = alphabet.indexOf(text.charAt(from));
    return value < 0 ? text : splice(text, from, 1, alphabet.charAt(value ^ (1 << bit)));
  }),
  fc.tuple(place, place).map(([one, two]): Edit => (text) => {
    const [a, b] = [at(text, one), at(text, two)];
    return splice(splice(text, a, 1, text.charAt(b)), b, 1, text.charAt(a));
  }),
  fc.tuple(place, place).map(([one, two]): Edit => (text) => {
    const [from, to] = [at(text, one), at(text, two)];
    return text.slice(0, to) + text.slice(from, from + 30) + text.slice(to);
  }),
  place.map(
    (where): Edit =>
      (text) =>
        text.slice(0, at(text, where)),
  ),
  place.map(
    (where): Edit =>
      (text) =>
        text.slice(at(text, where)),
  ),
  fc.nat(2).map((part): Edit => (text) => {
    const parts = text.split('.');
    return parts.toSpliced(part, 1, validToken().split('.')[part] ?? '').join('.');
  }),
  fc.constant<Edit>((text) => text.split('.').toReversed().join('.')),
);

/** Spaces between scheme and token, and white space at the end, are not part of the token (RFC 9110, section 11.4). */
const trimmed = (token: string): string => token.replace(/^ +/, '').replace(/[ \t]+$/, '');

describe.each(PLACES)(`generated tokens on %s (seed ${SEED})`, (adapter) => {
  let platform: StubPlatform;
  let app: GuardedApp;
  const rejections = watchRejections();
  beforeAll(async () => {
    platform = await startForgedPlatform();
    app = await startGuardedApp(adapter, forgedOptions(platform));
  });
  afterAll(async () => {
    rejections.stop();
    await app.close();
    await platform.close();
  });

  it('are accepted if and only if the protocol allows it', async () => {
    const reasons = new Map<string, number>();
    const token = fc.record({
      header: changesOf(HEADER),
      claims: changesOf(CLAIMS),
      client: fc.option(client, { nil: {} }),
      key,
    });
    await fc.assert(
      fc.asyncProperty(token, async (drawn) => {
        const header = changed(validHeader(), drawn.header);
        const claims = changed(validClaims(), { ...drawn.claims, ...drawn.client });
        fc.pre(claims['scope'] !== null);
        // What a parser makes of them: -0, undefined inside of lists.
        const [head, body] = [header, claims].map((part) => JSON.parse(JSON.stringify(part)) as Fields);
        const why = objection(head ?? {}, body ?? {}, drawn.key);
        reasons.set(why ?? 'good', (reasons.get(why ?? 'good') ?? 0) + 1);

        const jwt = signed(header, claims, drawn.key);
        const answer = await app.bear('/guarded', jwt);

        const allowed = why === undefined ? [{ ...answer, status: 200 }] : keptOut(jwt);
        expect(allowed.map((one) => ({ why, ...one }))).toContainEqual({ why, ...answer });
      }),
      runs(400),
    );
    // The generator is worth something: it draws good tokens, 30 as a rule, and bad ones of most kinds.
    expect(reasons.get('good')).toBeGreaterThan(8);
    expect(reasons.size).toBeGreaterThan(10);
  });

  it('of which a single change has been made are refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
        const good = validToken();
        const bad = edits.reduce((text, change) => change(text), good);
        fc.pre(trimmed(bad) !== good);

        expect(keptOut(bad)).toContainEqual(await app.bear('/guarded', bad));
        expect(keptOut(bad).map(({ status }) => status)).toContain((await app.bear('/open/for-user', bad)).status);
        expect(await app.bear('/guarded', good)).toEqual(WELCOME);
      }),
      runs(short(150, 300)),
    );
  });

  it('whose signature has one bit flipped are refused, whichever it is', async () => {
    const good = validToken();
    const [header = '', payload = '', signature = ''] = good.split('.');
    await fc.assert(
      fc.asyncProperty(fc.nat(2_047), async (bit) => {
        const bytes = Buffer.from(signature, 'base64url');
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));

        expect(await app.bear('/guarded', `${header}.${payload}.${bytes.toString('base64url')}`)).toEqual(REFUSED);
      }),
      runs(100),
    );
    expect(await app.bear('/guarded', good)).toEqual(WELCOME);
  });

  it('that are any JSON value, signed, are refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), fc.boolean(), async (value, isHeader) => {
        const token = isHeader
          ? signed(JSON.stringify(value), validClaims())
          : signed(validHeader(), JSON.stringify(value));

        expect(await app.bear('/guarded', token)).toEqual(REFUSED);
      }),
      runs(100),
    );
  });

  it('that are any bytes, signed, are refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.boolean(), async (bytes, isHeader) => {
        const part = Buffer.from(bytes);
        const token = isHeader ? signed(part, validClaims()) : signed(validHeader(), part);

        expect(await app.bear('/guarded', token)).toEqual(REFUSED);
      }),
      runs(100),
    );
  });

  it('that are no tokens, but any Authorization value, are refused', async () => {
    const text = fc.string({
      maxLength: 60,
      unit: fc
        .integer({ min: 0x20, max: 0xff })
        .filter((c) => c !== 0x7f)
        .map((c) => String.fromCodePoint(c)),
    });
    const scheme = fc.constantFrom(
      '',
      'Bearer ',
      'bearer ',
      'Bearer',
      'BEARER  ',
      'Basic ',
      'Bearer\t',
      'Bearer Bearer ',
    );
    await fc.assert(
      fc.asyncProperty(scheme, text, async (start, rest) => {
        const value = (start + rest).replace(/^[ \t]+/, '').replace(/[ \t]+$/, '');
        // By RFC 6750, a challenge has an error where the request has credentials of this scheme.
        const expected = /^bearer(?: |$)/i.test(value) ? REFUSED : NO_CREDENTIALS;

        expect(await app.send('/guarded', ['Authorization', start + rest])).toEqual(expected);
      }),
      runs(200),
    );
  });

  it('have caused no request for technical tokens, and no unhandled rejection', () => {
    expect(platform.app.count).toBe(0);
    expect(platform.elsewhere.count).toBe(0);
    expect(rejections.seen).toEqual([]);
  });
});
