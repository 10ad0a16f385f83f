import { createServer as createTlsServer, type Server } from 'node:tls';
import { type AddressInfo, connect, createServer, type Server as PlainServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Made for these tests, trusted by nobody else: for `*.eu1.platform.test` and 127.0.0.1, for a hundred years. */
export const CERTIFICATE = `
-----BEGIN CERTIFICATE-----
MIIBpDCCAUugAwIBAgIURO9ZUTTNzqmNDywUp+W0waQQO9AwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJdGVzdCBvbmx5MCAXDTI2MTEyNDA2NDEyOFoYDzIxMjYxMDMx
MDY0MTI4WjAUMRIwEAYDVQQDDAl0ZXN0IG9ubHkwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATpPtNkVS6Sr4ZlxNExb3cvVi2bc5/sbZz2YIBvE8yxfrVLbpELa7Hr
XqxGbBLoNAJyBnBOss9MFqrtPo3By9sUo3kwdzAdBgNVHQ4EFgQU14EBW5rEca0O
ZcTXGfPbVSsxekIwHwYDVR0jBBgwFoAU14EBW5rEca0OZcTXGfPbVSsxekIwDwYD
VR0TAQH/BAUwAwEB/zAkBgNVHREEHTAbghMqLmV1MS5wbGF0Zm9ybS50ZXN0hwR/
AAABMAoGCCqGSM49BAMCA0cAMEQCIBvneRxR8vSzBysnusAV+S5SH6v9xzPLPy3A
HuYPPhwYAiAdry3ekAlNvnziuMhNcGZIjVFunhyxJH09jr8NhPoqvw==
-----END CERTIFICATE-----
`;
const KEY = `
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+srxNFf8i4Og3kM5
yAUDuk8XxPvvyQ0MO62aT3tnqiihRANCAATpPtNkVS6Sr4ZlxNExb3cvVi2bc5/s
bZz2YIBvE8yxfrVLbpELa7HrXqxGbBLoNAJyBnBOss9MFqrtPo3By9sU
-----END PRIVATE KEY-----
`;

/** What a proxy saw of one connection. */
interface Seen {
  /** Up to the first empty line. */
  readonly head: string;
  /** What the client sent after it. */
  readonly rest: Buffer[];
}

/** A proxy on loopback that knows `CONNECT` only, and leads every tunnel to one port, whatever host it is asked for. */
export interface ConnectProxy {
  readonly port: number;
  readonly seen: readonly Seen[];
}

/** Ends TLS and hands the bytes on to a plain server, for the current test. */
export async function startTls(plainPort: number): Promise<number> {
  const server = createTlsServer({ cert: CERTIFICATE, key: KEY }, (client) =>
    join(client, connect(plainPort, '127.0.0.1')),
  );
  return listening(server);
}

/** Starts a proxy for the current test. It wants these credentials, if given, and answers 407 to others. */
export async function startConnectProxy(targetPort: number, credentials?: string): Promise<ConnectProxy> {
  const seen: Seen[] = [];
  const server = createServer((client) => {
    let text = '';
    const read = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      client.off('data', read);
      const one = { head: text.slice(0, end), rest: [Buffer.from(text.slice(end + 4), 'latin1')] };
      seen.push(one);
      tunnel(client, one, targetPort, credentials);
    };
    client.on('data', read).on('error', () => undefined);
  });
  return { port: await listening(server), seen };
}

function tunnel(client: Socket, { head, rest }: Seen, targetPort: number, credentials?: string): void {
  const wanted = credentials && `Proxy-Authorization: Basic ${Buffer.from(credentials).toString('base64')}`;
  if (!head.startsWith('CONNECT ')) return void client.end('HTTP/1.1 405 Method Not Allowed\r\n\r\n');
  if (wanted && !head.includes(wanted)) {
    return void client.end(`HTTP/1.1 407 Proxy Authentication Required\r\n\r\n${head}`);
  }
  client.on('data', (chunk: Buffer) => void rest.push(chunk));
  client.write('HTTP/1.1 200 Connection established\r\n\r\n');
  join(client, connect(targetPort, '127.0.0.1'));
}

function join(one: Socket, other: Socket): void {
  one.on('error', () => other.destroy()).on('close', () => other.destroy());
  other.on('error', () => one.destroy()).on('close', () => one.destroy());
  one.pipe(other).pipe(one);
}

async function listening(server: Server | PlainServer): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
