import { createHash } from 'node:crypto';
import { type Answer, answer, oauthError } from '../http/answer.js';
import {
  type ClientCredentials,
  type EmulatedRequest,
  mediaType,
  queryOf,
  readDocumentedCredentials,
  readDocumentedForm,
  readTolerantCredentials,
  readTolerantForm,
  singleHeader,
  urlDecoded,
} from '../http/emulated-request.js';
import type { Route } from '../http/route.js';
import { isDnsLabel } from '../../../util/formats.js';
import type {
  EmulatedTechnicalUser,
  EmulatorSettings,
  PlatformSettings,
} from '../options/emulator-options.interface.js';
import type { TokenIssuer } from '../tokens/token-issuer.js';
import type { KeyChain } from '../keys/key-chain.js';

type Form = ReadonlyMap<string, string>;

/** Name documented, value recorded as a scope of real clients (protocol page, section 5). */
const IMPERSONATION = { field: 'iam-action', value: 'client_credentials.subtenant-impersonation' } as const;

const FORM_TYPE = 'application/x-www-form-urlencoded';
const CLIENT_FIELDS = ['client_id', 'client_secret'] as const;
const SUBTENANT_FIELDS = [IMPERSONATION.field, 'subtenant'] as const;

/** `oauth/token` of a tenant's OAuth Authorization Server, as Cloud Foundry's UAA answers there. */
export class TenantTokenEndpoint {
  readonly #settings: EmulatorSettings;
  readonly #platform: PlatformSettings;
  readonly #issuer: TokenIssuer;

  constructor(settings: EmulatorSettings, platform: PlatformSettings, issuer: TokenIssuer) {
    this.#settings = settings;
    this.#platform = platform;
    this.#issuer = issuer;
  }

  /** Answers a token request to a tenant's server. */
  handle(request: EmulatedRequest, route: Route): Answer {
    if (request.method !== 'POST') {
      return oauthError(405, 'method_not_allowed', `Request method '${request.method}' not supported`, {
        allow: 'POST',
      });
    }
    const form = this.#formOf(request);
    if ('status' in form) return form;
    const given = this.#credentialsIn(request, form);
    if ('status' in given) return given;
    const user = this.#find(given, route);
    if (!user) return this.#unauthorized('Bad credentials');
    return this.#refuse(form, user) ?? this.#grant(user, form.get('subtenant'), form.get(IMPERSONATION.field), route);
  }

  #formOf(request: EmulatedRequest): Form | Answer {
    const isForm = mediaType(request) === FORM_TYPE;
    // A servlet that expects no form does not read it: then the parameters are missing.
    if (!this.#settings.strict) return readTolerantForm(queryOf(request), isForm ? request.body : '');
    if (!isForm) return oauthError(415, 'invalid_request', 'A form is expected');
    const form = queryOf(request) === '' ? readDocumentedForm(request.body) : undefined;
    return form ?? oauthError(400, 'invalid_request', 'The form is not valid, or the query holds parameters');
  }

  /** Basic credentials, else those in the form (RFC 6749, section 2.3.1). */
  #credentialsIn(request: EmulatedRequest, form: Form): ClientCredentials | Answer {
    const { strict } = this.#settings;
    const header = singleHeader(request, 'authorization');
    const basic = strict ? readDocumentedCredentials(header, 'Basic') : readTolerantCredentials(header, ['basic']);
    const [id, secret] = CLIENT_FIELDS.map((name) => form.get(name));
    if (strict && basic && (id !== undefined || secret !== undefined)) {
      return oauthError(400, 'invalid_request', 'More than one method of client authentication');
    }
    const decoded = basic && urlDecoded(basic, request);
    if (basic) return decoded ?? this.#unauthorized('Bad credentials');
    if (header === undefined && id && secret) return { id, secret };
    return this.#unauthorized('An Authentication object was not found in the SecurityContext');
  }

  /** On `siemens.app` the core tenant's server may be the one for all; which is right is not known. */
  #find({ id, secret }: ClientCredentials, { tenant, profile }: Route): EmulatedTechnicalUser | undefined {
    const isServerOf = (owner: string) =>
      [owner, profile.issuerOfUsers(owner)].some((one) => one.toLowerCase() === tenant);
    return this.#platform.technicalUsers.find(
      (user) => user.clientId === id && user.clientSecret === secret && isServerOf(user.tenant),
    );
  }

  #unauthorized(description: string): Answer {
    const { clientError } = this.#settings;
    const challenge = `Basic realm="UAA/client", error="${clientError}", error_description="${description}"`;
    return oauthError(401, clientError, description, { 'www-authenticate': challenge });
  }

  #refuse(form: Form, user: EmulatedTechnicalUser): Answer | undefined {
    const { strict, impersonation } = this.#settings;
    const known: readonly string[] = ['grant_type', ...CLIENT_FIELDS, ...this.#subtenantFields];
    if (strict && [...form.keys()].some((name) => !known.includes(name))) {
      return oauthError(400, 'invalid_request', 'The form holds a field that is not known');
    }
    const grant = form.get('grant_type');
    if (!grant) return oauthError(400, 'invalid_request', 'Missing grant type');
    if (grant !== 'client_credentials') {
      return oauthError(400, 'unsupported_grant_type', `Unsupported grant type: ${grant.slice(0, 40)}`);
    }
    return impersonation && this.#subtenantFields.length > 0 ? refuseImpersonation(form, user, strict) : undefined;
  }

  get #subtenantFields(): readonly string[] {
    return this.#platform.profile.hasSubtenants ? SUBTENANT_FIELDS : [];
  }

  #grant(
    { clientId, tenant }: EmulatedTechnicalUser,
    wanted: string | undefined,
    action: string | undefined,
    { issuerOf, tenant: issuerTenant }: Route,
  ): Answer {
    const knowsSubtenants = this.#settings.impersonation && this.#platform.profile.hasSubtenants;
    const subtenant = knowsSubtenants && action === IMPERSONATION.value ? wanted : undefined;
    const issuer = issuerOf(issuerTenant);
    const fields = this.#issuer.technical({ clientId, issuer, issuerTenant, tenant, subtenant });
    return answer({ ...fields, token_type: 'Bearer', ...(subtenant !== undefined && { subtenant }) });
  }
}

