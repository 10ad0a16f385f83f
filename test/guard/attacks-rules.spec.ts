import { isDeepStrictEqual } from 'node:util';
import type { MindsphereCredentialsModuleOptions } from 'nestjs-mindsphere-credentials';
import { EMPTY, NEVER, Observable, of, throwError } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { APP } from '../support/application.js';
import {
  type Fields,
  forgedOptions,
  issuerOf,
  KEYS,
  signed,
  startForgedPlatform,
  validClaims,
  validHeader,
  withClaims,
} from '../support/forge.js';
import { ADAPTERS, type GuardedApp, REFUSED, startGuardedApp, watchRejections } from '../support/guarded-app.js';
import type { StubPlatform } from '../support/stub-platform.js';
import { short } from '../support/length.js';

/*
 * Tokens that are good for one registration and forbidden by the rules of another.
 */

type Rule = () => unknown;

/** Answers of an application's rule for tenants, by the tenant it is asked for. */
const ALLOWING: Readonly<Record<string, Rule>> = {
  yes: () => true,
  'yes-later': async () => true,
  'yes-observable': () => of(true),
  'yes-first': () => of(true, false),
  'yes-and-never-ends': () => new Observable((subscriber) => subscriber.next(true)),
};

const DENYING: Readonly<Record<string, Rule>> = {
  no: () => false,
  'no-later': async () => false,
  'no-observable': () => of(false),
  'no-first': () => of(false, true),
  throws: () => {
    throw new Error('the rule is broken');
  },
  'throws-nothing': () => {
    throw undefined;
  },
  rejects: async () => {
    throw new Error('the rule is broken');
  },
  'rejects-nothing': () => Promise.reject(),
  fails: () => throwError(() => new Error('the rule is broken')),
  'text-true': () => 'true',
  'text-true-later': async () => 'true',
  'text-true-observable': () => of('true'),
  one: () => 1,
  'an-object': () => ({}),
  'boxed-true': () => Object(true),
  nothing: () => undefined,
  'null-answer': () => null,
  'observable-of-nothing': () => EMPTY,
  'a-function': () => () => true,
  'promise-of-observable': async () => of(true),
};

const SILENT: Readonly<Record<string, Rule>> = {
  'never-settles': () => new Promise(() => {}),
  'never-emits': () => NEVER,
};

const RULES = { ...ALLOWING, ...DENYING, ...SILENT };

