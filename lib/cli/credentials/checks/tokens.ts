import { firstValueFrom, take, toArray } from 'rxjs';
import type { ResolvedPlatform } from '../../../config/resolved-options.interface.js';
import { AppCredentials } from '../../../credentials/app.credentials.js';
import { MindsphereCredentialsFactory } from '../../../credentials/mindsphere-credentials.factory.js';
import { TenantCredentials } from '../../../credentials/tenant.credentials.js';
import { MindsphereCredentialsError } from '../../../errors/mindsphere-credentials.error.js';
import { PLATFORMS } from '../../../platform/platforms.js';
import type { AccessToken } from '../../../token/access-token.js';
import type { MindsphereCredentials } from '../../../token/mindsphere-credentials.js';
import { decodeJwt } from '../../../util/jwt.js';
import { parseValues } from '../../../util/json.js';
import type { Check, Finding } from '../check.js';
import type { DoctorContext } from '../registration.js';
import { remedyOf } from '../remedies.js';

const UNKNOWN_CLIENT = /no client|unknown client|client (?:\S+ )?(?:was |is )?(?:not found|unknown)|does not exist/i;
const UNKNOWN_CLIENT_SUMMARY = 'the server does not know the client id: ';
const VERSION = /version/i;
const TENANT = /tenant/i;

/** A token for each kind of credentials that is configured on a platform. */
export function tokenChecks(site: ResolvedPlatform, context: DoctorContext): Check[] {
  const { platform } = site.rules;
  return [
    { id: `token.${platform}.app`, needs: [`host.${platform}.gateway`], run: () => appFinding(site, context) },
    { id: `token.${platform}.tenant`, needs: [`host.${platform}.oauth`], run: () => tenantFinding(site, context) },
  ];
}

async function appFinding({ app, rules }: ResolvedPlatform, context: DoctorContext): Promise<Finding> {
  if (app === undefined) return { status: 'skipped', summary: 'app credentials are not configured' };
  const { hostTenant, userTenant } = app;
  if (hostTenant === undefined || userTenant === undefined) {
    return {
      status: 'skipped',
      summary: "the host and user tenant are not configured; in a deployed app they come from the user's token",
      remedy: `To check the credentials here, set MDSP_HOST_TENANT and MDSP_USER_TENANT (for ${PLATFORMS.xcelerator.domain} XCELERATOR_HOST_TENANT and XCELERATOR_USER_TENANT).`,
    };
  }
  const credentials = context.nest.get(AppCredentials, { strict: false }).on(rules.platform);
  const answer = await requestToken(credentials);
  return answer instanceof MindsphereCredentialsError
    ? { status: 'failure', ...appDiagnosis(answer, app.appVersion), details: detailsOf(answer) }
    : tokenFinding(answer);
}

async function tenantFinding(site: ResolvedPlatform, context: DoctorContext): Promise<Finding> {
  const { tenant, rules } = site;
  if (tenant === undefined) return { status: 'skipped', summary: 'tenant credentials are not configured' };
  const answer = await requestToken(context.nest.get(TenantCredentials, { strict: false }).on(rules.platform));
  if (!(answer instanceof MindsphereCredentialsError)) return tokenFinding(answer);
  return { status: 'failure', ...(await tenantDiagnosis(answer, site, context)), details: detailsOf(answer) };
}

/** The token, or the error of its request. */
async function requestToken(credentials: MindsphereCredentials): Promise<AccessToken | MindsphereCredentialsError> {
  try {
    return await firstValueFrom(credentials.getToken());
  } catch (failure) {
    if (failure instanceof MindsphereCredentialsError) return failure;
    throw failure;
  }
}

function tokenFinding({ tenant, subtenant, issuedAt, expiresAt, scopes }: AccessToken): Finding {
  const minutes = Math.round((expiresAt.getTime() - issuedAt.getTime()) / 60_000);
  const whose = subtenant === undefined ? tenant : `${tenant}, subtenant ${subtenant}`;
  return {
    status: 'ok',
    summary: `a token for tenant ${whose}, valid for ${minutes} min, with ${scopes.length} scopes`,
    details: { tenant, subtenant, lifeMinutes: minutes, scopes: scopes.length },
  };
}

type Diagnosis = Pick<Finding, 'summary' | 'remedy'>;

/** Why the Token Manager rejects app credentials, by status and message; the first that applies counts. */
const APP_CAUSES: readonly {
  readonly applies: (status: number, serverMessage: string) => boolean;
  /** Precedes the message. */
  readonly summary?: string;
  readonly remedy: (appVersion: string) => string;
}[] = [
  {
    applies: (status, message) => (status === 401 || status === 400) && UNKNOWN_CLIENT.test(message),
    summary: UNKNOWN_CLIENT_SUMMARY,
    remedy: () => unknownClientRemedy('MDSP_KEY_STORE_CLIENT_ID'),
  },
  {
    applies: (status, message) => (status === 401 || status === 400) && VERSION.test(message),
    remedy: (version) => `Check MDSP_OS_VM_APP_VERSION (${version}): app credentials belong to one version of the app.`,
  },
  {
    applies: (status, message) => status === 400 && TENANT.test(message),
    remedy: () => 'Check MDSP_HOST_TENANT and MDSP_USER_TENANT: is the app provisioned to this user tenant?',
  },
  {
    applies: (status) => status === 401,
    summary: 'the Token Manager does not accept the client secret: ',
    remedy: (version) =>
      'Check MDSP_KEY_STORE_CLIENT_SECRET. App credentials are valid for 365 days, belong to one version of the app ' +
      `(MDSP_OS_VM_APP_VERSION, ${version}), and an operator tenant gets a new pair.`,
  },
  {
    applies: (status) => status === 403,
    summary: 'this app may not use the Token Manager: ',
    remedy: () => 'Give the app access to the Token Manager in the Developer Cockpit, and register it again.',
  },
  {
    applies: (status) => status === 404,
    remedy: () =>
      'The gateway has no Token Manager at this address. Check HOST_ENVIRONMENT and MINDSPHERE_GATEWAY_URL.',
  },
  {
    applies: (status) => status < 500 && status !== 429,
    remedy: () => 'Check the name and version of the app, the host tenant and the user tenant.',
  },
];

