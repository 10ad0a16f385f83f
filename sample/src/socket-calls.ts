import { io, type Socket } from 'socket.io-client';
import type { Outcome } from './calls.js';
import { says } from './says.js';
import type { Tokens } from './users.js';

const DEADLINE_MS = 30_000;

/** One message over a WebSocket. */
export interface SocketCall {
  readonly title: string;
  /** The message. */
  readonly event: string;
  /** The token of the handshake, where there is one. */
  readonly token?: string;
  /** Whether it is acknowledged, or answered by the event `exception`. */
  readonly status: 'acknowledged' | 'exception';
  /** What the answer must say at least. */
  readonly expected: Readonly<Record<string, unknown>>;
}

/** The messages of the gateway, and what the guard keeps out. */
export function socketCallsOf({ ann, cara }: Tokens): readonly SocketCall[] {
  const me = { platform: 'mindsphere', tenant: 'customer', userName: 'ann@example.com', scopes: ['myapp.user'] };
  const calledAs = { clientId: 'operator-myapp-1.0.0', grantType: 'client_credentials' };
  const refusal = { status: 'error', message: 'Forbidden resource' };
  return [
    { title: 'WebSocket: who am I?', event: 'me', token: ann, status: 'acknowledged', expected: me },
    { title: 'WebSocket without a token', event: 'me', status: 'exception', expected: refusal },
    {
      title: "WebSocket: app credentials, for the user's tenant",
      event: 'assets',
      token: ann,
      status: 'acknowledged',
      expected: { platform: 'mindsphere', calledAs: { ...calledAs, tenant: 'customer' } },
    },
    {
      title: 'WebSocket, siemens.app: the same',
      event: 'assets',
      token: cara,
      status: 'acknowledged',
      expected: { platform: 'xcelerator', calledAs: { ...calledAs, tenant: '1000000351' } },
    },
  ];
}

/** A line to paste into a shell, in this repository. The shell puts values in the place of variables. */
export function socketLine(origin: string, { event, token }: SocketCall): string {
  const auth = token === undefined ? '' : `, { auth: { token: '${token}' } }`;
  const script = [
    `const s = require('socket.io-client').io('${origin}'${auth})`,
    'const show = (answer) => { console.log(answer); s.close() }',
    `s.on('exception', show).emit('${event}', {}, show)`,
  ];
  return `node -e "${script.join('; ')}"`;
}

/** Sends the message over a connection of its own. */
export async function send(origin: string, { event, token, status, expected }: SocketCall): Promise<Outcome> {
  const auth = token === undefined ? {} : { token };
  const socket = io(origin, { auth, transports: ['websocket'], reconnection: false, forceNew: true });
  try {
    const [found, body] = await answerOf(socket, event);
    return { ok: found === status && says(body, expected), status: found, body };
  } finally {
    socket.close();
  }
}

function answerOf(socket: Socket, event: string): Promise<readonly [string, unknown]> {
  return new Promise((resolve, reject) => {
    socket.once('connect_error', reject);
    socket.once('exception', (body: unknown) => resolve(['exception', body]));
    socket.timeout(DEADLINE_MS).emit(event, {}, (error: Error | null, body: unknown) => {
      if (error) reject(error);
      else resolve(['acknowledged', body]);
    });
  });
}
