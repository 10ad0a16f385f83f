import { isIP } from 'node:net';
import type { MindsphereEmulator } from '../../testing/mindsphere-emulator.js';
import type { EmulatedUser } from './arguments.js';

/** Long enough to paste the token after lunch. */
const USER_TOKEN_LIFE_SECONDS = 8 * 60 * 60;
const ASSETS = '/api/assetmanagement/v3/assets';

/** What somebody needs who wants to use the emulator. It shows secrets and tokens, on purpose: no other system takes them. */
export function announce(emulator: MindsphereEmulator, users: readonly EmulatedUser[]): string {
  const names = namesOf(users);
  return [
    `Emulated gateway    ${emulator.origin}`,
    `OAuth servers       ${emulator.moduleOptions.oauthUrl}`,
    `Key sets            ${emulator.moduleOptions.oauthUrl}/token_keys`,
    '',
    '# The credentials it accepts, in the documented variables:',
    ...exports(variablesOf(emulator)),
    '',
    "# The two URLs, for npm start in this package's repository:",
    ...exports({ SAMPLE_GATEWAY_URL: emulator.origin, SAMPLE_OAUTH_URL: emulator.moduleOptions.oauthUrl }),
    '',
    '# Your application with nestjs-mindsphere-credentials takes them as options, beside those variables:',
    `MindsphereCredentialsModule.forRoot(${urlOptions(emulator)})`,
    '',
    ...users.flatMap((user, at) => [describe(user), `${names[at]}='${tokenOf(emulator, user)}'`, '']),
    '# An API, and a technical token:',
    `curl -H "Authorization: Bearer $${names[0]}" ${emulator.origin}${ASSETS}`,
    tokenRequest(emulator),
    '',
    'Ctrl-C ends it.',
  ].join('\n');
}

function variablesOf({ moduleOptions: { app, tenant } }: MindsphereEmulator): Record<string, string> {
  return {
    MDSP_OS_VM_APP_NAME: app.appName,
    MDSP_OS_VM_APP_VERSION: app.appVersion,
    MDSP_KEY_STORE_CLIENT_ID: app.keyStoreClientId,
    MDSP_KEY_STORE_CLIENT_SECRET: app.keyStoreClientSecret,
    MDSP_HOST_TENANT: app.hostTenant,
    MDSP_USER_TENANT: app.userTenant,
    MINDSPHERE_CLIENT_ID: tenant.clientId,
    MINDSPHERE_CLIENT_SECRET: tenant.clientSecret,
    MINDSPHERE_TENANT: tenant.tenant,
  };
}

function exports(variables: Record<string, string>): string[] {
  return Object.entries(variables).map(([name, value]) => `export ${name}='${value}'`);
}

/** Beyond loopback addresses the library wants to be told that plain HTTP is meant. */
function urlOptions({ origin, moduleOptions: { oauthUrl } }: MindsphereEmulator): string {
  const insecure = isLoopback(new URL(origin).hostname) ? '' : ', allowInsecureHttp: true';
  return `{ gatewayUrl: '${origin}', oauthUrl: '${oauthUrl}'${insecure} }`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Shells' variables: `TOKEN_OF_ACME`, and `TOKEN_2_OF_ACME` for a second user. */
function namesOf(users: readonly EmulatedUser[]): string[] {
  return users.map(({ tenant }, at) => {
    const before = users.slice(0, at).filter((other) => other.tenant === tenant).length;
    const nth = before === 0 ? '' : `${before + 1}_`;
    return `TOKEN_${nth}OF_${tenant.toUpperCase().replaceAll('-', '_')}`;
  });
}

function describe({ tenant, scopes }: EmulatedUser): string {
  return `# A user of ${tenant}, ${scopes.length === 0 ? 'without scopes' : `with ${scopes.join(' ')}`}, for 8 hours:`;
}

function tokenOf(emulator: MindsphereEmulator, { tenant, scopes }: EmulatedUser): string {
  const userName = `user@${tenant}.example.com`;
  return emulator.issueUserToken({ tenant, userName, scopes, expiresInSeconds: USER_TOKEN_LIFE_SECONDS });
}

function tokenRequest({ moduleOptions: { oauthUrl, tenant } }: MindsphereEmulator): string {
  const url = `${oauthUrl.replace('{tenant}', tenant.tenant)}/oauth/token`;
  return `curl -u '${tenant.clientId}:${tenant.clientSecret}' -d grant_type=client_credentials ${url}`;
}