function appDiagnosis(failure: MindsphereCredentialsError, appVersion: string): Diagnosis {
  const { status, message } = failure;
  const cause =
    status === undefined ? undefined : APP_CAUSES.find(({ applies }) => applies(status, messageOf(failure)));
  return { summary: `${cause?.summary ?? ''}${message}`, remedy: cause?.remedy(appVersion) ?? remedyOf(failure) };
}

async function tenantDiagnosis(
  failure: MindsphereCredentialsError,
  site: ResolvedPlatform,
  context: DoctorContext,
): Promise<Diagnosis> {
  if (UNKNOWN_CLIENT.test(messageOf(failure))) {
    const summary = UNKNOWN_CLIENT_SUMMARY + failure.message;
    return { summary, remedy: unknownClientRemedy('MINDSPHERE_CLIENT_ID') };
  }
  const other = otherTenant(failure, site, context);
  if (other !== undefined) {
    return {
      summary: `the server issued a token for tenant ${other}, not for ${site.tenant?.tenant}`,
      remedy: 'Check MINDSPHERE_TENANT: the technical user belongs to another tenant.',
    };
  }
  if (site.tenant?.subTenant !== undefined && (await worksWithoutSubtenant(site, context))) {
    return {
      summary: `the technical user may not impersonate subtenant ${site.tenant.subTenant}: ${failure.message}`,
      remedy:
        'Check MINDSPHERE_SUB_TENANT, and whether this technical user may impersonate subtenants. Without it the credentials work.',
    };
  }
  if (failure.status === 401) {
    return {
      summary: `the OAuth server does not accept the client secret: ${failure.message}`,
      remedy:
        'Check MINDSPHERE_CLIENT_SECRET: it may have expired or been replaced. With characters such as + or %, set clientAuthentication to form.',
    };
  }
  return { summary: failure.message, remedy: remedyOf(failure) };
}

/** What the server answered, without the words of this library. */
function messageOf({ error = '', errorDescription = '' }: MindsphereCredentialsError): string {
  return `${error} ${errorDescription}`;
}

function unknownClientRemedy(variable: string): string {
  return `Check ${variable}, the tenant and the region.`;
}

/** The tenant of a token that was rejected because it is not for the tenant that was asked for. */
function otherTenant(failure: MindsphereCredentialsError, site: ResolvedPlatform, context: DoctorContext) {
  if (failure.code !== 'token_response_invalid' || failure.endpoint === undefined) return undefined;
  const { origin } = new URL(failure.endpoint);
  const body = parseValues(context.recorder.of(origin).at(-1)?.body() ?? '');
  const jwt = typeof body?.['access_token'] === 'string' ? decodeJwt(body['access_token']) : undefined;
  const tenant = site.rules.readTenant(jwt?.claims[site.rules.claims.tenant]);
  return tenant === site.tenant?.tenant ? undefined : tenant;
}

/** Requests a token of the whole tenant: if that succeeds, the subtenant is the cause. */
async function worksWithoutSubtenant({ tenant, rules }: ResolvedPlatform, context: DoctorContext): Promise<boolean> {
  if (tenant === undefined) return false;
  const factory = context.nest.get(MindsphereCredentialsFactory, { strict: false });
  const { clientId, secret } = tenant;
  const whole = factory.tenant({
    platform: rules.platform,
    clientId,
    clientSecret: async () => secret.read(),
    tenant: tenant.tenant,
  });
  return !((await requestToken(whole)) instanceof MindsphereCredentialsError);
}

function detailsOf({ code, status, endpoint, attempts }: MindsphereCredentialsError) {
  return { code, status, endpoint, attempts };
}

/** Reads the first page of the tenants that the app is provisioned to. */
export function userTenantsCheck(site: ResolvedPlatform, context: DoctorContext): Check {
  const { platform } = site.rules;
  return {
    id: `user-tenants.${platform}`,
    needs: [`token.${platform}.app`],
    run: () => userTenantsFinding(site, context),
  };
}

async function userTenantsFinding({ rules, app }: ResolvedPlatform, { nest }: DoctorContext): Promise<Finding> {
  const first = nest
    .get(AppCredentials, { strict: false })
    .on(rules.platform)
    .userTenants()
    .pipe(take(rules.tokenManager.userTenantsPageSize), toArray());
  try {
    const tenants = await firstValueFrom(first);
    const isListed = app?.userTenant === undefined || tenants.includes(app.userTenant);
    const more = tenants.length === rules.tokenManager.userTenantsPageSize ? ' or more' : '';
    const summary = `the app is provisioned to ${tenants.length}${more} tenants`;
    if (isListed || more !== '') return { status: 'ok', summary, details: { tenants: tenants.length } };
    return {
      status: 'warning',
      summary: `${summary}, and ${app.userTenant} is not one of them`,
      remedy: 'Provision the app to this tenant, or check the user tenant.',
    };
  } catch (failure) {
    if (!(failure instanceof MindsphereCredentialsError)) throw failure;
    return {
      status: 'warning',
      summary: `the list of user tenants was refused: ${failure.message}`,
      remedy: 'Only applications that work for all tenants (userTenants()) need this list.',
    };
  }
}
