import { request } from 'node:http';

export interface RawAnswer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A request with any `Host` header and any header twice, which `fetch` does not permit. */
export function rawRequest(
  port: number,
  options: {
    path: string;
    method?: string;
    headers?: Record<string, string | string[]>;
    body?: string;
    /** Address that the connection comes from. */
    localAddress?: string | undefined;
  },
): Promise<RawAnswer> {
  const { path, method = 'GET', headers = {}, body, localAddress } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers, localAddress }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      incoming.on('end', () => resolve({ status: incoming.statusCode, headers: incoming.headers, text }));
    });
    outgoing.on('error', reject).end(body);
  });
}
