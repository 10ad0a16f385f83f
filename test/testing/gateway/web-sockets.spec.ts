import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { vi, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { fakeTime, until } from '../../support/basics.js';
import { claimsIn, Gateway, startApplication, startGateway, stop } from './gateway-lab.js';

/** An application that echoes messages, and the requests that opened its WebSockets. */
async function startSocketApplication() {
  const { server, url } = await startApplication((_message, response) => response.end('plain'));
  const opened: IncomingMessage[] = [];
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, message) => {
    opened.push(message);
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  onTestFinished(() => sockets.close());
  return { server, url, opened, sockets };
}

const cookieOf = (gateway: Gateway) => [...gateway.cookies].map(([name, value]) => `${name}=${value}`).join('; ');

function open(gateway: Gateway, path = '/live', headers: Record<string, string> = {}): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.emulator.port}${path}`, { headers });
  onTestFinished(() => socket.terminate());
  return socket;
}

/** How an attempt to open one ends: `open`, or the status. */
function outcomeOf(socket: WebSocket): Promise<string | number> {
  return new Promise((resolve) => {
    socket.once('open', () => resolve('open'));
    socket.once('unexpected-response', (_request, { statusCode }) => resolve(statusCode ?? 0));
    socket.once('error', (error) => resolve(error.message));
  });
}

const closed = (socket: WebSocket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

describe('A WebSocket', () => {
  it('goes to the application with the token of the session’s user, and is live in both directions', async () => {
    const { url, opened } = await startSocketApplication();
    const gateway = await startGateway({ url });
    await gateway.signIn(1);
    const socket = open(gateway, '/live?room=1', {
      cookie: `${cookieOf(gateway)}; theme=dark`,
      authorization: 'Bearer forged',
    });
    expect(await outcomeOf(socket)).toBe('open');
    expect(opened[0]).toMatchObject({ url: '/live?room=1', headers: { cookie: 'theme=dark' } });
    expect(claimsIn(opened[0]!)).toMatchObject({ ten: 'operator' });
    const received: string[] = [];
    socket.on('message', (data: Buffer) => received.push(data.toString()));
    for (const text of ['one', 'two', 'x'.repeat(200_000)]) {
      socket.send(text);
      // oxlint-disable-next-line no-await-in-loop -- each answer is awaited
      await until(() => received.at(-1) === text);
    }
  });

  it('goes on with a token of its own where there is no session', async () => {
    const { url, opened } = await startSocketApplication();
    const gateway = await startGateway({ url });
    expect(await outcomeOf(open(gateway, '/', { authorization: 'Bearer own' }))).toBe('open');
    expect(opened[0]?.headers.authorization).toBe('Bearer own');
  });

  it('is refused without a session, to other pages, and where no application is', async () => {
    const { url, opened } = await startSocketApplication();
    const gateway = await startGateway({ url });
    expect(await outcomeOf(open(gateway))).toBe(401);
    await gateway.signIn();
    const cookie = cookieOf(gateway);
    for (const origin of ['http://127.0.0.1:1', 'http://evil.example', 'null']) {
      // oxlint-disable-next-line no-await-in-loop -- three attempts
      expect(await outcomeOf(open(gateway, '/live', { cookie, origin }))).toBe(403);
    }
    expect(await outcomeOf(open(gateway, '/api/iot/v3', { cookie }))).toBe(404);
    expect(await outcomeOf(open(gateway, '/__emulator/', { cookie }))).toBe(404);
    expect(opened).toEqual([]);
    expect(await outcomeOf(open(gateway, '/live', { cookie, origin: gateway.emulator.origin }))).toBe('open');
  });

  it('ends with its session: by /logout, by another choice, and by the clock', async () => {
    fakeTime();
    const { url, sockets } = await startSocketApplication();
    const gateway = await startGateway({ url, sessionMinutes: 1 });
    const ends = [() => gateway.ask('/logout'), () => gateway.signIn(1), () => vi.advanceTimersByTimeAsync(60_000)];
    for (const end of ends) {
      // oxlint-disable no-await-in-loop -- one session after the other
      await gateway.signIn();
      const socket = open(gateway, '/live', { cookie: cookieOf(gateway) });
      expect(await outcomeOf(socket)).toBe('open');
      const gone = closed(socket);
      await end();
      await gone;
      await until(() => sockets.clients.size === 0);
      // oxlint-enable no-await-in-loop
    }
  });

  it('ends on both sides where either breaks', async () => {
    const { url, sockets } = await startSocketApplication();
    const gateway = await startGateway({ url });
    const first = open(gateway, '/', { authorization: 'Bearer own' });
    await outcomeOf(first);
    for (const client of sockets.clients) client.terminate();
    await closed(first);
    const second = open(gateway, '/', { authorization: 'Bearer own' });
    await outcomeOf(second);
    expect(sockets.clients.size).toBe(1);
    second.terminate();
    await until(() => sockets.clients.size === 0);
  });

  it('gets 502 where the application is down, and the answer of one that wants no WebSocket', async () => {
    const { server, url } = await startApplication((_message, response) => {
      response.statusCode = 418;
      response.end('none');
    });
    const gateway = await startGateway({ url });
    expect(await outcomeOf(open(gateway, '/', { authorization: 'Bearer own' }))).toBe(418);
    stop(server);
    expect(await outcomeOf(open(gateway, '/', { authorization: 'Bearer own' }))).toBe(502);
  });

  it.each([
    ['another protocol', 'GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n', '400'],
    [
      'another method',
      'POST / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{token}\r\n',
      '400',
    ],
    [
      'another host',
      'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      '421',
    ],
  ])('is the only thing one may upgrade to: %s', async (_name, lines, status) => {
    const { url } = await startSocketApplication();
    const gateway = await startGateway({ url });
    const socket = connect(gateway.emulator.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const token = `Authorization: Bearer ${gateway.emulator.issueUserToken()}\r\n`;
    socket.write(lines.replace('{host}', `127.0.0.1:${gateway.emulator.port}`).replace('{token}', token));
    await until(() => text.endsWith('\r\n\r\n'));
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('does not outlive the emulator', async () => {
    const { url, sockets } = await startSocketApplication();
    const gateway = await startGateway({ url });
    const socket = open(gateway, '/', { authorization: 'Bearer own' });
    await outcomeOf(socket);
    const gone = closed(socket);
    expect(sockets.clients.size).toBe(1);
    await gateway.emulator.close();
    await gone;
    await until(() => sockets.clients.size === 0);
  });
});
