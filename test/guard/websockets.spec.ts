import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CurrentUserToken,
  type MindsphereCredentialsModuleOptions,
  UserToken,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { io, type Socket } from 'socket.io-client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { APP, failureOf } from '../support/application.js';
import { Test } from '@nestjs/testing';
import { MindsphereCredentialsModule } from 'nestjs-mindsphere-credentials';
import { KeyServer, testKey } from '../support/key-server.js';

const KEY = testKey('key-id-1', 0);

let users: UserToken[] = [];

// Patient, because the client looks at the clock that the tests set.
@WebSocketGateway({ pingTimeout: 3_600_000 })
class Gateway {
  @UseGuards(UserTokenGuard)
  @SubscribeMessage('guarded')
  guarded(@CurrentUserToken() { tenant }: UserToken) {
    return { tenant };
  }

  /** Nobody guards it: it sees whom a guard has verified for the connection. */
  @SubscribeMessage('open')
  open(@CurrentUserToken() user: UserToken) {
    users.push(user);
    return { verified: user.verified, tenant: user.tenant ?? null, scopes: user.scopes };
  }
}

async function lab(options: MindsphereCredentialsModuleOptions = {}) {
  users = [];
  const server = await KeyServer.start(KEY);
  const module = await Test.createTestingModule({
    imports: [MindsphereCredentialsModule.forRoot({ ...server.platform.urls, app: APP, tenant: false, ...options })],
    providers: [Gateway],
  }).compile();
  const application = module.createNestApplication({ logger: false });
  application.useWebSocketAdapter(new IoAdapter(application));
  onTestFinished(() => application.close());
  await application.listen(0, '127.0.0.1');
  const { port } = application.getHttpServer().address() as AddressInfo;
  const connect = (extra: object): Socket => {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], reconnection: false, ...extra });
    onTestFinished(() => void socket.disconnect());
    return socket;
  };
  return { server, port, connect };
}

/** What a gateway answers to a message; Nest's exception where it refuses. */
function ask(socket: Socket, event: string): Promise<unknown> {
  return new Promise((resolve) => {
    socket.once('exception', resolve);
    socket.emit(event, {}, (answer: unknown) => {
      socket.off('exception', resolve);
      resolve(answer);
    });
  });
}

const NOBODY = { verified: false, tenant: null, scopes: [] };
const FORBIDDEN = { status: 'error', message: 'Forbidden resource' };

describe('what a guard has found for a connection', () => {
  it('ends when the token does', async () => {
    const { server, connect } = await lab({ verification: { clockToleranceMs: 0 } });
    const exp = Math.floor(Date.now() / 1_000) + 60;
    const socket = connect({ auth: { token: server.token(KEY, { exp }) } });
    expect(await ask(socket, 'open')).toEqual(NOBODY);
    expect(await ask(socket, 'guarded')).toEqual({ tenant: 'acme' });
    expect(await ask(socket, 'open')).toMatchObject({ verified: true, tenant: 'acme' });
    const clock = vi.spyOn(Date, 'now').mockReturnValue(exp * 1_000);
    onTestFinished(() => clock.mockRestore());
    expect(await ask(socket, 'open')).toEqual(NOBODY);
    expect(await ask(socket, 'guarded')).toMatchObject(FORBIDDEN);
  });

  it('lasts as long as the guard would accept the token: by the tolerance beyond its end', async () => {
    const { server, connect } = await lab({ verification: { clockToleranceMs: 30_000 } });
    const exp = Math.floor(Date.now() / 1_000) + 60;
    const socket = connect({ auth: { token: server.token(KEY, { exp }) } });
    await ask(socket, 'guarded');
    const clock = vi.spyOn(Date, 'now').mockReturnValue(exp * 1_000 + 29_999);
    onTestFinished(() => clock.mockRestore());
    expect(await ask(socket, 'open')).toMatchObject({ verified: true });
    clock.mockReturnValue(exp * 1_000 + 30_000);
    expect(await ask(socket, 'open')).toEqual(NOBODY);
  });

  it.each<[string, (say: { allowed: boolean; fails: boolean }) => void]>([
    ['says no', (say) => void (say.allowed = false)],
    ['fails', (say) => void (say.fails = true)],
  ])('ends when the rule for tenants %s', async (_, change) => {
    const say = { allowed: true, fails: false };
    const allowedTenants = () => {
      if (say.fails) throw new Error('no database');
      return say.allowed;
    };
    const { server, connect } = await lab({ verification: { allowedTenants } });
    const socket = connect({ auth: { token: server.token(KEY) } });
    await ask(socket, 'guarded');
    expect(await ask(socket, 'open')).toMatchObject({ verified: true });
    change(say);
    expect(await ask(socket, 'guarded')).toMatchObject(FORBIDDEN);
    expect(await ask(socket, 'open')).toEqual(NOBODY);
    Object.assign(say, { allowed: true, fails: false });
    await ask(socket, 'guarded');
    expect(await ask(socket, 'open')).toMatchObject({ verified: true });
  });
});

describe('a handshake with two Authorization headers', () => {
  /** Socket.IO's own protocol over HTTP polling, so that the headers are what is written here. */
  async function poll(port: number, headers: readonly string[], query: string, body?: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const raw = ['Host', `127.0.0.1:${port}`, ...headers];
      if (body !== undefined) raw.push('Content-Type', 'text/plain', 'Content-Length', String(Buffer.byteLength(body)));
      const outgoing = request(
        {
          host: '127.0.0.1',
          port,
          path: `/socket.io/?EIO=4&transport=polling${query}`,
          method: body === undefined ? 'GET' : 'POST',
          headers: raw,
        },
        (incoming) => {
          let text = '';
          incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          incoming.on('end', () => resolve(text));
        },
      );
      outgoing.on('error', reject).end(body);
    });
  }

  async function answersTo(port: number, headers: readonly string[], event: string): Promise<string> {
    const { sid } = JSON.parse((await poll(port, headers, '')).slice(1)) as { sid: string };
    const session = `&sid=${sid}`;
    await poll(port, headers, session, '40');
    await poll(port, headers, session);
    await poll(port, headers, session, `420["${event}",{}]`);
    return poll(port, headers, session);
  }

  it('is refused, whichever of them is good, and names nobody on an open message', async () => {
    const { server, port } = await lab();
    const good = ['Authorization', `Bearer ${server.token(KEY)}`];
    const bad = ['authorization', `Bearer ${server.forged(KEY.kid)}`];
    expect(await answersTo(port, good, 'guarded')).toContain('{"tenant":"acme"}');
    for (const headers of [
      [...good, ...bad],
      [...bad, ...good],
      [...good, ...good],
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await answersTo(port, headers, 'guarded')).toContain('Forbidden resource');
    }
    users = [];
    expect(await answersTo(port, [...good, ...good], 'open')).toContain('"verified":false');
    expect((await failureOf(users[0]?.getToken())).code).toBe('token_malformed');
  });
});
