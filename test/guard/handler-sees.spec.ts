import type { AddressInfo } from 'node:net';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type INestApplication,
  UseGuards,
} from '@nestjs/common';
import {
  ClientProxyFactory,
  type MicroserviceOptions,
  MessagePattern,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  AppCredentials,
  CurrentAppCredentials,
  CurrentUserToken,
  MindsphereCredentialsModule,
  TokenVerifier,
  UserToken,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { APP, tokenOf } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { ADAPTERS, serve } from '../support/key-server-http.js';

/* A subclass finds the request elsewhere: whom the guard has verified is whom the handler gets. */

const KEY = testKey('key-id-1', 0);
const ANN = { tenant: 'acme', userName: 'ann@acme', verified: true };
const NOBODY = { verified: false };
const shown = ({ tenant, userName, verified }: UserToken) => ({ tenant, userName, verified });

async function lab() {
  const server = await KeyServer.start(KEY);
  return { server, options: { ...server.platform.urls, app: APP, tenant: false as const } };
}

describe.each(ADAPTERS)('getRequest overridden for HTTP, on %s', (adapter) => {
  @Injectable()
  class CookieGuard extends UserTokenGuard {
    // oxlint-disable-next-line no-useless-constructor -- Nest reads the dependency from it
    constructor(verifier: TokenVerifier) {
      super(verifier);
    }
    protected override getRequest(context: ExecutionContext): unknown {
      const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
      return { headers: { authorization: headers['cookie']?.replace('session=', 'Bearer ') } };
    }
  }

  @Controller()
  class Users {
    constructor(
      private readonly injected: UserToken,
      private readonly current: CurrentAppCredentials,
      private readonly app: AppCredentials,
    ) {}
    @UseGuards(CookieGuard)
    @Get('guarded')
    async guarded(@CurrentUserToken() user: UserToken) {
      const [asCurrent, asUser] = await Promise.all([tokenOf(this.current), tokenOf(this.app.forUser(user))]);
      return { byDecorator: shown(user), injected: shown(this.injected), tenants: [asCurrent.tenant, asUser.tenant] };
    }
    @Get('open')
    open(@CurrentUserToken() user: UserToken) {
      return { byDecorator: shown(user), injected: shown(this.injected) };
    }
  }

  it('the decorator, the injected token and the credentials all have the user', async () => {
    const { server, options } = await lab();
    const { get } = await serve(adapter, { options, controllers: [Users] });
    const cookie = { cookie: `session=${server.token(KEY)}` };
    expect(await get('/guarded', undefined, cookie)).toMatchObject({
      status: 200,
      body: { byDecorator: ANN, injected: ANN, tenants: ['acme', 'acme'] },
    });
    expect((await get('/open', undefined, cookie)).body).toEqual({ byDecorator: NOBODY, injected: NOBODY });
    expect((await get('/guarded')).status).toBe(401);
  });
});

describe('getRequest overridden for messages', () => {
  @Injectable()
  class MessageGuard extends UserTokenGuard implements CanActivate {
    // oxlint-disable-next-line no-useless-constructor -- Nest reads the dependency from it
    constructor(verifier: TokenVerifier) {
      super(verifier);
    }
    protected override getRequest(context: ExecutionContext): unknown {
      const { token } = context.switchToRpc().getData<{ token?: string }>();
      return { headers: { authorization: token === undefined ? undefined : `Bearer ${token}` } };
    }
  }

  @Controller()
  class Messages {
    constructor(
      private readonly injected: UserToken,
      private readonly current: CurrentAppCredentials,
    ) {}
    @UseGuards(MessageGuard)
    @MessagePattern('guarded')
    async guarded(@Payload() data: object, @CurrentUserToken() user: UserToken) {
      const { tenant } = await tokenOf(this.current);
      // What a handler keeps of its data holds no user.
      return { byDecorator: shown(user), injected: shown(this.injected), tenant, copied: Object.keys({ ...data }) };
    }
    @MessagePattern('open')
    async open(@CurrentUserToken() user: UserToken) {
      const failure: unknown = await tokenOf(this.current).catch((error: unknown) => error);
      return { byDecorator: shown(user), message: (failure as Error).message };
    }
  }

  it('a microservice hands the user to decorator and injection', async () => {
    const { server, options } = await lab();
    const module = await Test.createTestingModule({
      imports: [MindsphereCredentialsModule.forRoot(options)],
      controllers: [Messages],
    }).compile();
    const service = module.createNestMicroservice<MicroserviceOptions>({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: 0 },
      logger: false,
    });
    await service.listen();
    const { port } = (
      service as unknown as { serverInstance: { server: { address(): AddressInfo } } }
    ).serverInstance.server.address();
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
    onTestFinished(async () => {
      await client.close();
      await service.close();
    });
    const ask = (pattern: string, data: object) => firstValueFrom(client.send<object>(pattern, data));
    const data = { token: server.token(KEY) };
    expect(await ask('guarded', data)).toEqual({ byDecorator: ANN, injected: ANN, tenant: 'acme', copied: ['token'] });
    expect(await ask('open', data)).toMatchObject({
      byDecorator: NOBODY,
      message: expect.stringContaining('the call of a microservice without UserTokenGuard') as string,
    });
    await expect(ask('guarded', {})).rejects.toBeDefined();
  });
});

