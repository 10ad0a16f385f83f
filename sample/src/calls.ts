import type { Tokens } from './users.js';
import { says } from './says.js';

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

/** Platform and path that the emulated API must have seen. */
const ON = {
  mindsphere: { platform: 'mindsphere', path: '/api/assetmanagement/v3/assets' },
  xcelerator: { platform: 'xcelerator', path: '/api/assetmanagement-1000001700/v3/assets' },
} as const;

const OF_APP = { clientId: 'operator-myapp-1.0.0', grantType: 'client_credentials' };

/** Every route on both platforms, and what the guard keeps out. */
export function callsOf(tokens: Tokens): readonly Call[] {
  return [
    ...callsWithoutUser(),
    ...callsOfUsers(tokens),
    ...callsOfUsersOfXcelerator(tokens),
    ...callsOfOperator(tokens.olga),
    ...callsOfOperatorOfXcelerator(tokens.oskar),
    ...refusedCalls(tokens),
  ];
}

function callsWithoutUser(): readonly Call[] {
  return [
    call('A public route', '/health', undefined, { status: 'ok' }),
    call('May requests come?', '/health/ready', undefined, { status: 'ok' }),
    refused(401, 'Any other route, without a token', '/me', undefined),
  ];
}

function callsOfUsers({ ann, ben }: Tokens): readonly Call[] {
  const me = { platform: 'mindsphere', tenant: 'customer', userName: 'ann@example.com', scopes: ['myapp.user'] };
  const asApp = (tenant: string) => answered('mindsphere', { ...OF_APP, tenant });
  return [
    call('Who am I?', '/me', ann, me),
    call("The user's own token, passed on", '/me/assets', ann, {
      ...answered('mindsphere', { tenant: 'customer', userName: 'ann@example.com' }),
      assets: [{ name: 'Pump 7' }, { name: 'Pump 8' }],
    }),
    call("App credentials, for the user's tenant", '/current-app-credentials', ann, asApp('customer')),
    call('The same, for a user of another tenant', '/current-app-credentials', ben, asApp('customer2')),
    refused(403, 'A route whose scope the user lacks', '/app-credentials', ann),
  ];
}

function callsOfUsersOfXcelerator({ cara, otto }: Tokens): readonly Call[] {
  const tenant = '1000000351';
  const me = { platform: 'xcelerator', tenant, tenantName: 'customer', userName: 'cara@example.com' };
  return [
    call('siemens.app: who am I?', '/me', cara, me),
    call("siemens.app: the user's own token, passed on", '/me/assets', cara, {
      ...answered('xcelerator', { tenant, userName: 'cara@example.com' }),
      assets: [{ name: 'Turbine 3' }],
    }),
    call(
      "siemens.app: app credentials, for the user's tenant",
      '/current-app-credentials',
      cara,
      answered('xcelerator', { ...OF_APP, tenant }),
    ),
    refused(403, 'siemens.app: a route whose scope the user lacks', '/app-credentials', cara),
    call("A claim of the other platform does not change the user's tenant", '/me', otto, { ...me, tenant }),
  ];
}

function callsOfOperator(token: string): readonly Call[] {
  const as = (client: object, tenant: string) => answered('mindsphere', { ...client, tenant });
  const technicalUser = { clientId: 'customer-technicaluser', grantType: 'client_credentials' };
  return [
    call('App credentials, for a tenant that the app names', '/app-credentials', token, as(OF_APP, 'customer')),
    call('App credentials, for another tenant', '/app-credentials/other-tenant', token, as(OF_APP, 'customer2')),
    call('The tenants that the app is provisioned to', '/app-credentials/tenants', token, {
      platform: 'mindsphere',
      tenants: ['customer', 'customer2'],
    }),
    call('Tenant credentials', '/tenant-credentials', token, as(technicalUser, 'customer')),
    call(
      'Tenant credentials, impersonating a subtenant',
      '/tenant-credentials/subtenant',
      token,
      as({ ...technicalUser, subtenant: 'plant1' }, 'customer'),
    ),
  ];
}

function callsOfOperatorOfXcelerator(token: string): readonly Call[] {
  const as = (client: object, tenant: string) => answered('xcelerator', { ...client, tenant });
  const technicalUser = { clientId: '1000000351-technicaluser', grantType: 'client_credentials' };
  const [customer, other] = ['1000000351', '1000000352'] as const;
  const named = 'siemens.app: app credentials, for a tenant that the app names';
  return [
    call(named, '/app-credentials', token, as(OF_APP, customer)),
    call('siemens.app: for another tenant', '/app-credentials/other-tenant', token, as(OF_APP, other)),
    call('siemens.app: the tenants that the app is provisioned to', '/app-credentials/tenants', token, {
      platform: 'xcelerator',
      tenants: [customer, other],
    }),
    call('siemens.app: tenant credentials', '/tenant-credentials', token, as(technicalUser, customer)),
    refused(501, 'siemens.app: there are no subtenants', '/tenant-credentials/subtenant', token),
  ];
}

function refusedCalls({ forgedAnn, forgedCara, otto }: Tokens): readonly Call[] {
  return [
    refused(401, "A user of mindsphere.io, signed with siemens.app's key", '/me', forgedAnn),
    refused(401, "A user of siemens.app, signed with mindsphere.io's key", '/me', forgedCara),
    refused(403, "The operator's tenant, in a claim of the other platform", '/app-credentials', otto),
  ];
}

function call(title: string, path: string, token: string | undefined, expected: Call['expected']): Call {
  return { title, path, ...(token !== undefined && { token }), status: 200, expected };
}

function refused(status: number, title: string, path: string, token: string | undefined): Call {
  return { ...call(title, path, token, { statusCode: status }), status };
}

/** What the application answers, and what the emulated API has seen of its call. */
function answered(platform: keyof typeof ON, calledAs: object): Call['expected'] {
  return { platform, calledAs: { ...ON[platform], ...calledAs } };
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
