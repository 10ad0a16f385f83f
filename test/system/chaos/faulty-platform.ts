import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { type EmulatorFault, MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import type { Chance } from './chance.js';

/** What is known of a token that has left the platform: the truth by which callers are judged. */
export interface IssuedToken {
  /** For whom it was asked. */
  readonly owner: string;
  /** When its last byte was sent; `Date.now()`. */
  readonly sentAt: number;
}

/** Failures of the emulator itself. */
const EMULATED: readonly (readonly [weight: number, name: string, fault: EmulatorFault])[] = [
  [6, 'status 500', { status: 500 }],
  [4, 'status 503', { status: 503 }],
  [2, 'status 408', { status: 408 }],
  [2, 'status 429', { status: 429 }],
  [2, '429, Retry-After', { status: 429, headers: { 'retry-after': '1' } }],
  [1, 'status 401', { status: 401 }],
  [1, 'status 403', { status: 403 }],
  [3, 'redirect', { status: 302, headers: { location: '/elsewhere' } }],
  [3, 'HTML', { headers: { 'content-type': 'text/html' }, body: '<h1>Sign in</h1>' }],
  [3, 'wrong JSON', { body: { access_token: 'undefined', token_type: 'Bearer', expires_in: 3 } }],
  [2, 'empty', { body: '' }],
  [6, 'reset', { reset: true }],
  [4, 'hang', { delayMs: 60_000 }],
];
/** Failures on the way, which only what stands in between can cause. */
const ON_THE_WAY = ['truncated', 'reset in the body', 'drip', 'slow', 'crossed', 'oversize'] as const;
type OnTheWay = (typeof ON_THE_WAY)[number];
const WAY_WEIGHT = 4;

const sleep = (ms: number) => setTimeout(ms, undefined, { ref: false });

interface Fetched {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

/**
 * An emulator behind a proxy that fails: now seldom, now often, now always. It counts, and keeps a book of the tokens
 * that go through. It knows nothing of the library.
 */
export class FaultyPlatform {
  readonly issued = new Map<string, IssuedToken>();
  readonly requestsOf = new Map<string, number>();
  readonly faults = new Map<string, number>();
  requests = 0;
  /** Requests that neither side has ended, and what befell them. */
  readonly open = new Map<ServerResponse, string>();
  /** Share of requests that fail. */
  faultRate = 0.3;
  readonly #chance: Chance;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #last: { readonly owner: string; readonly body: Buffer }[] = [];

  private constructor(
    readonly emulator: MindsphereEmulator,
    chance: Chance,
  ) {
    this.#chance = chance;
    this.#server = createServer((incoming, response) => {
      this.open.set(response, incoming.url ?? '');
      response.once('close', () => this.open.delete(response));
      response.on('error', () => undefined);
      this.#handle(incoming, response).catch(() => incoming.socket.resetAndDestroy());
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(chance: Chance, options: Parameters<typeof MindsphereEmulator.start>[0]): Promise<FaultyPlatform> {
    const platform = new FaultyPlatform(await MindsphereEmulator.start({ strict: true, ...options }), chance);
    await new Promise<void>((resolve) => platform.#server.listen(0, '127.0.0.1', resolve));
    return platform;
  }

  get origin(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#agent.destroy();
    await this.emulator.close();
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const owner = ownerOf(incoming.url ?? '', body.toString());
    this.requests += 1;
    this.requestsOf.set(owner, (this.requestsOf.get(owner) ?? 0) + 1);
    const fault = this.#chance.happens(this.faultRate) ? this.#pickFault(owner) : undefined;
    if (fault !== undefined && this.open.has(response)) this.open.set(response, `${owner} ${fault}`);
    const fetched = await this.#fetch(incoming, body, response);
    await this.#send(response, fetched, owner, fault);
  }

  /** Tells the emulator of a failure of its own, or answers one on the way. */
  #pickFault(owner: string): OnTheWay | undefined {
    const emulated = EMULATED.reduce((sum, [weight]) => sum + weight, 0);
    let at = this.#chance.next() * (emulated + ON_THE_WAY.length * WAY_WEIGHT);
    for (const [weight, name, fault] of EMULATED) {
      at -= weight;
      if (at >= 0) continue;
      this.#count(name);
      this.emulator.failNext(endpointOf(owner), fault);
      return undefined;
    }
    const onTheWay = this.#chance.oneOf(ON_THE_WAY);
    this.#count(onTheWay);
    return onTheWay;
  }

  #fetch(incoming: IncomingMessage, body: Buffer, response: ServerResponse): Promise<Fetched> {
    const { port } = this.emulator;
    const { method, url: path, headers } = incoming;
    return new Promise((resolve, reject) => {
      const upstream = request(
        {
          agent: this.#agent,
          host: '127.0.0.1',
          port,
          method,
          path,
          headers: { ...headers, connection: 'keep-alive' },
        },
        (answer) => {
          buffer(answer).then(
            (all) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: all }),
            reject,
          );
        },
      );
      upstream.on('error', reject).end(body);
      response.once('close', () => upstream.destroy());
    });
  }

  async #send(response: ServerResponse, fetched: Fetched, owner: string, fault?: OnTheWay): Promise<void> {
    // A technical user of a subtenant gets a limited token without asking for one: such an answer is not wrong.
    const isCrossable = fault === 'crossed' && owner !== 'tenant/';
    const crossed = isCrossable ? this.#last.find((other) => other.owner !== owner)?.body : undefined;
    const { status, headers } = fetched;
    const body = crossed ?? fetched.body;
    const token = status === 200 ? tokenIn(fetched.body) : undefined;
    if (token !== undefined) this.#last = [{ owner, body: fetched.body }, ...this.#last].slice(0, 20);
    if (fault === 'slow') await sleep(this.#chance.below(350));
    if (response.destroyed) return;
    const note = () => {
      if (token !== undefined && crossed === undefined) this.issued.set(token, { owner, sentAt: Date.now() });
    };
    if (fault === 'oversize') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.alloc(300_000, ' '));
      return;
    }
    response.writeHead(status, { ...kept(headers), 'content-length': body.length });
    const half = body.subarray(0, body.length >> 1);
    if (half.length === 0) response.end(body);
    else if (fault === 'truncated') response.write(half, () => response.socket?.end());
    else if (fault === 'reset in the body') response.write(half, () => response.socket?.resetAndDestroy());
    else if (fault === 'drip') await this.#drip(response, body, note);
    else {
      note();
      response.end(body);
    }
  }

  /** Some arrive in time, some do not. */
  async #drip(response: ServerResponse, body: Buffer, note: () => void): Promise<void> {
    const pieces = 5 + this.#chance.below(60);
    const size = Math.ceil(body.length / pieces);
    let at = 0;
    for (; at + size < body.length && !response.destroyed; at += size) {
      response.write(body.subarray(at, at + size));
      // oxlint-disable-next-line no-await-in-loop -- one piece after the other
      await sleep(15);
    }
    note();
    response.end(body.subarray(at));
  }

  #count(name: string): void {
    this.faults.set(name, (this.faults.get(name) ?? 0) + 1);
  }
}

/** Whom a request is for, read from the wire alone. */
function ownerOf(url: string, body: string): string {
  if (url.endsWith('/token_keys')) return 'keys';
  if (url.startsWith('/api/')) return `app/${String((JSON.parse(body) as Record<string, unknown>)['userTenant'])}`;
  return `tenant/${new URLSearchParams(body).get('subtenant') ?? ''}`;
}

function endpointOf(owner: string) {
  if (owner === 'keys') return 'token-keys';
  return owner.startsWith('app/') ? 'app-token' : 'tenant-token';
}

function kept({ 'content-type': type, location, 'retry-after': retryAfter }: Fetched['headers']) {
  return Object.fromEntries(
    Object.entries({ 'content-type': type, location, 'retry-after': retryAfter }).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

function tokenIn(body: Buffer): string | undefined {
  try {
    const { access_token: token } = JSON.parse(body.toString()) as Record<string, unknown>;
    return typeof token === 'string' && token.includes('.') ? token : undefined;
  } catch {
    return undefined;
  }
}
