import { vi, describe, expect, it } from 'vitest';
import { fakeTime } from '../../support/basics.js';
import { isFullLength } from '../../support/length.js';
import { ANN, claimsIn, echoed, Gateway, PAGE, startApplication, startGateway } from './gateway-lab.js';

async function started(options = {}, emulatorOptions = {}): Promise<Gateway> {
  const { url } = await startApplication();
  return startGateway({ url, ...options }, emulatorOptions);
}

describe('Signing in', () => {
  it('shows the users to a page request without a session, and leads a choice back to where one wanted to go', async () => {
    const gateway = await started();
    const page = await gateway.ask('/plants?x=1&y=2', { headers: PAGE });
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    for (const shown of ['ann@', 'olga@', 'customer', 'operator', 'myapp.operator', 'mindsphere.io']) {
      expect(page.text).toContain(shown);
    }
    expect(page.text).toContain('value="/plants?x=1&amp;y=2"');
    const signedIn = await gateway.signIn(1, '/plants?x=1&y=2');
    expect([signedIn.status, signedIn.headers.location]).toEqual([303, '/plants?x=1&y=2']);
    const { headers } = echoed(await gateway.ask('/plants'));
    expect(claimsIn({ headers })).toMatchObject({ ten: 'operator', scope: ['myapp.user', 'myapp.operator'] });
  });

  it('sets the session out of reach of scripts, and the XSRF token within it', async () => {
    const gateway = await started();
    const { headers } = await gateway.signIn();
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(/^SESSION=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/),
      expect.stringMatching(/^XSRF-TOKEN=[\w-]{43}; Path=\/; SameSite=Lax$/),
    ]);
    expect(gateway.cookies.get('SESSION')).not.toBe(gateway.cookies.get('XSRF-TOKEN'));
  });

  it('begins another session with another id, and ends the one before', async () => {
    const gateway = await started();
    await gateway.signIn(0);
    const before = gateway.cookies.get('SESSION');
    await gateway.signIn(1);
    expect(gateway.cookies.get('SESSION')).not.toBe(before);
    expect((await gateway.ask('/', { headers: { cookie: `SESSION=${before}` } })).status).toBe(401);
    expect(claimsIn(echoed(await gateway.ask('/')))).toMatchObject({ ten: 'operator' });
  });

  it.each([
    ['https://evil.example/', '/'],
    ['//evil.example/x', '/'],
    ['/\\evil.example', '/'],
    ['/\t/evil.example', '/'],
    ['\\\\evil.example', '/'],
    ['/.//evil.example', '/'],
    ['/x/..//evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['plants', '/'],
    ['', '/'],
    [`/${'a'.repeat(3_000)}`, '/'],
    ['/logout', '/'],
    ['/logout?again', '/'],
    ['/a\r\nset-cookie: x=1', '/aset-cookie:%20x=1'],
    ['/plants/ä?q=ü#top', '/plants/%C3%A4?q=%C3%BC#top'],
    ['/__emulator/', '/__emulator/'],
  ])('leads after a choice to no place but a path of its own: %j', async (to, location) => {
    const gateway = await started();
    const { status, headers } = await gateway.signIn(0, to);
    expect([status, headers.location]).toEqual([303, location]);
    expect(headers['set-cookie']).toHaveLength(2);
  });

  it('puts nothing into the page as markup that a path or a user brings along', async () => {
    const users = [{ userName: `<img src=x onerror="alert('1')">&amp;`, scopes: ['<b>'] }];
    const gateway = await started({ users });
    const { text } = await gateway.ask(`/?"><script>alert(1)</script>'&`, { headers: PAGE });
    for (const markup of ['<script', '<img', '<code><b>']) expect(text).not.toContain(markup);
    expect(text).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;');
    await gateway.signIn();
    const page = await gateway.ask('/__emulator/?done=<script>');
    for (const markup of ['<script>', '<img', '<code><b>']) expect(page.text).not.toContain(markup);
  });

  it.each(['-1', '2', '1e0', '0x1', ' 1', 'ann', ''])('knows no user %j', async (user) => {
    const gateway = await started();
    const body = new URLSearchParams({ to: '/', user }).toString();
    const { status, headers } = await gateway.ask('/__emulator/sign-in', { method: 'POST', body });
    expect([status, headers['set-cookie']]).toEqual([400, undefined]);
  });

  it.each<Record<string, string>>([
    { origin: 'http://evil.example' },
    { origin: 'http://127.0.0.1:1' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('is refused to pages of others: %j', async (headers) => {
    const gateway = await started();
    const { status, headers: answered } = await gateway.signIn(0, '/', headers);
    expect([status, answered['set-cookie']]).toEqual([403, undefined]);
  });

  it('is no matter of GET', async () => {
    const gateway = await started();
    const { headers } = await gateway.ask('/__emulator/sign-in?user=0&to=/', { headers: PAGE });
    expect(headers['set-cookie']).toBeUndefined();
  });

  // Short: a thousand sign-ins.
  it.runIf(isFullLength)('keeps so many sessions that the machine bears it: the oldest ends', async () => {
    const gateway = await started();
    await gateway.signIn();
    const first = new Map(gateway.cookies);
    for (let count = 0; count < 1_000; count += 1) {
      gateway.cookies.clear();
      // oxlint-disable-next-line no-await-in-loop -- one after the other, so that the first is the oldest
      await gateway.signIn();
    }
    expect((await gateway.ask('/')).status).toBe(200);
    const { status } = await gateway.ask('/', { headers: { cookie: `SESSION=${first.get('SESSION')}` } });
    expect(status).toBe(401);
  });
});

describe('A session', () => {
  it('ends with /logout, by GET and by POST, for pages and for scripts', async () => {
    const gateway = await started();
    for (const method of ['GET', 'POST']) {
      for (const [headers, status] of [
        [PAGE, 200],
        [{}, 204],
      ] as const) {
        await gateway.signIn();
        const { SESSION: cookie } = Object.fromEntries(gateway.cookies);
        const answer = await gateway.ask('/logout', { method, headers });
        expect(answer.status).toBe(status);
        expect(gateway.cookies.size).toBe(0);
        expect((await gateway.ask('/', { headers: { cookie: `SESSION=${cookie}` } })).status).toBe(401);
      }
    }
    const page = await gateway.ask('/logout', { headers: PAGE });
    expect(page.text).toContain('You are signed out.');
    expect((await gateway.ask('/logout', { method: 'DELETE' })).status).toBe(405);
  });

  it('ends after its minutes: a page request gets the users, another 401', async () => {
    fakeTime();
    const gateway = await started({ sessionMinutes: 10 });
    await gateway.signIn();
    await vi.advanceTimersByTimeAsync(10 * 60_000 - 1);
    expect((await gateway.ask('/')).status).toBe(200);
    await vi.advanceTimersByTimeAsync(1);
    expect((await gateway.ask('/')).status).toBe(401);
    expect((await gateway.ask('/', { headers: PAGE })).text).toContain('Who do you want to be?');
  });

  it('ends after 30 minutes unless told otherwise', async () => {
    fakeTime();
    const gateway = await started();
    await gateway.signIn();
    await vi.advanceTimersByTimeAsync(30 * 60_000 - 1);
    expect((await gateway.ask('/')).status).toBe(200);
    await vi.advanceTimersByTimeAsync(1);
    expect((await gateway.ask('/')).status).toBe(401);
  });

  it('ends by the clock, too, where the machine has slept and timers are late', async () => {
    fakeTime();
    const gateway = await started({ sessionMinutes: 10 });
    await gateway.signIn();
    vi.setSystemTime(Date.now() + 10 * 60_000);
    expect((await gateway.ask('/')).status).toBe(401);
  });

  it('is set by one cookie alone', async () => {
    const gateway = await started();
    await gateway.signIn();
    const id = gateway.cookies.get('SESSION');
    const status = async (cookie: string) => (await gateway.ask('/', { headers: { cookie } })).status;
    expect(await status(`SESSION=${id}`)).toBe(200);
    expect(await status(`a=b;SESSION=${id};c=d`)).toBe(200);
    for (const cookie of [`SESSION=${id}x`, `SESSION=`, `session=${id}`, `XSESSION=${id}`, `SESSION="${id}"`]) {
      expect([cookie, await status(cookie)]).toEqual([cookie, 401]);
    }
    expect(await status(`SESSION=x; SESSION=${id}`)).toBe(401);
    expect(await status('SESSION=__proto__')).toBe(401);
  });

  it('is gw_session on siemens.app, where users have tokens of that platform', async () => {
    const users = [{ tenant: '1000000351', tenantName: 'acme', userName: 'ann@acme.example.com' }];
    const gateway = await started({ platform: 'xcelerator', users }, { xcelerator: true });
    const { text } = await gateway.ask('/', { headers: PAGE });
    for (const shown of ['1000000351', 'acme', 'ann@', 'siemens.app']) expect(text).toContain(shown);
    const { headers } = await gateway.signIn();
    expect(headers['set-cookie']?.[0]).toMatch(/^gw_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    const cookie = `gw_session=${gateway.cookies.get('gw_session')}; SESSION=of-the-application`;
    const echo = echoed(await gateway.ask('/x', { headers: { cookie } }));
    expect(echo.headers.cookie).toBe('SESSION=of-the-application');
    expect(claimsIn(echo)).toMatchObject({ 'sws.samauth.ten': '1000000351', iss: expect.stringContaining('/sws/') });
    for (const path of ['/api/assetmanagement-1000001700/v3/assets?size=1', '/api/assetmanagement/v3/assets']) {
      // oxlint-disable-next-line no-await-in-loop -- with and without the core tenant
      const answer = await gateway.ask(path);
      expect([answer.status, JSON.parse(answer.text)]).toEqual([
        200,
        expect.objectContaining({ tenant: '1000000351' }),
      ]);
    }
  });
});

describe('Users of both platforms behind one gateway', () => {
  const BOTH = [
    ANN,
    { platform: 'xcelerator', tenant: '1000000351', userName: 'cara@example.com', scopes: ['myapp.user'] },
  ] as const;

  it('each has the session cookie, the token and the APIs of the own platform', async () => {
    const gateway = await started({ users: BOTH }, { xcelerator: true });
    const { text } = await gateway.ask('/', { headers: PAGE });
    for (const shown of ['mindsphere.io', 'siemens.app']) expect(text).toContain(shown);
    for (const [user, cookie, tenant, prefix] of [
      [0, 'SESSION', 'customer', '/piam/customer'],
      [1, 'gw_session', '1000000351', '/sws/1000001700'],
      [0, 'SESSION', 'customer', '/piam/customer'],
    ] as const) {
      // oxlint-disable no-await-in-loop -- one user after the other, in one browser
      await gateway.signIn(user);
      expect([...gateway.cookies.keys()].toSorted()).toEqual([cookie, 'XSRF-TOKEN'].toSorted());
      const echo = echoed(await gateway.ask('/x'));
      expect(echo.headers.cookie).toBeUndefined();
      expect(claimsIn(echo)['iss']).toBe(`${gateway.emulator.origin}${prefix}/oauth/token`);
      const answer = await gateway.ask('/api/assetmanagement/v3/assets');
      expect([answer.status, JSON.parse(answer.text)]).toEqual([200, expect.objectContaining({ tenant })]);
      // oxlint-enable no-await-in-loop
    }
    expect(gateway.emulator.requests('api').map(({ platform }) => platform)).toEqual([
      'mindsphere',
      'xcelerator',
      'mindsphere',
    ]);
    await gateway.ask('/logout');
    expect(gateway.cookies.size).toBe(0);
  });

  it('a session cookie of each at once is no session', async () => {
    const gateway = await started({ users: BOTH }, { xcelerator: true });
    await gateway.signIn(1);
    const id = gateway.cookies.get('gw_session');
    for (const [cookie, status] of [
      [`gw_session=${id}`, 200],
      [`gw_session=${id}; SESSION=stale`, 401],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- two requests
      expect((await gateway.ask('/', { headers: { cookie } })).status).toBe(status);
    }
  });

  it('wants an emulator that plays both', async () => {
    await expect(started({ users: BOTH })).rejects.toThrow('xcelerator: true');
  });
});

describe('XSRF', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s wants the header that repeats the cookie', async (method) => {
    const gateway = await started();
    await gateway.signIn();
    expect((await gateway.ask('/x', { method })).status).toBe(403);
    expect((await gateway.ask('/x', { method, headers: { 'x-xsrf-token': '' } })).status).toBe(403);
    expect((await gateway.ask('/x', { method, headers: { 'x-xsrf-token': 'x'.repeat(43) } })).status).toBe(403);
    const ok = await gateway.ask('/x', { method, headers: { ...gateway.proof, 'content-length': '1' }, body: 'b' });
    expect(ok.status).toBe(200);
    expect(echoed(ok)).toMatchObject({ method, body: 'b' });
  });

  it('a cookie that somebody else has set does not do', async () => {
    const gateway = await started();
    await gateway.signIn();
    const cookie = `SESSION=${gateway.cookies.get('SESSION')}; XSRF-TOKEN=chosen`;
    const { status } = await gateway.ask('/x', { method: 'POST', headers: { cookie, 'x-xsrf-token': 'chosen' } });
    expect(status).toBe(403);
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])('%s goes without', async (method) => {
    const gateway = await started();
    await gateway.signIn();
    expect((await gateway.ask('/x', { method })).status).toBe(200);
  });

  it('binds the emulated APIs, and answers pages with a page', async () => {
    const gateway = await started();
    await gateway.signIn();
    expect((await gateway.ask('/api/assetmanagement/v3/assets', { method: 'POST' })).status).toBe(403);
    const page = await gateway.ask('/form', { method: 'POST', headers: PAGE });
    expect([page.status, page.text.includes('x-xsrf-token')]).toEqual([403, true]);
    expect(gateway.emulator.requests('api')).toEqual([]);
  });

  it('does not bind a request that has a token of its own and no session', async () => {
    const gateway = await started();
    const authorization = `Bearer ${gateway.emulator.issueUserToken(ANN)}`;
    const answer = await gateway.ask('/x', { method: 'POST', headers: { authorization }, body: 'b' });
    expect(echoed(answer)).toMatchObject({ body: 'b', headers: { authorization } });
  });
});
