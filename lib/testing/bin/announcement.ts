import { isIP } from 'node:net';
import type { MindsphereEmulator } from '../mindsphere-emulator.js';

/** Long enough to paste the token after lunch. */
const USER_TOKEN_LIFE_SECONDS = 8 * 60 * 60;
const ASSETS = '/api/assetmanagement/v3/assets';

/** What somebody needs who wants to use the emulator. It shows secrets and tokens, on purpose: no other system takes them. */
export function announce(emulator: MindsphereEmulator, tenants: readonly string[], scopes: readonly string[]): string {
  const [first = ''] = tenants;
  return [
    `Emulated gateway    ${emulator.origin}`,
    `OAuth servers       ${emulator.moduleOptions.oauthUrl}`,
    `Key sets            ${emulator.moduleOptions.oauthUrl}/token_keys`,
    '',
    '# The credentials it accepts, in the documented variables:',
    ...exports(variablesOf(emulator)),
    '',
    "# The two URLs, which this package's sample reads from the environment:",
    ...exports({ SAMPLE_GATEWAY_URL: emulator.origin, SAMPLE_OAUTH_URL: emulator.moduleOptions.oauthUrl }),
    '',
    '# Your application with nestjs-mindsphere-credentials takes them as options, beside those variables:',
    `MindsphereCredentialsModule.forRoot(${urlOptions(emulator)})`,
    '',
    ...tenants.flatMap((tenant) => [`# A user of ${tenant}, for 8 hours:`, userToken(emulator, tenant, scopes), '']),
    '# An API, and a technical token:',
    `curl -H "Authorization: Bearer $${nameOf(first)}" ${emulator.origin}${ASSETS}`,
    tokenRequest(emulator, first),
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

function userToken(emulator: MindsphereEmulator, tenant: string, scopes: readonly string[]): string {
  const token = emulator.issueUserToken({
    tenant,
    userName: `user@${tenant}.example.com`,
    scopes,
    expiresInSeconds: USER_TOKEN_LIFE_SECONDS,
  });
  return `${nameOf(tenant)}='${token}'`;
}

/** A shell's variable for a tenant's user. */
function nameOf(tenant: string): string {
  return `TOKEN_OF_${tenant.toUpperCase().replaceAll('-', '_')}`;
}

function tokenRequest({ moduleOptions: { oauthUrl, tenant } }: MindsphereEmulator, name: string): string {
  const url = `${oauthUrl.replace('{tenant}', name)}/oauth/token`;
  return `curl -u '${tenant.clientId}:${tenant.clientSecret}' -d grant_type=client_credentials ${url}`;
}
