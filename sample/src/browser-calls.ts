import { io, type Socket } from 'socket.io-client';
import type { Outcome } from './calls.js';
import { says } from './says.js';
import { USERS } from './users.js';

const DEADLINE_MS = 30_000;
const PAGE = { accept: 'text/html' };
const TEXT = 'Hello from the sample';

/** One thing that a browser does behind the gateway. They follow one another: each finds what the one before has left. */
export interface BrowserCall {
  readonly title: string;
  readonly summary: string;
  make(): Promise<Outcome>;
}

/** Signs in, uses the page's own calls and its WebSocket, and signs out, at the gateway's address. */
export function browserCallsOf(gateway: string): readonly BrowserCall[] {
  const browser = new Browser(gateway);
  const { tenant, userName } = USERS.ann;
  return [
    step('a page without a session', 'GET /', () => browser.page('/', 200, 'Sign in')),
    step('a call without a session', 'GET /me', () => browser.call('/me', 401)),
    step('signing in', 'POST /__emulator/sign-in', () => browser.signIn('ann')),
    step('the page', 'GET /', () => browser.page('/', 200, 'page.js')),
    step('who am I?', 'GET /me', () => browser.call('/me', 200, { expected: { tenant, userName } })),
    step('my assets', 'GET /me/assets', () => browser.assets('mindsphere', 'Pump 7', 'Pump 8')),
    step('a message without the XSRF header', 'POST /me/messages', () => browser.send({}, 403)),
    step('a message, live on a WebSocket', 'POST /me/messages', () => browser.sendAndReceive()),
    step('another user, of siemens.app', 'POST /__emulator/sign-in', () => browser.signIn('cara')),
    step('assets of that user', 'GET /me/assets', () => browser.assets('xcelerator', 'Turbine 3')),
    step('signing out', 'GET /logout', () => browser.page('/logout', 200, 'signed out')),
    step('a call after that', 'GET /me', () => browser.call('/me', 401)),
  ];
}

function step(title: string, summary: string, make: () => Promise<Outcome>): BrowserCall {
  return { title: `Behind the gateway: ${title}`, summary, make };
}

/** A browser, as far as these calls need one: it keeps cookies and sends them. */
class Browser {
  readonly #gateway: string;
  #cookies = new Map<string, string>();

  constructor(gateway: string) {
    this.#gateway = gateway;
  }

  async page(path: string, status: number, content: string): Promise<Outcome> {
    const answer = await this.#fetch(path, { headers: PAGE });
    const text = await answer.text();
    return { ok: answer.status === status && text.includes(content), status: answer.status, body: titleOf(text) };
  }

  async call(path: string, status: number, { expected = {}, ...init }: RequestInit & { expected?: object } = {}) {
    const answer = await this.#fetch(path, init);
    const body: unknown = await answer.json();
    return { ok: answer.status === status && says(body, expected), status: answer.status, body };
  }

  assets(platform: string, ...names: readonly string[]): Promise<Outcome> {
    const expected = { platform, assets: names.map((name) => ({ name })) };
    return this.call('/me/assets', 200, { expected });
  }

  async signIn(name: keyof typeof USERS): Promise<Outcome> {
    const user = String(Object.keys(USERS).indexOf(name));
    const { status, headers } = await this.#fetch('/__emulator/sign-in', {
      method: 'POST',
      body: new URLSearchParams({ user, to: '/' }),
    });
    return { ok: status === 303 && this.#cookies.size === 2, status, body: { location: headers.get('location') } };
  }

  send(headers: Record<string, string>, status: number): Promise<Outcome> {
    const body = JSON.stringify({ text: TEXT });
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body };
    return this.call('/me/messages', status, init);
  }

  async sendAndReceive(): Promise<Outcome> {
    const options = { transports: ['websocket'], reconnection: false, forceNew: true };
    const socket = io(this.#gateway, { ...options, extraHeaders: { cookie: this.#cookie } });
    try {
      // Messages are handled in their order: once `me` is acknowledged, somebody listens.
      await socket.timeout(DEADLINE_MS).emit('messages', {}).emitWithAck('me', {});
      const [body, sent] = await Promise.all([
        messageOf(socket),
        this.send({ 'x-xsrf-token': this.#cookies.get('XSRF-TOKEN') ?? '' }, 201),
      ]);
      return { ...sent, ok: sent.ok && says(body, { from: USERS.ann.userName, text: TEXT }), body };
    } finally {
      socket.close();
    }
  }

  get #cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string>), cookie: this.#cookie };
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const answer = await fetch(this.#gateway + path, { ...init, headers, signal, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) this.#keep(line);
    return answer;
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === '') this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}

function titleOf(page: string): string {
  return /<title>([^<]*)/.exec(page)?.[1] ?? '';
}

function messageOf(socket: Socket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.once('message', resolve);
    socket.once('disconnect', reject);
    setTimeout(() => reject(new Error('No message has arrived')), DEADLINE_MS).unref();
  });
}
