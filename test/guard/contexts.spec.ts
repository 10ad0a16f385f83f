import { type CanActivate, Controller, type ExecutionContext, HttpException, type Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import {
  CurrentUserToken,
  type MindsphereCredentialsModuleOptions,
  Public,
  RequireScopes,
  type UserToken,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom, isObservable } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { APP, forbidden, startWith } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { json } from '../support/stub-platform.js';

const KEY = testKey('key-id-1', 0);

@Controller()
class Resolver {
  open(@CurrentUserToken() user: UserToken) {
    return user;
  }

  @RequireScopes('myapp.admin')
  admin() {
    return 'in';
  }

  @Public()
  public() {
    return 'in';
  }
}

type Handler = Exclude<keyof Resolver, 'constructor'>;

/** What `@CurrentUserToken()` gives the handler in a context. */
function currentUser(context: ExecutionContext): UserToken {
  const args = Reflect.getMetadata(ROUTE_ARGS_METADATA, Resolver, 'open') as Record<string, { factory: unknown }>;
  const [{ factory }] = Object.values(args) as [{ factory: (data: unknown, context: ExecutionContext) => UserToken }];
  return factory(undefined, context);
}

interface Lab {
  readonly server: KeyServer;
  readonly guard: CanActivate;
  readonly token: (claims?: Record<string, unknown>) => string;
}

async function lab(options: MindsphereCredentialsModuleOptions = {}): Promise<Lab> {
  const server = await KeyServer.start(KEY);
  const module = await startWith({ ...server.platform.urls, app: APP, tenant: false, ...options });
  return { server, guard: module.get(UserTokenGuard), token: (claims) => server.token(KEY, claims) };
}

function contextOf(type: string, args: unknown[], handler: Handler = 'open'): ExecutionContextHost {
  const host = new ExecutionContextHost(args, Resolver as Type, Resolver.prototype[handler]);
  host.setType(type);
  return host;
}

/** What a guard says: true or false, or the exception it throws. */
async function say(guard: CanActivate, context: ExecutionContext): Promise<unknown> {
  try {
    const said = guard.canActivate(context);
    return await (isObservable(said) ? firstValueFrom(said) : said);
  } catch (error) {
    return error;
  }
}

const bearer = (jwt: string) => ({ authorization: `Bearer ${jwt}` });

describe('in GraphQL', () => {
  const graphql = (context: unknown, handler?: Handler) =>
    contextOf('graphql', [{}, { id: 7 }, context, { fieldName: 'open' }], handler);

  it('the request is found at context.req, and the user published for it', async () => {
    const { guard, token } = await lab();
    const context = graphql({ req: { headers: bearer(token()) } });
    expect(currentUser(context).verified).toBe(false);
    expect(await say(guard, context)).toBe(true);
    expect(currentUser(context)).toMatchObject({ verified: true, userName: 'ann@acme' });
  });

  it('the same, where the request is one of Fastify', async () => {
    const { guard, token } = await lab();
    const raw = { headers: bearer(token()), rawHeaders: [] };
    const context = graphql({ req: { headers: raw.headers, raw } });
    expect(await say(guard, context)).toBe(true);
    expect(currentUser(context).verified).toBe(true);
    // Each field's resolver may meet another wrapper of the same request.
    expect(currentUser(graphql({ req: { headers: raw.headers, raw } })).verified).toBe(true);
  });

  it.each<[string, (lab: Lab) => unknown, Handler, string, number]>([
    ['no token', () => ({ headers: {} }), 'open', 'UNAUTHENTICATED', 401],
    ['a bad token', ({ server }) => ({ headers: bearer(server.forged('x')) }), 'open', 'UNAUTHENTICATED', 401],
    ['a missing scope', ({ token }) => ({ headers: bearer(token()) }), 'admin', 'FORBIDDEN', 403],
  ])('errors carry extensions.code: %s', async (_, request, handler, code, status) => {
    const made = await lab();
    const error = await say(made.guard, graphql({ req: request(made) }, handler));
    expect(error).toBeInstanceOf(HttpException);
    expect(error).toMatchObject({ status, extensions: { code } });
    expect((error as Error).message).not.toMatch(/kid|signature|issuer/);
  });

  it('so does that of a key set that cannot be read', async () => {
    const { guard, server, token } = await lab();
    server.answer(json({}, 500));
    const error = await say(guard, graphql({ req: { headers: bearer(token()) } }));
    expect(error).toMatchObject({ status: 503, extensions: { code: 'SERVICE_UNAVAILABLE' } });
  });

  it('headers are set on context.res, where there is one', async () => {
    const { guard } = await lab();
    const header = vi.fn<(name: string, value: string) => void>();
    await say(guard, graphql({ req: { headers: {} }, res: { header } }));
    expect(header.mock.calls).toEqual([['WWW-Authenticate', 'Bearer']]);
    // A subscription's context may have none, or none that takes headers.
    for (const res of [undefined, null, {}, { header: 'x' }]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await say(guard, graphql({ req: { headers: {} }, res }))).toMatchObject({ status: 401 });
    }
  });

  it.each([undefined, null, {}, { req: undefined }, { req: null }])(
    'a context without a request is denied: %o',
    async (context) => {
      const { guard } = await lab();
      expect(await say(guard, graphql(context))).toBe(false);
      expect(await say(guard, graphql(context, 'public'))).toBe(true);
    },
  );

  it('userToken.extract is given the request', async () => {
    const seen: unknown[] = [];
    const extract = (request: unknown) => {
      seen.push(request);
      return forbidden<{ session: string }>(request).session;
    };
    const { guard, token } = await lab({ userToken: { extract } });
    const req = { session: token() };
    expect(await say(guard, graphql({ req }))).toBe(true);
    expect(seen[0]).toBe(req);
  });
});

