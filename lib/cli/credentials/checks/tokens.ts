import { firstValueFrom } from 'rxjs';
import type { ResolvedPlatform } from '../../../config/resolved-options.interface.js';
import { AppCredentials } from '../../../credentials/app.credentials.js';
import { MindsphereCredentialsFactory } from '../../../credentials/mindsphere-credentials.factory.js';
import { TenantCredentials } from '../../../credentials/tenant.credentials.js';
import { MindsphereCredentialsError } from '../../../errors/mindsphere-credentials.error.js';
import type { AccessToken } from '../../../token/access-token.js';
import type { MindsphereCredentials } from '../../../token/mindsphere-credentials.js';
import { decodeJwt } from '../../../util/jwt.js';
import { parseValues } from '../../../util/json.js';
import type { Check, Finding } from '../check.js';
import type { DoctorContext } from '../doctor-context.js';
import { remedyOf } from '../remedies.js';

const UNKNOWN_CLIENT = /no client|unknown client|client (?:\S+ )?(?:was |is )?(?:not found|unknown)|does not exist/i;
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
      remedy:
        'To check the credentials here, set MDSP_HOST_TENANT and MDSP_USER_TENANT (for siemens.app XCELERATOR_HOST_TENANT and XCELERATOR_USER_TENANT).',
    };
  }
  const credentials = context.nest.get(AppCredentials, { strict: false }).on(rules.platform);
  const answer = await ask(credentials);
  return answer instanceof MindsphereCredentialsError
    ? { status: 'failure', ...appDiagnosis(answer, app.appVersion), details: detailsOf(answer) }
    : tokenFinding(answer);
}

async function tenantFinding(site: ResolvedPlatform, context: DoctorContext): Promise<Finding> {
  const { tenant, rules } = site;
  if (tenant === undefined) return { status: 'skipped', summary: 'tenant credentials are not configured' };
  const answer = await ask(context.nest.get(TenantCredentials, { strict: false }).on(rules.platform));
  if (!(answer instanceof MindsphereCredentialsError)) return tokenFinding(answer);
  return { status: 'failure', ...(await tenantDiagnosis(answer, site, context)), details: detailsOf(answer) };
}

/** The token, or why there is none. */
async function ask(credentials: MindsphereCredentials): Promise<AccessToken | MindsphereCredentialsError> {
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

function appDiagnosis(failure: MindsphereCredentialsError, appVersion: string): Diagnosis {
  const said = `${failure.error ?? ''} ${failure.errorDescription ?? ''}`;
  const { status } = failure;
  if (status === 401 || status === 400) {
    if (UNKNOWN_CLIENT.test(said)) return unknownClient(failure, 'MDSP_KEY_STORE_CLIENT_ID');
    if (VERSION.test(said)) {
      return {
        summary: failure.message,
        remedy: `Check MDSP_OS_VM_APP_VERSION (${appVersion}): app credentials belong to one version of the app.`,
      };
    }
    if (status !== 401 && TENANT.test(said)) {
      return {
        summary: failure.message,
        remedy: 'Check MDSP_HOST_TENANT and MDSP_USER_TENANT: is the app provisioned to this user tenant?',
      };
    }
  }
  if (status === 401) {
    return {
      summary: `the Token Manager does not accept the client secret: ${failure.message}`,
      remedy:
        'Check MDSP_KEY_STORE_CLIENT_SECRET. App credentials are valid for 365 days, belong to one version of the app ' +
        `(MDSP_OS_VM_APP_VERSION, ${appVersion}), and an operator tenant gets a new pair.`,
    };
  }
  if (status === 403) {
    return {
      summary: `this app may not use the Token Manager: ${failure.message}`,
      remedy: 'Give the app access to the Token Manager in the Developer Cockpit, and register it again.',
    };
  }
  if (status === 404) {
    return {
      summary: failure.message,
      remedy: 'The gateway has no Token Manager at this address. Check HOST_ENVIRONMENT and MINDSPHERE_GATEWAY_URL.',
    };
  }
  if (status !== undefined && status < 500 && status !== 429) {
    return {
      summary: failure.message,
      remedy: 'Check the name and version of the app, the host tenant and the user tenant.',
    };
  }
  return { summary: failure.message, remedy: remedyOf(failure) };
}

async function tenantDiagnosis(
  failure: MindsphereCredentialsError,
  site: ResolvedPlatform,
  context: DoctorContext,
): Promise<Diagnosis> {
  const said = `${failure.error ?? ''} ${failure.errorDescription ?? ''}`;
  if (UNKNOWN_CLIENT.test(said)) return unknownClient(failure, 'MINDSPHERE_CLIENT_ID');
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

function unknownClient({ message }: MindsphereCredentialsError, variable: string): Diagnosis {
  return {
    summary: `the server does not know the client id: ${message}`,
    remedy: `Check ${variable}, the tenant and the region.`,
  };
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

/** Asks for a token of the whole tenant, to tell whether the subtenant is to blame. */
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
  return !((await ask(whole)) instanceof MindsphereCredentialsError);
}

function detailsOf({ code, status, endpoint, attempts }: MindsphereCredentialsError) {
  return { code, status, endpoint, attempts };
}
