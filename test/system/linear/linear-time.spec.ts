import { Test, type TestingModule } from '@nestjs/testing';
import {
  MindsphereCredentialsError,
  MindsphereCredentialsModule,
  MindsphereCredentialsFactory,
  mindsphereOptionsFromConfig,
  MindsphereHttpService,
  AppCredentials,
} from 'nestjs-mindsphere-credentials';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveOptions } from '../../../lib/config/resolve-options.js';
import { readPage } from '../../../lib/credentials/user-tenants.client.js';
import { Reporter } from '../../../lib/telemetry/reporter.js';
import { PLATFORMS } from '../../../lib/platform/platforms.js';
import { EntryKey } from '../../../lib/sharing/entry-key.js';
import { SecretCutter } from '../../../lib/testing/emulator/traffic/secret-cutter.js';
import { readGrant } from '../../../lib/token/token-answer.js';
import { failureOfAnswer, retryAfter } from '../../../lib/transport/request-failure.js';
import { proxySecrets } from '../../../lib/transport/own-axios.js';
import { presentedToken } from '../../../lib/users/presented-token.js';
import { decodeJwt, wordsOf } from '../../../lib/util/jwt.js';
import { masker, redactor, withoutTokens } from '../../../lib/util/redaction.js';
import { clientRule } from '../../../lib/verification/client-rule.js';
import { readCompactJwt } from '../../../lib/verification/compact-jwt.js';
import { readKeySet } from '../../../lib/verification/key-set.js';
import { quoted } from '../../../lib/verification/refused.js';
import { checkUserClaims } from '../../../lib/verification/user-claims.js';
import { APP, forbidden } from '../../support/application.js';
import { short } from '../../support/length.js';

/*
 * Every place where a string of a request, a token, a server, a store or the environment is read takes time proportional
 * to its length. Each is fed with 1 MB (in `npm test` a twentieth) of what has been the worst for some pattern, and compared with an innocent string
 * of the same length.
 */

const LENGTH = short(50_000, 1_000_000);
const MOST_TIMES = 5;
/** So long takes what is innocent at least: shorter times are noise. 5 times as much is the 50 ms that count. */
const SHORTEST_MS = 10;
const RUNS = 6;
/** Runs of a string that seems slow: the collector of other specs' memory may work beside some of them. */
const MOST_RUNS = 40;

/** What our own transport reads of an answer at most. */
const LONGEST_ANSWER = 256 * 1_024;
const LETTERS = [
  ['a', 'A', '1', '.', '-', '_', '/', '\\', '=', '+', ' ', '\n', '\t', '\0', ':', ';', ',', '@', '?', '#', '&', '%'],
  ['"', "'", '{', '[', '<', '*', '~', 'ü', '\ud800', 'a.', '.a', 'a-', '-a', 'a/', '//', '../', './', ' a', '\ta'],
  ['ey', 'eyJ', 'eyJ.', 'eyJhbGci-', '-ey', 'x'.repeat(29), `${'x'.repeat(30)}.`, 'bearer', 'bearer ', 'Bearer:'],
  ['basic ', 'basic:::', '%2e', '%25', '%2', '&#', '&#x', '&amp;', '&amp', '&a;', '\\u', '\\u0026', '\\x', '\\\\'],
  [
    'secret',
    '"secret',
    '"secret"',
    'secret=',
    '&secret',
    '{tenant}',
    '"cf_api"',
    '"cf_api":"https://api.cf.a',
    '{"a":',
  ],
  ['127.', '1.', 'http://', 'https://a', 'gateway.', '.piam.', '/piam/', 'v1.', '..', '"keys":[', '\r\n', 'Mon,'],
].flat();
const INNOCENT = 'Lorem ipsum dolor sit amet ';

type Entry = readonly [name: string, read: (text: string) => unknown, wrap?: (text: string) => string];

/** The body of an answer that holds a string somewhere, as long as the transport lets it be. */
const body = (make: (text: string) => unknown) => (text: string) => {
  const share = text.length / JSON.stringify(make(text)).length;
  return JSON.stringify(make(text.slice(0, LONGEST_ANSWER * Math.min(1, share))));
};
const start = (text: string) => text.slice(0, LONGEST_ANSWER);