describe('over WebSockets', () => {
  const ws = (client: unknown, handler?: Handler) => contextOf('ws', [client, { data: 1 }, 'pattern'], handler);
  const deny: [string, (lab: Lab) => unknown][] = [
    ['no token', () => ({ headers: {}, auth: {} })],
    ['no auth', () => ({ headers: {} })],
    ['a bad token in its header', ({ server }) => ({ headers: bearer(server.forged('x')), auth: {} })],
    ['a bad token in auth', ({ server }) => ({ headers: {}, auth: { token: server.forged('x') } })],
    ['an empty token', () => ({ headers: {}, auth: { token: '' } })],
    ['a token of another type', ({ token }) => ({ headers: {}, auth: { token: [token()] } })],
    ['a bad header and a good token in auth', ({ token }) => ({ headers: bearer('x'), auth: { token: token() } })],
    ['another scheme in its header', ({ token }) => ({ headers: { authorization: `Basic ${token()}` } })],
  ];

  it.each<[string, (jwt: string) => unknown]>([
    ["the handshake's header", (jwt) => ({ headers: bearer(jwt), auth: {} })],
    ['handshake.auth.token', (jwt) => ({ headers: {}, auth: { token: jwt } })],
    ['handshake.auth.token, with its scheme', (jwt) => ({ headers: {}, auth: { token: `Bearer ${jwt}` } })],
  ])('the token is found in %s', async (_, handshake) => {
    const { guard, server, token } = await lab();
    const client = { handshake: handshake(token()), id: 'socket-1' };
    expect(await say(guard, ws(client))).toBe(true);
    expect(currentUser(ws(client))).toMatchObject({ verified: true, tenant: 'acme' });
    // The next message of the same client.
    expect(await say(guard, ws(client))).toBe(true);
    expect(server.count()).toBe(1);
  });

  it.each(deny)('is denied by Nest, not by an HTTP exception: %s', async (_, handshake) => {
    const made = await lab();
    const client = { handshake: handshake(made) };
    expect(await say(made.guard, ws(client))).toBe(false);
    expect(currentUser(ws(client)).verified).toBe(false);
  });

  it('a missing scope and a key set that cannot be read are denied, too', async () => {
    const { guard, token } = await lab();
    const client = { handshake: { headers: bearer(token()) } };
    expect(await say(guard, ws(client, 'admin'))).toBe(false);
    expect(await say(guard, ws(client))).toBe(true);
    const other = await lab();
    other.server.answer(json({}, 500));
    expect(await say(other.guard, ws({ handshake: { headers: bearer(other.token()) } }))).toBe(false);
  });

  it('a handshake does not outlive its token', async () => {
    const { guard, token } = await lab({ verification: { clockToleranceMs: 0 } });
    const exp = Math.floor(Date.now() / 1_000) + 60;
    const client = { handshake: { headers: bearer(token({ exp })) } };
    expect(await say(guard, ws(client))).toBe(true);
    const clock = vi.spyOn(Date, 'now').mockReturnValue(exp * 1_000);
    expect(await say(guard, ws(client))).toBe(false);
    clock.mockRestore();
  });

  it('the rule for tenants counts for every message', async () => {
    let allowed = true;
    const { guard, token } = await lab({ verification: { allowedTenants: () => allowed } });
    const client = { handshake: { headers: bearer(token()) } };
    expect(await say(guard, ws(client))).toBe(true);
    allowed = false;
    expect(await say(guard, ws(client))).toBe(false);
  });

  it.each([undefined, null, {}, { handshake: undefined }, { handshake: null }])(
    'a client without a handshake is denied: %o',
    async (client) => {
      const { guard } = await lab();
      expect(await say(guard, ws(client))).toBe(false);
      expect(await say(guard, ws(client, 'public'))).toBe(true);
    },
  );
});

describe.each(['rpc', 'kafka', 'http2', 'HTTP'])('a context of type %o', (type) => {
  it('is denied, whatever it holds, unless the handler is public', async () => {
    const { guard, server, token } = await lab();
    const request = { headers: bearer(token()), handshake: { headers: bearer(token()) }, req: {} };
    for (const args of [[request], [request, request, { req: request }], []]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await say(guard, contextOf(type, args))).toBe(false);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await say(guard, contextOf(type, args, 'public'))).toBe(true);
    }
    expect(server.platform.count).toBe(0);
    expect(currentUser(contextOf(type, [request])).verified).toBe(false);
  });
});
