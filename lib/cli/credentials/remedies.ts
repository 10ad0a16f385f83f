import type {
  MindsphereCredentialsError,
  MindsphereCredentialsErrorCode,
} from '../../errors/mindsphere-credentials.error.js';
import { PLATFORMS } from '../../platform/platforms.js';

const XCELERATOR = PLATFORMS.xcelerator.domain;

/** What to do about an error by its code, and the option or variable that decides. */
const REMEDIES: Readonly<Partial<Record<MindsphereCredentialsErrorCode, string>>> = {
  credentials_missing: 'Set the variables that the message names.',
  token_response_invalid:
    'Check what answers at this address: it may be a proxy, a login page or a wrong URL. For a subtenant, check whether this client may impersonate it.',
  token_missing: 'Pass the token on standard input.',
  token_malformed: 'Pass one whole token: three base64url parts, joined by dots.',
  token_algorithm: 'The platform signs with RS256 alone. This token comes from somewhere else.',
  token_type: "Pass a user's token. Technical tokens and tokens of agents never pass the guard.",
  token_signature: 'Check the region (HOST_ENVIRONMENT) and the URL of the OAuth servers (MINDSPHERE_OAUTH_URL).',
  token_issuer: `Check HOST_ENVIRONMENT, HOST_BASEDOMAIN and verification.issuers; for ${XCELERATOR} the option xcelerator (XCELERATOR_CORE_TENANT, XCELERATOR_ISSUERS).`,
  token_expired: 'Take a new token. If all users are rejected, set the clock of this machine.',
  token_not_yet_valid: 'Set the clock of this machine, or raise verification.clockToleranceMs.',
  token_client: `Set verification.clientIds, or MDSP_OS_VM_APP_NAME and MDSP_HOST_TENANT; for ${XCELERATOR} xcelerator.clientIds (XCELERATOR_CLIENT_IDS).`,
  token_tenant: 'Check verification.allowedTenants; for users of subtenants app.allowSubtenantUsers.',
  key_set_unavailable:
    'Nothing is wrong with the token. Check that this machine reaches the OAuth servers: run doctor.',
};

/** What to do about an error of the library; `undefined` where its message is sufficient. */
export function remedyOf(failure: MindsphereCredentialsError): string | undefined {
  if (failure.code !== 'token_request_failed') return REMEDIES[failure.code];
  const { status } = failure;
  if (status === undefined)
    return 'No server answers at this address. Check the region, the base domain, and the proxy: run doctor.';
  if (status === 401) return 'The server does not accept this client id with this secret.';
  if (status === 429)
    return 'The platform throttles. Try again later, and share tokens between instances (cache.store).';
  return status >= 500
    ? 'The server fails. Try again later.'
    : 'The server rejects another part of the request than id and secret.';
}
