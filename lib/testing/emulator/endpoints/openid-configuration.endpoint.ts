import { type Answer, answer, oauthError } from '../http/answer.js';
import type { EmulatedRequest } from '../http/emulated-request.js';
import type { Route } from '../http/route.js';

const ENDPOINT = '/oauth/token';

/**
 * OpenID Connect Discovery of a tenant's OAuth Authorization Server, with what UAA says there of itself. For other clients:
 * the library never asks for it, so the strict mode has none.
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
