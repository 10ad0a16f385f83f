import { type Answer, answer, oauthError } from './answer.js';
import { readClientCredentials } from './authorization.js';
import { isDnsLabel } from './dns-label.js';
import { type EmulatedRequest, mediaType, singleHeader } from './emulated-request.js';
import type { EmulatedTechnicalUser, EmulatorSettings } from './emulator-options.interface.js';
import { readForm } from './form.js';
import type { TokenIssuer } from './token-issuer.js';

/** Name documented; the value was seen once in public code, under a name with an underscore. */
const IMPERSONATION = { field: 'iam-action', value: 'client_credentials.subtenant-impersonation' } as const;

const FIELDS: readonly string[] = ['grant_type', IMPERSONATION.field, 'subtenant'];
const CHALLENGE = { 'www-authenticate': 'Basic realm="UAA/client"' };

/** `oauth/token` of a tenant's OAuth Authorization Server. */
export class TenantTokenEndpoint {
  readonly #settings: EmulatorSettings;
  readonly #issuer: TokenIssuer;

  constructor(settings: EmulatorSettings, issuer: TokenIssuer) {
    this.#settings = settings;
    this.#issuer = issuer;
  }

  /** Answers a token request to a tenant, whose name is in lower case. */
  handle(request: EmulatedRequest, tenant: string, issuer: string): Answer {
    if (request.method !== 'POST') {
      return oauthError(405, 'method_not_allowed', 'Only POST is supported', { allow: 'POST' });
    }
    const user = this.#authenticate(request, tenant);
    if ('status' in user) return user;
    if (mediaType(request) !== 'application/x-www-form-urlencoded') {
      return oauthError(415, 'invalid_request', 'A form is expected');
    }
    const form = readForm(request.body);
    const refusal = form ? this.#refuse(form, user) : oauthError(400, 'invalid_request', 'The form is not valid');
    return refusal ?? this.#grant(user, form?.get('subtenant'), issuer);
  }

  #authenticate(request: EmulatedRequest, tenant: string): EmulatedTechnicalUser | Answer {
    const given = readClientCredentials(singleHeader(request, 'authorization'), 'Basic');
    if (!given) return oauthError(401, 'invalid_client', 'Client credentials are missing or malformed', CHALLENGE);
    const known = this.#settings.technicalUsers.find(
      (user) =>
        user.tenant.toLowerCase() === tenant && user.clientId === given.id && user.clientSecret === given.secret,
    );
    return known ?? oauthError(401, 'unauthorized', 'Bad credentials', CHALLENGE);
  }

  #refuse(form: ReadonlyMap<string, string>, user: EmulatedTechnicalUser): Answer | undefined {
    if ([...form.keys()].some((name) => !FIELDS.includes(name))) {
      return oauthError(400, 'invalid_request', 'The form holds a field that is not known');
    }
    const grant = form.get('grant_type');
    if (!grant) return oauthError(400, 'invalid_request', 'Missing grant type');
    if (grant !== 'client_credentials') return oauthError(400, 'unsupported_grant_type', 'Unsupported grant type');
    return this.#settings.impersonation ? refuseImpersonation(form, user) : undefined;
  }

  #grant({ clientId, tenant }: EmulatedTechnicalUser, wanted: string | undefined, issuer: string): Answer {
    const subtenant = this.#settings.impersonation ? wanted : undefined;
    const fields = this.#issuer.technical({ clientId, issuer, issuerTenant: tenant, tenant, subtenant });
    return answer({ ...fields, token_type: 'Bearer', ...(subtenant !== undefined && { subtenant }) });
  }
}

function refuseImpersonation(form: ReadonlyMap<string, string>, user: EmulatedTechnicalUser): Answer | undefined {
  const action = form.get(IMPERSONATION.field);
  const subtenant = form.get('subtenant');
  if (action === undefined && subtenant === undefined) return undefined;
  if (action !== IMPERSONATION.value) return oauthError(400, 'invalid_request', 'Unknown or missing iam-action');
  if (!subtenant || !isDnsLabel(subtenant)) return oauthError(400, 'invalid_request', 'Invalid subtenant');
  if (user.subtenants?.includes(subtenant) === false) {
    return oauthError(403, 'access_denied', 'The subtenant may not be impersonated');
  }
  return undefined;
}