const JWT = 'eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0ZW4iOiJhY21lIiwic3ViIjoieCJ9.c2lnbmF0dXJl'.padEnd(900, 'x');
const rules = {
  platform: PLATFORMS.mindsphere,
  users: {},
  clients: clientRule(forbidden({ rules: PLATFORMS.mindsphere, users: { appName: 'myapp' } })),
  clockToleranceMs: 0,
};
const claims = {
  exp: 4_000_000_000,
  user_id: 'x',
  iss: 'https://acme.piam.eu1.mindsphere.io/oauth/token',
  ten: 'acme',
};
const failure = { redact: redactor('s3cr3t', JWT), attempts: 1, maxRetryAfterMs: 1_000 };
const key = new EntryKey(Buffer.alloc(32, 1));
const reporter = new Reporter(undefined, { log: () => undefined, warn: () => undefined });
const cutter = new SecretCutter(forbidden({ platforms: [{ app: { keyStoreClientSecret: 's' }, technicalUsers: [] }] }));
let http: MindsphereHttpService;
let app: AppCredentials;
let factory: MindsphereCredentialsFactory;

const request = (config: object) =>
  http
    .as(app)
    .request({ url: '/api', ...config })
    .subscribe({ error: () => undefined });

const answer = (status: number, text: string) => ({ status, headers: {}, body: text });
const failed = (text: string) => failureOfAnswer(answer(400, text), 'x', failure);
const granted = (text: string) => readGrant(answer(200, text), 'x', forbidden({ rules: PLATFORMS.mindsphere }), 1);
const listed = (text: string) => readPage(answer(200, text), 0, 'x', 1);

const ENTRIES: Entry[] = [
  ['words of a server in an error', (text) => redactor('s3cr3t', JWT)(text)],
  ['a log line', (text) => withoutTokens(text)],
  ['a refusal in the log', (text) => reporter.requestRefused(text)],
  ['the body of a failed answer', (text) => masker('s3cr3t', JWT).startOf(Buffer.from(text), 256 * 1_024)],
  ['error_description of a token server', failed, body((text) => ({ error_description: text }))],
  ['error of a token server', failed, body((text) => ({ error: text }))],
  ['a message of another service', failed, body((text) => ({ errors: [{ message: text }] }))],
  ['the whole body of a token server', failed, start],
  ['Retry-After', (text) => retryAfter(text)],
  ['an access token', granted, body((text) => ({ token_type: 'bearer', expires_in: 9, access_token: text }))],
  ['a token answer', granted, start],
  [
    'a page of user tenants',
    listed,
    body((text) => ({ page: { number: 0, totalPages: 1 }, userTenants: [{ id: text }] })),
  ],
  ['a key set', readKeySet, start],
  ['a key', readKeySet, body((text) => ({ keys: [{ kty: 'RSA', kid: text, n: text, e: text }] }))],
  ['a JWT', (text) => decodeJwt(text)],
  ['a JWT to verify', (text) => readCompactJwt(text)],
  ['the scopes of a token', (text) => wordsOf(text)],
  ['a quoted value', (text) => quoted(text)],
  ...['iss', 'ten', 'subtenant', 'cid', 'user_name', 'zid', 'scope'].map((name): Entry => [
    `claim ${name}`,
    (text) => checkUserClaims({ ...claims, [name]: text }, 'acme', forbidden(rules)),
  ]),
  ['client id by its form', (text) => PLATFORMS.mindsphere.appAndHost(text)],
  ['an Authorization header', (text) => presentedToken({ headers: { authorization: text }, rawHeaders: [] }, {})],
  ['a bearer token', (text) => presentedToken({ headers: { authorization: `Bearer ${text}` }, rawHeaders: [] }, {})],
  ['a token in a handshake', (text) => presentedToken({ headers: {}, auth: { token: text } }, {})],
  ['an authorization at run time', (text) => factory.userToken(text)],
  ['a tenant at run time', (text) => app.forUserTenant(text)],
  ['the URL of a call', (text) => request({ url: text })],
  ['the path of a call', (text) => request({ url: `/api/${text}` })],
  ['the host of a call', (text) => request({ url: `https://${text}` })],
  ['the base URL of a call', (text) => request({ baseURL: text })],
  ['the method of a call', (text) => request({ method: text })],
  ['the name of a header of a call', (text) => request({ headers: { [text]: 'x' } })],
  ['the value of a header of a call', (text) => request({ headers: { 'x-a': text } })],
  ['a path on siemens.app', (text) => PLATFORMS.xcelerator.apiPath(`/api/${text}`, '1')],
  ['an entry of the store', (text) => void key.open('x', text).catch(() => undefined)],
  [
    'what Cloud Foundry says',
    (text) => mindsphereOptionsFromConfig({ get: (name) => (name === 'VCAP_APPLICATION' ? text : undefined) }),
  ],
  ...['gatewayUrl', 'oauthUrl', 'region', 'baseDomain'].map((name): Entry => [
    `option ${name}`,
    (text) => resolveOptions({ app: APP, [name]: text }),
  ]),
  [
    'a gateway with a path',
    (text) => resolveOptions({ app: APP, gatewayUrl: `https://gateway.example.com/${text}x` }),
    start,
  ],
  [
    'a template with a path',
    (text) => resolveOptions({ app: APP, oauthUrl: `https://{tenant}.example.com/${text}x` }),
    start,
  ],
  ['an allowed origin', (text) => resolveOptions({ app: APP, http: { allowedOrigins: [text] } })],
  ['an app name', (text) => resolveOptions({ app: { ...APP, appName: text } })],
  ['a client id', (text) => resolveOptions({ app: { ...APP, keyStoreClientId: text } })],
  ['a client secret', (text) => resolveOptions({ app: { ...APP, keyStoreClientSecret: text } })],
  [
    'an encryption key',
    (text) => resolveOptions({ app: APP, cache: forbidden({ store: {}, encryptionKeys: [text] }) }),
  ],
  [
    'the password of a proxy',
    (text) => proxySecrets({ proxy: { host: 'x', port: 1, auth: { username: 'x', password: text } } }),
  ],
  ['what the emulator records', (text) => cutter.cut(text), start],
  ['a header that the emulator records', (text) => cutter.header('authorization', [text])],
];

