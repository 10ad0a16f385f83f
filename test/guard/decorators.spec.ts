import { inspect } from 'node:util';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { CurrentUserToken, Public, RequireScopes, type UserToken, UserTokenGuard } from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { APP, failureOf, forbidden } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { ADAPTERS, serve } from '../support/key-server-http.js';
import { partsOf, shownIn } from '../support/leaks.js';

const KEY = testKey('key-id-1', 0);

describe('at start it is an error', () => {
  const faulty: [string, () => unknown][] = [
    [
      'to demand no scope of a handler',
      () => {
        class Faulty {
          @RequireScopes()
          handler() {}
        }
        return Faulty;
      },
    ],
    [
      'to demand no scope of a class',
      () => {
        @RequireScopes()
        class Faulty {}
        return Faulty;
      },
    ],
    [
      'to forget the parentheses on a handler',
      () => {
        class Faulty {
          @forbidden<MethodDecorator>(RequireScopes)
          handler() {}
        }
        return Faulty;
      },
    ],
    [
      'to forget the parentheses on a class',
      () => {
        @forbidden<ClassDecorator>(RequireScopes)
        class Faulty {}
        return Faulty;
      },
    ],
    [
      '@Public() above @RequireScopes() on a handler',
      () => {
        class Faulty {
          @Public()
          @RequireScopes('myapp.user')
          handler() {}
        }
        return Faulty;
      },
    ],
    [
      '@RequireScopes() above @Public() on a handler',
      () => {
        class Faulty {
          @RequireScopes('myapp.user')
          @Public()
          handler() {}
        }
        return Faulty;
      },
    ],
    [
      '@Public() above @RequireScopes() on a class',
      () => {
        @Public()
        @RequireScopes('myapp.user')
        class Faulty {}
        return Faulty;
      },
    ],
    [
      '@RequireScopes() above @Public() on a class',
      () => {
        @RequireScopes('myapp.user')
        @Public()
        class Faulty {}
        return Faulty;
      },
    ],
  ];

  it.each(faulty)('%s', async (_, define) => {
    const failure = await failureOf(define);
    expect(failure.code).toBe('options_invalid');
    expect(failure.message).toMatch(/@RequireScopes\(\)/);
  });

  it.each(
    ['', ' ', 'a b', 'a"b', 'a\\b', 'a\r\nX-Evil: 1', 'ä', undefined, null, 7, ['myapp.user']].map((scope) => [scope]),
  )('to demand what is no scope: %o', async (scope) => {
    expect((await failureOf(() => RequireScopes('myapp.user', forbidden(scope)))).code).toBe('options_invalid');
  });
});

describe('at start it is no error', () => {
  it('that a handler differs from its class', () => {
    expect(() => {
      @RequireScopes('myapp.user')
      class Scoped {
        @Public()
        open() {}
      }
      @Public()
      class Open {
        @RequireScopes('myapp.user')
        scoped() {}
      }
      return [Scoped, Open];
    }).not.toThrow();
  });

  it('that a decorator stands there twice', () => {
    expect(() => {
      class Twice {
        @RequireScopes('myapp.user')
        @RequireScopes('myapp.admin')
        scoped() {}

        @Public()
        @Public()
        open() {}
      }
      return Twice;
    }).not.toThrow();
  });
});

let handed: UserToken[] = [];

@Controller()
class UserController {
  @Get('unguarded')
  async unguarded(@CurrentUserToken() user: UserToken) {
    handed.push(user);
    const { verified, tenant, subtenant, hostTenant, userName, userId, email, clientId, scopes, claims } = user;
    const token = await firstValueFrom(user.getToken());
    return {
      value: user.value,
      verified,
      shown: { tenant, subtenant, hostTenant, userName, userId, email, clientId, expiresAt: user.expiresAt },
      scopes,
      claims,
      mayUse: user.hasScopes('myapp.user'),
      token: { claims: token.claims, scopes: token.scopes, tenant: token.tenant, subtenant: token.subtenant },
    };
  }

  @Get('unused')
  unused(@CurrentUserToken() user: UserToken) {
    handed.push(user);
    return 'served';
  }

  @Get('guarded')
  @UseGuards(UserTokenGuard)
  guarded(@CurrentUserToken() user: UserToken, @CurrentUserToken() again: UserToken) {
    handed.push(user, again);
    return { verified: user.verified, tenant: user.tenant };
  }
}

describe.each(ADAPTERS)('@CurrentUserToken() on %s', (adapter) => {
  async function lab() {
    handed = [];
    const server = await KeyServer.start(KEY);
    const options = { ...server.platform.urls, app: APP, tenant: false as const };
    return { server, ...(await serve(adapter, { options, controllers: [UserController] })) };
  }

  it.each<[string, (server: KeyServer) => string]>([
    ['genuine', (server) => server.token(KEY, { subtenant: 'sub1' })],
    ['forged', (server) => server.forged(KEY.kid, { subtenant: 'sub1' })],
    ['expired', (server) => server.token(KEY, { exp: 1 })],
  ])('without the guard is an unverified user who shows no claims: a %s token', async (_, make) => {
    const { get, server } = await lab();
    const jwt = make(server);
    expect((await get('/unguarded', jwt)).body).toEqual({
      value: jwt,
      verified: false,
      shown: {},
      scopes: [],
      claims: {},
      mayUse: false,
      token: { claims: {}, scopes: [] },
    });
    expect(server.platform.count).toBe(0);
  });

  it('without the guard stays unverified although the same token was verified for another request', async () => {
    const { get, server } = await lab();
    const jwt = server.token(KEY);
    expect((await get('/guarded', jwt)).body).toEqual({ verified: true, tenant: 'acme' });
    expect((await get('/unguarded', jwt)).body).toMatchObject({ verified: false, shown: {} });
  });

  it('without the guard never fails while it is made, and asks of what it is not', async () => {
    const { get } = await lab();
    expect((await get('/unused')).body).toBe('served');
    expect((await get('/unused', undefined, { authorization: 'Basic YTpi' })).body).toBe('served');
    for (const user of handed) {
      expect({ verified: user.verified, tenant: user.tenant, scopes: user.scopes, claims: user.claims }).toEqual({
        verified: false,
        tenant: undefined,
        scopes: [],
        claims: {},
      });
      expect(inspect(user)).toContain('UserToken');
      expect(JSON.stringify(user)).toBe('{"verified":false}');
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await failureOf(user.getToken())).code).toBe('token_missing');
    }
    expect(handed.length).toBe(2);
  });

  it('with the guard is the verified user, one and the same wherever it stands', async () => {
    const { get, server } = await lab();
    const jwt = server.token(KEY);
    expect((await get('/guarded', jwt)).body).toEqual({ verified: true, tenant: 'acme' });
    expect(handed[0]).toBe(handed[1]);
    expect(handed[0]!.value).toBe(jwt);
    const texts = [
      inspect(handed[0], { depth: 9, showHidden: true }),
      JSON.stringify(handed[0]),
      handed[0]!.toString(),
    ];
    expect(texts.flatMap((text) => shownIn(text, partsOf(jwt)))).toEqual([]);
  });
});
