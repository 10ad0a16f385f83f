import { isDeepStrictEqual } from 'node:util';

/** One call of the sample, as somebody would make it by hand. */
export interface Call {
  readonly title: string;
  readonly path: string;
  /** The user's token, where the route wants one. */
  readonly token?: string;
  /** What the answer must say at least. */
  readonly expected: Readonly<Record<string, unknown>>;
}

/** What a call got. */
export interface Outcome {
  readonly ok: boolean;
  readonly status: number;
  readonly body: unknown;
}

const TECHNICAL = { grantType: 'client_credentials' };

/** One call for each kind of credentials. */
export function callsOf(userToken: string): readonly Call[] {
  return [
    {
      title: 'App credentials',
      path: '/app-credentials',
      expected: { ...TECHNICAL, tenant: 'customer', clientId: 'operator-myapp-1.0.0' },
    },
    {
      title: 'App credentials, for another tenant',
      path: '/app-credentials/other-tenant',
      expected: { ...TECHNICAL, tenant: 'customer2', clientId: 'operator-myapp-1.0.0' },
    },
    {
      title: 'Tenant credentials',
      path: '/tenant-credentials',
      expected: { ...TECHNICAL, tenant: 'customer', clientId: 'customer-technicaluser' },
    },
    {
      title: 'Tenant credentials, impersonating a subtenant',
      path: '/tenant-credentials/subtenant',
      expected: { ...TECHNICAL, tenant: 'customer', subtenant: 'plant1' },
    },
    {
      title: "The user's own token, passed on",
      path: '/user-token',
      token: userToken,
      expected: { tenant: 'customer', userName: 'user@example.com' },
    },
  ];
}

/** A line to paste into a shell. It shows the user's token, on purpose. */
export function curlLine(origin: string, { path, token }: Call): string {
  const header = token === undefined ? '' : `-H 'Authorization: Bearer ${token}' `;
  return `curl ${header}${origin}${path}`;
}

/** Makes the call. */
export async function make(origin: string, { path, token, expected }: Call): Promise<Outcome> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(origin + path, { headers, signal: AbortSignal.timeout(30_000) });
  const body: unknown = await response.json();
  return { ok: response.ok && says(body, expected), status: response.status, body };
}

function says(body: unknown, expected: Call['expected']): boolean {
  const found = new Map(Object.entries(Object(body)));
  return Object.entries(expected).every(([name, value]) => isDeepStrictEqual(found.get(name), value));
}
