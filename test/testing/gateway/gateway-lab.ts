import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ApplicationGatewayOptions,
  MindsphereEmulator,
  type MindsphereEmulatorOptions,
} from 'nestjs-mindsphere-credentials/testing';
import { onTestFinished } from 'vitest';

export const ANN = { tenant: 'customer', userName: 'ann@customer.example.com', scopes: ['myapp.user'] };
const OLGA = { tenant: 'operator', userName: 'olga@example.com', scopes: ['myapp.user', 'myapp.operator'] };

export const PAGE = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

/** What an application answers: anything that it has been given. */
export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A request as a browser, or anybody else, could send it; nothing is followed. */
export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
}

type Handler = (message: IncomingMessage, response: ServerResponse) => void;

/** An application that echoes what arrives, or does what it is given. */
export async function startApplication(handler: Handler = echo, port = 0): Promise<{ server: Server; url: string }> {
  const server = createServer(handler);
  onTestFinished(() => stop(server));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

export function stop(server: Server): void {
  server.close();
  server.closeAllConnections();
}

/** An emulator with its gateway in front of an application. */
export async function startGateway(
  options: Partial<ApplicationGatewayOptions> & Pick<ApplicationGatewayOptions, 'url'>,
  emulatorOptions: MindsphereEmulatorOptions = {},
): Promise<Gateway> {
  const emulator = await MindsphereEmulator.start({ strict: true, ...emulatorOptions });
  onTestFinished(() => emulator.close());
  await emulator.serveApplication({ users: [ANN, OLGA], ...options });
  return new Gateway(emulator);
}

/** Where a test's browser is: it keeps cookies as a browser does. */
export class Gateway {
  readonly cookies = new Map<string, string>();

  constructor(readonly emulator: MindsphereEmulator) {}

  /** Sends a request with the cookies that were set. */
  async ask(path: string, { headers = {}, ...others }: Ask = {}): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await ask(this.emulator.port, path, {
      ...others,
      headers: { ...(cookie !== '' && { cookie }), ...headers },
    });
    for (const line of answer.headers['set-cookie'] ?? []) this.#keep(line);
    return answer;
  }

  /** Chooses a user, as the form of the sign-in page does. */
  signIn(user = 0, to = '/', headers: Ask['headers'] = {}): Promise<Answer> {
    return this.ask('/__emulator/sign-in', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams({ to, user: String(user) }).toString(),
    });
  }

  /** The header that writing requests want. */
  get proof(): Record<string, string> {
    return { 'x-xsrf-token': this.cookies.get('XSRF-TOKEN') ?? '' };
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (/max-age=0/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

export function ask(port: number, path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value as string]));
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers: sent }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }));
      incoming.on('error', reject);
    });
    outgoing.on('error', reject).end(body);
  });
}

export function echoed({ text }: Answer): Echo {
  return JSON.parse(text) as Echo;
}

/** The claims of a request's token, unverified. */
export function claimsIn({ headers }: Pick<Echo, 'headers'>): Record<string, unknown> {
  const [, payload = ''] = /^Bearer [^.]+\.([^.]+)\./.exec(headers.authorization ?? '') ?? [];
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}

function echo(message: IncomingMessage, response: ServerResponse): void {
  let body = '';
  message.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
  message.on('end', () => {
    const { method, url, headers } = message;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method, url, headers, body }));
  });
}