function fed(letters: string): string {
  const text = letters.repeat(Math.ceil(LENGTH / letters.length)).slice(0, LENGTH);
  // As one flat string, so that no entry pays for that.
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

/**
 * The shortest of some runs, in milliseconds of this process' processor time: what else runs on the machine does not count,
 * and what else this process does makes a run longer, never shorter.
 */
function timeOf(read: (text: string) => unknown, text: string, enoughMs = 0, runs = RUNS): number {
  let shortest = Infinity;
  for (let run = 0; run < runs && shortest > enoughMs; run += 1) {
    const started = process.cpuUsage();
    try {
      read(text);
    } catch (error) {
      if (!(error instanceof MindsphereCredentialsError)) throw error;
    }
    const { user, system } = process.cpuUsage(started);
    shortest = Math.min(shortest, (user + system) / 1_000);
  }
  return shortest;
}

describe(`a string of ${LENGTH / 1_000} kB takes linear time`, () => {
  let module: TestingModule;
  beforeAll(async () => {
    const [gatewayUrl, oauthUrl] = ['https://127.0.0.1:1', 'https://127.0.0.1:1/{tenant}'];
    const registration = MindsphereCredentialsModule.forRoot({ app: APP, tenant: false, gatewayUrl, oauthUrl });
    module = await Test.createTestingModule({ imports: [registration] }).compile();
    http = module.get(MindsphereHttpService);
    app = module.get(AppCredentials);
    factory = module.get(MindsphereCredentialsFactory);
  });
  afterAll(() => module.close());

  const innocent = fed(INNOCENT);
  // Short: one of the two of each.
  const worst = LETTERS.flatMap((letters, at) => {
    const both = [fed(letters), `${fed(letters).slice(0, -1)}!`];
    return short([both[at % 2]!], both);
  });

  const entries = ENTRIES.map(([name, read, wrap = (text: string) => text]) => ({ name, read, wrap }));

  it.each(entries)('as $name', ({ read, wrap }) => {
    const most = MOST_TIMES * Math.max(SHORTEST_MS, timeOf(read, wrap(innocent)));
    const slow = worst.flatMap((text) => {
      const timeMs = timeOf(read, wrap(text), most, MOST_RUNS);
      return timeMs > most ? [`${JSON.stringify(text.slice(0, 20))}: ${Math.round(timeMs)} ms`] : [];
    });
    expect(slow).toEqual([]);
  });
});
