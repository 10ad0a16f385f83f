import type { MindsphereEmulator, UserTokenRequest } from 'nestjs-mindsphere-credentials/testing';
import { says } from './says.js';

/** The tokens of three users, each of another tenant. */
export interface Tokens {
  readonly ann: string;
  readonly ben: string;
  readonly operator: string;
}

/** One call of the sample, as somebody would make it by hand. */
export interface Call {
  readonly title: string;
  readonly path: string;
  /** The GraphQL query that is sent there, where it is one. */
  readonly query?: string;
  /** The user's token, where the call brings one along. */
  readonly token?: string;
  /** The status it must get. */
  readonly status: number;
  /** What the answer must say at least. */
  readonly expected: Readonly<Record<string, unknown>>;
}

/** What a call got. */
export interface Outcome {
  readonly ok: boolean;
  /** Of HTTP; a WebSocket's answers have the name of an event instead. */
  readonly status: number | string;
  readonly body: unknown;
}

/** The users: two customers, and one of the operator's own people. */
export const USERS = {
  ann: { tenant: 'customer', userName: 'ann@example.com', scopes: ['myapp.user'] },
  ben: { tenant: 'customer2', userName: 'ben@example.com', scopes: ['myapp.user'] },
  operator: { tenant: 'operator', userName: 'olga@example.com', scopes: ['myapp.user', 'myapp.operator'] },
} as const satisfies Record<keyof Tokens, UserTokenRequest>;

/** Signs the users' tokens, as the platform's gateway would add them to their requests. */
export function issueTokens(emulator: MindsphereEmulator, expiresInSeconds?: number): Tokens {
  const issue = (user: UserTokenRequest) => emulator.issueUserToken({ ...user, expiresInSeconds });
  return { ann: issue(USERS.ann), ben: issue(USERS.ben), operator: issue(USERS.operator) };
}

/** Shells' variables, to write in the place of the tokens. */
export const VARIABLES: Tokens = { ann: '$ANN', ben: '$BEN', operator: '$OLGA' };

const OF_APP = { grantType: 'client_credentials', clientId: 'operator-myapp-1.0.0' };
const OF_TECHNICAL_USER = { grantType: 'client_credentials', clientId: 'customer-technicaluser' };

/** Every route, and what the guard keeps out. */
export function callsOf(tokens: Tokens): readonly Call[] {
  return [...callsOfUsers(tokens), ...callsOfOperator(tokens)];
}

function callsOfUsers({ ann, ben }: Tokens): readonly Call[] {
  return [
    { title: 'A public route', path: '/health', status: 200, expected: { status: 'ok' } },
    { title: 'May requests come?', path: '/health/ready', status: 200, expected: { status: 'ok' } },
    { title: 'Any other route, without a token', path: '/me', status: 401, expected: { statusCode: 401 } },
    {
      title: 'Who am I?',
      path: '/me',
      token: ann,
      status: 200,
      expected: { tenant: 'customer', userName: 'ann@example.com', scopes: ['myapp.user'] },
    },
    {
      title: "The user's own token, passed on",
      path: '/me/assets',
      token: ann,
      status: 200,
      expected: { tenant: 'customer', userName: 'ann@example.com' },
    },
    {
      title: "App credentials, for the user's tenant",
      path: '/current-app-credentials',
      token: ann,
      status: 200,
      expected: { ...OF_APP, tenant: 'customer' },
    },
    {
      title: 'The same, for a user of another tenant',
      path: '/current-app-credentials',
      token: ben,
      status: 200,
      expected: { ...OF_APP, tenant: 'customer2' },
    },
    {
      title: 'A route whose scope the user lacks',
      path: '/app-credentials',
      token: ann,
      status: 403,
      expected: { statusCode: 403 },
    },
  ];
}

function callsOfOperator({ operator: token }: Tokens): readonly Call[] {
  return [
    {
      title: 'App credentials, for a tenant that the app names',
      path: '/app-credentials',
      token,
      status: 200,
      expected: { ...OF_APP, tenant: 'customer' },
    },
    {
      title: 'App credentials, for another tenant',
      path: '/app-credentials/other-tenant',
      token,
      status: 200,
      expected: { ...OF_APP, tenant: 'customer2' },
    },
    {
      title: 'Tenant credentials',
      path: '/tenant-credentials',
      token,
      status: 200,
      expected: { ...OF_TECHNICAL_USER, tenant: 'customer' },
    },
    {
      title: 'Tenant credentials, impersonating a subtenant',
      path: '/tenant-credentials/subtenant',
      token,
      status: 200,
      expected: { ...OF_TECHNICAL_USER, tenant: 'customer', subtenant: 'plant1' },
    },
  ];
}

/** A line to paste into a shell, which puts values in the place of variables there. */
export function curlLine(origin: string, { path, token, query }: Call): string {
  const header = token === undefined ? '' : `-H "Authorization: Bearer ${token}" `;
  const body = query === undefined ? '' : `-H 'Content-Type: application/json' -d '${JSON.stringify({ query })}' `;
  return `curl ${header}${body}${origin}${path}`;
}

/** What of it is sent, in short. */
export function summary({ path, query }: Call): string {
  return query === undefined ? `GET ${path}` : `POST ${path} ${query}`;
}

/** Makes the call. */
export async function make(origin: string, { path, token, status, expected, query }: Call): Promise<Outcome> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const signal = AbortSignal.timeout(30_000);
  const response = await fetch(origin + path, { headers, signal, ...(query !== undefined && post(headers, query)) });
  const body: unknown = await response.json();
  return { ok: response.status === status && says(body, expected), status: response.status, body };
}

function post(headers: Record<string, string>, query: string): RequestInit {
  const body = JSON.stringify({ query });
  return { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body };
}
