import { type ClientRequest, type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isOwnMachine } from './own-address.js';
import type { GatewayCookies } from './gateway-cookies.js';
import { refuseUpgrade } from '../emulator/http/answer.js';

/** What the proxy reports. */
export interface ProxyEvents {
  /** The application did not answer; nothing has been sent yet. */
  unreachable(message: IncomingMessage, response: ServerResponse, reason: string): void;
}

const FORWARDED = /^(?:forwarded|x-forwarded-.*)$/;

/** What httpxy makes. */
type Proxy = ReturnType<Awaited<ReturnType<typeof loadLibrary>>['createProxyServer']>;

/**
 * Takes requests to the application, with httpxy: it has no dependencies, and streams bodies and upgraded connections. It
 * is an optional peer, which only this needs.
 */
export class ApplicationProxy {
  readonly #proxy: Proxy;
  readonly #events: ProxyEvents;
  /** Callbacks for the answer to a request to upgrade. After an answer nothing else may be written to the connection. */
  readonly #upgrades = new WeakMap<Duplex, (status: number) => void>();

  private constructor(proxy: Proxy, cookies: GatewayCookies, events: ProxyEvents) {
    this.#proxy = proxy;
    this.#events = events;
    proxy.on('error', (error, message, answer) => this.#fail(error, message, answer));
    proxy.on('proxyRes', (incoming, _message, response) => passOn(incoming, response, cookies));
    proxy.on('proxyReqWs', (outgoing, _message, socket) => this.#follow(outgoing, socket));
  }

  /**
   * Makes a proxy; it makes no request.
   *
   * @throws Error where httpxy is not installed; it says how to install it
   */
  static async open(url: URL, cookies: GatewayCookies, events: ProxyEvents): Promise<ApplicationProxy> {
    const { createProxyServer } = await loadLibrary();
    const proxy = createProxyServer({
      target: targetOf(url),
      xfwd: true,
      // The application sees the host that the browser asked, so that a comparison with `Origin` works. On other machines,
      // a server may have several hosts, and wants its own.
      changeOrigin: !isOwnMachine(url.hostname),
      // A redirect to the application's own address would lead past the gateway.
      autoRewrite: true,
      protocolRewrite: 'http',
      // A connection for each request: one that was kept open would fail once the application has been restarted.
      agent: false,
    });
    return new ApplicationProxy(proxy, cookies, events);
  }

  /** Passes a request on. */
  web(message: IncomingMessage, response: ServerResponse): void {
    dropForwarded(message);
    this.#proxy.web(message, response).catch(() => response.destroy());
  }

  /** Passes a request to upgrade on; `done` gets the status of its answer. */
  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer, done: (status: number) => void): void {
    dropForwarded(message);
    this.#upgrades.set(socket, done);
    this.#proxy.ws(message, socket as Socket, {}, head).catch(() => socket.destroy());
  }

  #follow(outgoing: ClientRequest, socket: Duplex): void {
    outgoing.once('response', ({ statusCode = 0 }) => this.#reportAnswer(socket, statusCode));
    outgoing.once('upgrade', () => this.#reportAnswer(socket, 101));
    tie(outgoing, socket);
  }

  /** Whether the request to upgrade was not answered before. */
  #reportAnswer(socket: Duplex, status: number): boolean {
    this.#upgrades.get(socket)?.(status);
    return this.#upgrades.delete(socket);
  }

  #fail(error: Error, message: IncomingMessage | undefined, answer: ServerResponse | Duplex | undefined): void {
    if (!message || !answer) return;
    const reason = 'code' in error ? String(error.code) : error.message;
    if (answer instanceof ServerResponse) failRequest(this.#events, reason, message, answer);
    else if (this.#reportAnswer(answer, 502)) refuseUpgrade(answer, 502);
  }
}

async function loadLibrary() {
  try {
    return await import('httpxy');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    throw new Error('The gateway in front of an application needs the package httpxy: npm install --save-dev httpxy', {
      cause: error,
    });
  }
}

/** Host and port as separate fields: given a URL, httpxy looks an IPv6 address up with its brackets, and fails. */
function targetOf({ protocol, hostname, port }: URL) {
  return { protocol, host: hostname, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), ...(port !== '' && { port }) };
}

/** Drops `x-forwarded-…` that the browser has sent: the gateway sets them, and no other proxy stands in front of it. */
function dropForwarded(message: IncomingMessage): void {
  const left = Object.entries(message.headers).filter(([name]) => !FORWARDED.test(name));
  message.headers = Object.fromEntries(left);
}

/** Called before the headers are copied. */
function passOn(incoming: IncomingMessage, response: ServerResponse, cookies: GatewayCookies): void {
  // They belong to the connection between gateway and application.
  delete incoming.headers.connection;
  delete incoming.headers['keep-alive'];
  const set = cookies.ofApplication(incoming.headers['set-cookie'] ?? []);
  if (set.length > 0) incoming.headers['set-cookie'] = set;
  else delete incoming.headers['set-cookie'];
  // Sent at once: an event stream may have no event for a long time.
  queueMicrotask(() => response.flushHeaders());
}

/** Each of the two connections ends with the other, also where it breaks. */
function tie(outgoing: ClientRequest, socket: Duplex): void {
  socket.once('close', () => outgoing.destroy());
  outgoing.once('upgrade', (_response, other: Duplex) => {
    socket.once('close', () => other.destroy());
    other.once('close', () => socket.destroy());
  });
}

function failRequest(events: ProxyEvents, reason: string, message: IncomingMessage, response: ServerResponse): void {
  // Once a part is sent, only a broken connection shows that the answer is not complete.
  if (response.headersSent) response.destroy();
  else events.unreachable(message, response, reason);
}
