import { Agent, createServer, request } from 'node:http';
import { type AddressInfo, connect, Socket } from 'node:net';
import { All, Controller, Get, UseFilters, UseGuards } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  AppCredentials,
  CurrentAppCredentials,
  CurrentUserToken,
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  MindsphereExceptionFilter,
  UserToken,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';
import { mayBeOfNewKey } from './forge.js';

/** The platforms Nest runs on. */
export const ADAPTERS = ['Express', 'Fastify'] as const;
export type Adapter = (typeof ADAPTERS)[number];

/** Without an answer for so long a request hangs: of real time, in which a busy machine may do little. */
const HANGS_MS = 30_000;
/** More than a token may have, so that the library and not Node refuses what is too long. */
const ROOMY = 131_072;

@Controller()
class GuardedController {
  @UseGuards(UserTokenGuard)
  @All('guarded')
  guarded(@CurrentUserToken() user: UserToken): object {
    return { tenant: user.tenant, userName: user.userName };
  }
}

/** Routes that forgot the guard. */
@UseFilters(MindsphereExceptionFilter)
@Controller('open')
class OpenController {
  constructor(
    private readonly app: AppCredentials,
    private readonly current: CurrentAppCredentials,
  ) {}

  @Get('for-user')
  async forUser(@CurrentUserToken() user: UserToken): Promise<object> {
    const token = await firstValueFrom(this.app.forUser(user).getToken());
    return { actsFor: token.tenant };
  }

  @Get('current')
  async currentApp(): Promise<object> {
    const token = await firstValueFrom(this.current.getToken());
    return { actsFor: token.tenant };
  }
}

class RoomyExpressAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    this.setHttpServer(createServer({ maxHeaderSize: ROOMY }, this.getInstance()));
  }
}

/** What a server answered. */
export interface Answer {
  readonly status: number;
  /** Each `WWW-Authenticate` header. */
  readonly challenges: readonly string[];
  readonly body: string;
}

/** The one answer to whatever is no good token. */
export const REFUSED: Answer = {
  status: 401,
  challenges: ['Bearer error="invalid_token"'],
  body: '{"message":"Unauthorized","statusCode":401}',
};
/** The answer to a token that only the next read of a key set can decide. */
const UNDECIDED: Answer = {
  status: 503,
  challenges: [],
  body: '{"message":"Service Unavailable","statusCode":503}',
};
/** The answers that keep a forged token out. */
export const keptOut = (token: string): readonly Answer[] => (mayBeOfNewKey(token) ? [REFUSED, UNDECIDED] : [REFUSED]);
/** The answer to a request without credentials. */
export const NO_CREDENTIALS: Answer = { ...REFUSED, challenges: ['Bearer'] };
/** What the guarded route answers Ann of tenant acme. */
export const WELCOME: Answer = { status: 200, challenges: [], body: '{"tenant":"acme","userName":"ann@example.com"}' };

/** Names and values in turn, as they are sent. */
export type RawHeaders = readonly string[];

/** A started application with a guarded route, `/guarded`, and two that forgot the guard, `/open/…`. */
export interface GuardedApp {
  readonly port: number;
  /** A request with these headers in this order, twice if they stand there twice. It fails where there is no answer. */
  send: (path: string, headers?: RawHeaders, extra?: { method?: string; body?: string }) => Promise<Answer>;
  /** A request with this bearer token. */
  bear: (path: string, token: string) => Promise<Answer>;
  /** Anything, byte by byte, and the answer's status; `0` where the connection was closed without one. */
  sendBytes: (bytes: string) => Promise<number>;
  close: () => Promise<void>;
}

/** Starts an application with one registration on a real port. */
export async function startGuardedApp(
  adapter: Adapter,
  options: MindsphereCredentialsModuleOptions,
  { maxHeaderSize = ROOMY }: { maxHeaderSize?: number } = {},
): Promise<GuardedApp> {
  const module = await Test.createTestingModule({
    // What the factory returns is all there is: the environment is not read.
    imports: [MindsphereCredentialsModule.forRootAsync({ useFactory: () => options })],
    controllers: [GuardedController, OpenController],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(httpAdapter(adapter, maxHeaderSize));
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  const send: GuardedApp['send'] = (path, headers, extra) => sendOver(agent, port, path, headers, extra);
  return {
    port,
    send,
    bear: (path, token) => send(path, ['Authorization', `Bearer ${token}`]),
    sendBytes: (bytes) => sendBytes(port, bytes),
    close: async () => {
      agent.destroy();
      await app.close();
    },
  };
}

function httpAdapter(adapter: Adapter, maxHeaderSize: number) {
  if (adapter === 'Fastify') return new FastifyAdapter({ http: { maxHeaderSize } });
  return maxHeaderSize === ROOMY ? new RoomyExpressAdapter() : new ExpressAdapter();
}

function sendOver(
  agent: Agent,
  port: number,
  path: string,
  headers: RawHeaders = [],
  { method = 'GET', body }: { method?: string; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))];
    const all = ['Host', `127.0.0.1:${port}`, ...length, ...headers];
    const outgoing = request({ agent, host: '127.0.0.1', port, path, method, headers: all }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      incoming.on('end', () => {
        const challenges = (incoming.headersDistinct['www-authenticate'] ?? []).map(String);
        resolve({ status: incoming.statusCode ?? 0, challenges, body: text });
      });
    });
    outgoing.setTimeout(HANGS_MS, () => outgoing.destroy(new Error('no answer: the request hangs')));
    outgoing.on('error', reject).end(body);
  });
}

function sendBytes(port: number, bytes: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.setTimeout(HANGS_MS, () => socket.destroy(new Error('no answer: the request hangs')));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A reset without an answer is one, too.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0)));
  });
}

/** Where this process opens connections to, until it is told to stop. */
export interface ConnectionWatch {
  /** Targets other than these ports of the loopback address. */
  otherTargets: (...ports: number[]) => string[];
  stop: () => void;
}

/** Watches every TCP connection this process opens, before any name is resolved. */
export function watchConnections(): ConnectionWatch {
  const targets = new Set<string>();
  // oxlint-disable-next-line typescript/unbound-method -- called with its socket below
  const original = Socket.prototype.connect;
  const watched = function (this: Socket, ...given: unknown[]): Socket {
    const [first] = (Array.isArray(given[0]) ? given[0] : given) as unknown[];
    const { host = '?', port = first } = Object(first) as { host?: unknown; port?: unknown };
    targets.add(`${String(host)}:${String(port)}`);
    return Reflect.apply(original, this, given) as Socket;
  };
  Socket.prototype.connect = watched;
  return {
    otherTargets: (...ports) => [...targets].filter((target) => !ports.some((port) => target === `127.0.0.1:${port}`)),
    stop: () => {
      Socket.prototype.connect = original;
    },
  };
}

/** Promises that nobody looked after, until it is told to stop. */
export function watchRejections(): { readonly seen: unknown[]; stop: () => void } {
  const seen: unknown[] = [];
  const note = (reason: unknown) => void seen.push(reason);
  process.on('unhandledRejection', note);
  return { seen, stop: () => void process.off('unhandledRejection', note) };
}