/** An action that is not known is ignored, as any other field, where nothing is strict. */
function refuseImpersonation(form: Form, user: EmulatedTechnicalUser, strict: boolean): Answer | undefined {
  const action = form.get(IMPERSONATION.field);
  const subtenant = form.get('subtenant');
  if (action === undefined && (subtenant === undefined || !strict)) return undefined;
  if (action !== IMPERSONATION.value) {
    return strict ? oauthError(400, 'invalid_request', 'Unknown or missing iam-action') : undefined;
  }
  if (!subtenant || !isDnsLabel(subtenant)) return oauthError(400, 'invalid_request', 'Invalid subtenant');
  if (user.subtenants?.includes(subtenant) === false) {
    return oauthError(403, 'access_denied', 'The subtenant may not be impersonated');
  }
  return undefined;
}

/** `token_keys` of a tenant's OAuth Authorization Server. */
export class TokenKeysEndpoint {
  readonly #keys: KeyChain;

  constructor(keys: KeyChain) {
    this.#keys = keys;
  }

  /** Answers the key set, which is public, or that the client has it already. */
  handle(request: EmulatedRequest, { profile, tenant }: Route): Answer {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return oauthError(405, 'method_not_allowed', `Request method '${request.method}' not supported`, {
        allow: 'GET, HEAD',
      });
    }
    const { status, headers, body } = answer({ keys: this.#keys.ringOf(profile.name, tenant).publish() });
    const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 16)}"`;
    const isKnown = matches(singleHeader(request, 'if-none-match'), etag);
    return isKnown ? { status: 304, headers: { ...headers, etag } } : { status, headers: { ...headers, etag }, body };
  }
}

/** Whether a condition names this version (RFC 9110, section 13.1.2: compared weakly). */
function matches(condition: string | undefined, etag: string): boolean {
  const names = condition?.split(',').map((name) => name.trim().replace(/^W\//, ''));
  return names !== undefined && (names.includes(etag) || names.includes('*'));
}

const ENDPOINT = '/oauth/token';

/**
 * OpenID Connect Discovery of a tenant's OAuth Authorization Server, with the values that UAA has there. For other
 * clients: the library never asks for it, so the strict mode has none.
 */
export class OpenIdConfigurationEndpoint {
  constructor(private readonly strict: boolean) {}

  /** Answers where the endpoints of the server are. */
  handle({ method }: EmulatedRequest, { issuerOf, tenant }: Route): Answer {
    if (this.strict) return oauthError(404, 'not_found', 'The strict emulator has no OpenID configuration');
    if (method !== 'GET' && method !== 'HEAD') {
      return oauthError(405, 'method_not_allowed', `Request method '${method}' not supported`, { allow: 'GET, HEAD' });
    }
    const issuer = issuerOf(tenant);
    const server = issuer.slice(0, -ENDPOINT.length);
    return answer({
      issuer,
      authorization_endpoint: `${server}/oauth/authorize`,
      token_endpoint: issuer,
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      token_endpoint_auth_signing_alg_values_supported: ['RS256', 'HS256'],
      userinfo_endpoint: `${server}/userinfo`,
      jwks_uri: `${server}/token_keys`,
      scopes_supported: ['openid', 'profile', 'email', 'phone', 'roles', 'user_attributes'],
      response_types_supported: ['code', 'code id_token', 'id_token', 'token id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'HS256'],
      claim_types_supported: ['normal'],
      claims_parameter_supported: false,
      ui_locales_supported: ['en-US'],
    });
  }
}
