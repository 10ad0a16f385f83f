import { type ClientRequest, type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isOwnMachine } from './own-address.js';
import type { GatewayCookies } from './gateway-cookies.js';
import { refuseUpgrade } from '../emulator/http/upgrade-refusal.js';

/** What the proxy reports. */
export interface ProxyEvents {
  /** The application did not answer; nothing has been sent yet. */
  unreachable(message: IncomingMessage, response: ServerResponse, reason: string): void;
}

const FORWARDED = /^(?:forwarded|x-forwarded-.*)$/;

/**
 * Takes requests to the application, with httpxy: it has no dependencies, and streams bodies and upgraded connections. It
 * is an optional peer, which only this needs.
 *
 * @throws Error where httpxy is not installed; it says how to install it
 */
export async function openProxy(url: URL, cookies: GatewayCookies, events: ProxyEvents) {
  const { createProxyServer } = await loadLibrary();
  const proxy = createProxyServer({
    target: targetOf(url),
    xfwd: true,
    // The application sees the host that the browser asked, so that what compares it with `Origin` works. Elsewhere than
    // on this machine, hosts are told apart by name.
    changeOrigin: !isOwnMachine(url.hostname),
    // A redirect to the application's own address would lead past the gateway.
    autoRewrite: true,
    protocolRewrite: 'http',
    // A connection for each request: one that was kept open would fail once the application has been started anew.
    agent: false,
  });
  /** Who wants to know how a request to upgrade was answered. Once it was, nothing else may be written. */
  const waiting = new WeakMap<Duplex, (status: number) => void>();
  const answered = (socket: Duplex, status: number) => {
    waiting.get(socket)?.(status);
    return waiting.delete(socket);
  };
  proxy.on('error', (error, message, answer) => {
    const reason = 'code' in error ? String(error.code) : error.message;
    if (!message || !answer) return;
    if (answer instanceof ServerResponse) failRequest(events, reason, message, answer);
    else if (answered(answer, 502)) refuseUpgrade(answer, 502);
  });
  proxy.on('proxyRes', (incoming, _message, response) => passOn(incoming, response, cookies));
  proxy.on('proxyReqWs', (outgoing, _message, socket) => {
    outgoing.once('response', ({ statusCode = 0 }) => answered(socket, statusCode));
    outgoing.once('upgrade', () => answered(socket, 101));
    tie(outgoing, socket);
  });
  return {
    web(message: IncomingMessage, response: ServerResponse): void {
      dropForwarded(message);
      proxy.web(message, response).catch(() => response.destroy());
    },
    upgrade(message: IncomingMessage, socket: Duplex, head: Buffer, done: (status: number) => void): void {
      dropForwarded(message);
      waiting.set(socket, done);
      proxy.ws(message, socket as Socket, {}, head).catch(() => socket.destroy());
    },
  };
}

export type ApplicationProxy = Awaited<ReturnType<typeof openProxy>>;

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

/** By its parts: of a URL, httpxy would look up an IPv6 address with its brackets. */
function targetOf({ protocol, hostname, port }: URL) {
  return { protocol, host: hostname, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), ...(port !== '' && { port }) };
}

/** What the browser says of itself there is replaced, not continued: no other proxy stands before this one. */
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
  // An event stream has headers long before it has an event.
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
  // A broken answer must not look like a whole one.
  if (response.headersSent) response.destroy();
  else events.unreachable(message, response, reason);
}
