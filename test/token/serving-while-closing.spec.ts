import {
  type BeforeApplicationShutdown,
  Controller,
  Get,
  Injectable,
  type OnModuleDestroy,
  UseGuards,
} from '@nestjs/common';
import {
  AppCredentials,
  CurrentUserToken,
  type MindsphereCredentials,
  TenantCredentials,
  TokenVerifier,
  type UserToken,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom, ReplaySubject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { APP, failureOf, TENANT, tokenOf } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { ADAPTERS, serve } from '../support/key-server-http.js';

const KEY = testKey('key-id-1', 0);

/** What happens in the hooks of an application while it closes. */
@Injectable()
class Closing implements OnModuleDestroy, BeforeApplicationShutdown {
  static act: () => Promise<void> = () => Promise.resolve();
  static readonly begun = new ReplaySubject<void>(1);
  async onModuleDestroy() {
    Closing.begun.next();
    await Closing.act();
  }
  async beforeApplicationShutdown() {
    await Closing.act();
  }
}

/** Answers once it is allowed to. */
@Controller()
class Slow {
  static go = new ReplaySubject<void>(1);
  static arrived = new ReplaySubject<void>(1);
  constructor(private readonly app: AppCredentials) {}
  @UseGuards(UserTokenGuard)
  @Get('slow')
  async slow(@CurrentUserToken() user: UserToken) {
    Slow.arrived.next();
    await firstValueFrom(Slow.go);
    const token = await tokenOf(this.app.forUser(user));
    return { user: user.tenant, actsFor: token.tenant };
  }
}

describe.each(ADAPTERS)('while an application on %s closes', (adapter) => {
  async function lab() {
    Slow.go = new ReplaySubject<void>(1);
    Slow.arrived = new ReplaySubject<void>(1);
    Closing.act = () => Promise.resolve();
    const server = await KeyServer.start(KEY);
    const options = { ...server.platform.urls, app: APP, tenant: TENANT };
    const served = await serve(adapter, { options, controllers: [Slow], providers: [Closing] });
    return { server, ...served, token: server.token(KEY) };
  }

  it('a request that was accepted before still gets user and token', async () => {
    const { application, get, token } = await lab();
    const answer = get('/slow', token, { connection: 'close' });
    await firstValueFrom(Slow.arrived);
    const closed = application.close();
    await firstValueFrom(Closing.begun);
    Slow.go.next();
    expect(await answer).toMatchObject({ status: 200, body: { user: 'acme', actsFor: 'acme' } });
    await closed;
  });

  it('hooks before the shutdown get held tokens, verified users, and what needs a new request', async () => {
    const { application, server, token } = await lab();
    const [app, tenant, verifier] = [AppCredentials, TenantCredentials, TokenVerifier].map((type) =>
      application.get<unknown>(type),
    ) as [AppCredentials, TenantCredentials, TokenVerifier];
    await Promise.all([tokenOf(app), firstValueFrom(verifier.verify(token))]);
    const held = await tokenOf(app);
    const got: unknown[] = [];
    Closing.act = async () => {
      const all: MindsphereCredentials[] = [app, tenant, app.forUserTenant('globex')];
      const tokens = await Promise.all([...all.map(tokenOf), firstValueFrom(app.token$)]);
      const user = await firstValueFrom(verifier.verify(token));
      const other = await firstValueFrom(verifier.verify(server.token(KEY, { ten: 'globex' })));
      got.push(tokens[0]?.value === held.value, tokens[2]?.tenant, user.tenant, other.tenant);
    };
    await application.close();
    expect(got).toEqual(Array.from({ length: 2 }, () => [true, 'globex', 'acme', 'globex']).flat());
    // One for the app, one for another tenant, one of the tenant: the second hook asked for nothing.
    expect([server.platform.app.count, server.platform.tenant.count]).toEqual([2, 1]);
    expect((await failureOf(app.getToken())).code).toBe('module_destroyed');
    expect((await failureOf(verifier.verify(token))).code).toBe('module_destroyed');
  });
});