describe.each(short(ADAPTERS.slice(1), [...ADAPTERS]))('rules of the registration on %s', (adapter) => {
  let platform: StubPlatform;
  let rejections: ReturnType<typeof watchRejections>;
  const started: GuardedApp[] = [];
  beforeAll(async () => {
    rejections = watchRejections();
    platform = await startForgedPlatform();
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((app) => app.close()));
  });
  afterAll(async () => {
    await platform.close();
    rejections.stop();
  });

  async function serve(change: MindsphereCredentialsModuleOptions): Promise<GuardedApp> {
    const app = await startGuardedApp(adapter, forgedOptions(platform, change));
    started.push(app);
    return app;
  }

  /** What was not as it should be. Twice each: the second time the token may be remembered. */
  async function misjudged(app: GuardedApp, good: readonly string[], bad: readonly string[]): Promise<string[]> {
    const wrong: string[] = [];
    const note = (what: string, token: string) => wrong.push(`${what}: ${atob(token.split('.')[1] ?? '')}`);
    for (const token of [...good, ...good]) {
      if ((await app.bear('/guarded', token)).status !== 200) note('kept out', token);
    }
    const asked = platform.app.count;
    for (const token of [...bad, ...bad]) {
      for (const path of ['/guarded', '/open/for-user', '/open/current']) {
        if (!isDeepStrictEqual(await app.bear(path, token), REFUSED)) note(`not refused at ${path}`, token);
      }
    }
    if (platform.app.count !== asked) wrong.push('a technical token was asked for');
    return wrong;
  }

  const forTenants = (...tenants: unknown[]) => tenants.map((ten) => withClaims({ ten }));
  const forClients = (...clients: string[]) => clients.map((cid) => withClaims({ cid, client_id: cid }));

  it('accepts the tenants of a list, by exact comparison', async () => {
    const app = await serve({ verification: { issuers: ['acme'], allowedTenants: ['acme', 'globex'] } });
    const others = ['initech', 'ACME', 'Acme', 'acme2', 'acm', 'a', 'host1', 'constructor', 'length'];
    expect(await misjudged(app, forTenants('acme', 'globex'), forTenants(...others, ['acme'], 'acme,globex'))).toEqual(
      [],
    );
  });

  it('accepts nobody for an empty list of tenants', async () => {
    const app = await serve({ verification: { allowedTenants: [] } });
    expect(await misjudged(app, [], forTenants('acme', 'globex'))).toEqual([]);
  });

  it('accepts those for whom a function returns true, and nobody else', async () => {
    const allowedTenants = (tenant: string) => RULES[tenant]?.() as boolean;
    const app = await serve({ verification: { issuers: ['acme'], allowedTenants } });
    expect(await misjudged(app, forTenants(...Object.keys(ALLOWING)), forTenants(...Object.keys(DENYING)))).toEqual([]);
  });

  it('does not wait for ever for a function', async () => {
    const allowedTenants = (tenant: string) => RULES[tenant]?.() as boolean;
    const request = { retries: 0, timeoutMs: 150, deadlineMs: 150 };
    const app = await serve({ request, verification: { issuers: ['acme'], allowedTenants } });
    expect((await app.bear('/guarded', withClaims({ ten: 'yes' }))).status).toBe(200);
    const answers = forTenants(...Object.keys(SILENT)).flatMap((token) =>
      ['/guarded', '/open/for-user', '/open/current'].map((path) => app.bear(path, token)),
    );
    for (const answer of await Promise.all(answers)) expect(answer).toEqual(REFUSED);
  });

  it('calls the function again for a token that was accepted before', async () => {
    let open = true;
    const app = await serve({ verification: { allowedTenants: () => open } });
    const token = withClaims({});
    expect((await app.bear('/guarded', token)).status).toBe(200);
    open = false;
    expect(await app.bear('/guarded', token)).toEqual(REFUSED);
    expect(await app.bear('/open/for-user', token)).toEqual(REFUSED);
    expect(await app.bear('/open/current', token)).toEqual(REFUSED);
  });

  it('accepts the clients of a list, by exact comparison', async () => {
    const app = await serve({ verification: { clientIds: ['one', 'other-host2'] } });
    const others = ['myapp-host1', 'ONE', 'one ', 'one-host1', 'other', 'other-host1', 'x', 'any', 'length', '0'];
    expect(await misjudged(app, forClients('one', 'other-host2'), forClients(...others))).toEqual([]);
  });

  it.each([
    ['my', ['my-host1', 'my-h'], ['my-app-host1', 'myapp-host1', 'my', 'my-', 'my--host1', 'x-my-host1', '-my-host1']],
    [
      'my-app',
      ['my-app-host1', 'my-app-x'],
      ['my-host1', 'my-app', 'my-app-', 'my-app-x-host1', 'app-host1', 'my-app2-h'],
    ],
    ['a.b', ['a.b-host1'], ['aXb-host1', 'a-host1', 'a.b.host1', 'b-host1']],
    ['a+', ['a+-host1'], ['aa-host1', 'a-host1']],
  ])('tells app %s from apps with similar names', async (appName, good, bad) => {
    const app = await serve({ app: { ...APP, appName, hostTenant: undefined } });
    expect(await misjudged(app, forClients(...good), forClients(...bad))).toEqual([]);
  });

  it("takes a dash in app my's client id for the end of its name, whatever app it is of", async () => {
    // `my-app` is an id of app `my` hosted by tenant `app`, and no id of app `my-app`, which would have a host.
    const app = await serve({ app: { ...APP, appName: 'my', hostTenant: undefined } });
    expect(await misjudged(app, forClients('my-app'), forClients('my-app-host1'))).toEqual([]);
  });

  it('accepts only the issuers it names', async () => {
    const app = await serve({ verification: { issuers: ['acme'] } });
    const byGlobex = (change: Fields) =>
      signed(validHeader(), { ...validClaims(), iss: issuerOf('globex'), ...change }, KEYS.globex);
    expect(
      await misjudged(
        app,
        [withClaims({}), withClaims({ ten: 'globex' })],
        [byGlobex({}), byGlobex({ ten: 'globex' })],
      ),
    ).toEqual([]);
  });

  it('accepts nobody for an empty list of issuers, and asks no server', async () => {
    const app = await serve({ verification: { issuers: [] } });
    const asked = platform.count;
    expect(await misjudged(app, [], [withClaims({})])).toEqual([]);
    expect(platform.count).toBe(asked);
  });

  it('reads one key set for all issuers where it is configured', async () => {
    const app = await serve({ verification: { keySetTenant: 'acme', issuers: ['globex'] } });
    const claims = { ...validClaims(), iss: issuerOf('globex') };
    expect(await misjudged(app, [signed(validHeader(), claims)], [signed(validHeader(), claims, KEYS.globex)])).toEqual(
      [],
    );
  });

  it('checks issuers below a path as strictly as those with hosts', async () => {
    const issuerUrl = `${platform.oauthUrl}/oauth/token`;
    const app = await serve({ verification: { issuerUrl } });
    const { origin } = platform;
    const { host } = new URL(origin);
    const alikes = [
      `${origin}/piam/ACME/oauth/token`,
      `${origin}/piam/../piam/acme/oauth/token`,
      `${origin}/piam/x/../acme/oauth/token`,
      `${origin}/piam/acme/../acme/oauth/token`,
      `${origin}/piam/./acme/oauth/token`,
      `${origin}/piam//acme/oauth/token`,
      `${origin}/piam//oauth/token`,
      `${origin}/piam/oauth/token`,
      `${origin}/piam/acm%65/oauth/token`,
      `${origin}/piam/acme%2f/oauth/token`,
      `${origin}/piam/acme\\/oauth/token`,
      `${origin}/piam/acme/oauth/token/`,
      `${origin}/piam/acme/oauth/token?x`,
      `${origin}/piam/acme/oauth/token#x`,
      `${origin}/PIAM/acme/oauth/token`,
      `${origin}/evil/piam/acme/oauth/token`,
      `${origin}/piam/acme/evil/oauth/token`,
      `http://x@${host}/piam/acme/oauth/token`,
      `https://${host}/piam/acme/oauth/token`,
      `http://${host}@evil.example/piam/acme/oauth/token`,
      `http://${host}0/piam/acme/oauth/token`,
      `http://127.1:${new URL(origin).port}/piam/acme/oauth/token`,
      `http://localhost:${new URL(origin).port}/piam/acme/oauth/token`,
      issuerOf('acme'),
    ];
    const good = [`${origin}/piam/acme/oauth/token`];
    expect(
      await misjudged(
        app,
        good.map((iss) => withClaims({ iss })),
        alikes.map((iss) => withClaims({ iss })),
      ),
    ).toEqual([]);
  });

  it('gives a user of a subtenant no technical token for the whole tenant', async () => {
    const app = await serve({});
    const asked = platform.app.count;
    const token = withClaims({ subtenant: 'north' });
    expect((await app.bear('/guarded', token)).status).toBe(200);
    expect(await app.bear('/open/for-user', token)).toEqual(REFUSED);
    expect(await app.bear('/open/current', token)).toEqual(REFUSED);
    expect(platform.app.count).toBe(asked);
  });

  it('has left no promise unattended', () => {
    expect(rejections.seen).toEqual([]);
  });
});