describe('getRequest overridden for plain WebSockets', () => {
  @Injectable()
  class SocketGuard extends UserTokenGuard {
    // oxlint-disable-next-line no-useless-constructor -- Nest reads the dependency from it
    constructor(verifier: TokenVerifier) {
      super(verifier);
    }
    protected override getRequest(context: ExecutionContext): unknown {
      const { token } = context.switchToWs().getData<{ token?: string }>();
      return { headers: { authorization: token === undefined ? undefined : `Bearer ${token}` } };
    }
  }

  @WebSocketGateway()
  class Gateway {
    @UseGuards(SocketGuard)
    @SubscribeMessage('guarded')
    guarded(@CurrentUserToken() user: UserToken) {
      return { event: 'answer', data: shown(user) };
    }
    @SubscribeMessage('open')
    open(@CurrentUserToken() user: UserToken) {
      return { event: 'answer', data: shown(user) };
    }
  }

  async function connect(application: INestApplication) {
    const { port } = application.getHttpServer().address() as AddressInfo;
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    onTestFinished(() => socket.terminate());
    await new Promise((resolve) => socket.once('open', resolve));
    return (event: string, data: object) =>
      new Promise<unknown>((resolve) => {
        socket.once('message', (message: Buffer) => resolve(JSON.parse(message.toString())));
        socket.send(JSON.stringify({ event, data }));
      });
  }

  it('a message has its user, and so has a later one of the same client until its guard refuses', async () => {
    const { server, options } = await lab();
    const module = await Test.createTestingModule({
      imports: [MindsphereCredentialsModule.forRoot(options)],
      providers: [Gateway],
    }).compile();
    const application = module.createNestApplication({ logger: false });
    application.useWebSocketAdapter(new WsAdapter(application));
    onTestFinished(() => application.close());
    await application.listen(0, '127.0.0.1');
    const ask = await connect(application);
    const other = await connect(application);
    const answer = (data: object) => ({ event: 'answer', data });
    expect(await ask('open', {})).toEqual(answer(NOBODY));
    expect(await ask('guarded', { token: server.token(KEY) })).toEqual(answer(ANN));
    expect(await ask('open', {})).toEqual(answer(ANN));
    expect(await other('open', {})).toEqual(answer(NOBODY));
    expect(await ask('guarded', { token: server.forged(KEY.kid) })).toMatchObject({ event: 'exception' });
    expect(await ask('open', {})).toEqual(answer(NOBODY));
  });
});
