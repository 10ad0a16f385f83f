import { ownValue, type Values } from '../../util/json.js';
import { type Options, optional, placeOf, required, type Section, sectionOf, withDefault } from '../descriptor.js';
import { appPart, boolean, clientId, clientSecret, label, oneOf } from '../kinds.js';
import type { ClientSecret } from '../sealed-secrets.js';

/**
 * App-specific service credentials from Developer or Operator Cockpit. They yield technical tokens from the Technical
 * Token Manager.
 */
export interface AppCredentialsOptions {
  /** Client id of the app credentials. Printable ASCII without a colon, up to 256 characters. Variable: `MDSP_KEY_STORE_CLIENT_ID`. */
  keyStoreClientId: string;
  /** Client secret of the app credentials, or a function that returns it. Variable: `MDSP_KEY_STORE_CLIENT_SECRET`. */
  keyStoreClientSecret: ClientSecret;
  /** Name of the app in the cockpit: letters, digits and `. _ ~ + -`, up to 128. Variable: `MDSP_OS_VM_APP_NAME`. */
  appName: string;
  /** Version of the app: letters, digits and `. _ ~ + -`, up to 128. Variable: `MDSP_OS_VM_APP_VERSION`. */
  appVersion: string;
  /** Tenant that hosts the app, one DNS label. Default: taken from a verified user token. Variable: `MDSP_HOST_TENANT`. */
  hostTenant?: string | undefined;
  /** Tenant the token is for, one DNS label. Default: taken from a verified user token. Variable: `MDSP_USER_TENANT`. */
  userTenant?: string | undefined;
  /** Scheme in `X-SPACE-AUTH-KEY`. Default `'Basic'`; one vendor page shows `'Bearer'`. */
  authKeyScheme?: 'Basic' | 'Bearer' | undefined;
  /**
   * Whether users of a subtenant may act through app credentials. Default `false`: a technical token covers the whole
   * tenant, so switching this on lets a subtenant's user see what belongs to the whole tenant.
   */
  allowSubtenantUsers?: boolean | undefined;
}

/** Describes {@link AppCredentialsOptions} (variables: protocol page, section 2). */
export const APP = sectionOf<AppCredentialsOptions>()(
  'app',
  {
    keyStoreClientId: required(clientId, { variable: 'MDSP_KEY_STORE_CLIENT_ID' }),
    keyStoreClientSecret: required(clientSecret, { variable: 'MDSP_KEY_STORE_CLIENT_SECRET' }),
    appName: required(appPart, { variable: 'MDSP_OS_VM_APP_NAME' }),
    appVersion: required(appPart, { variable: 'MDSP_OS_VM_APP_VERSION' }),
    hostTenant: optional(label, { variable: 'MDSP_HOST_TENANT', defaultText: "from the user's token" }),
    userTenant: optional(label, { variable: 'MDSP_USER_TENANT', defaultText: "from the user's token" }),
    authKeyScheme: withDefault(oneOf('Basic', 'Bearer'), 'Basic'),
    allowSubtenantUsers: withDefault(boolean, false),
  },
  { of: 'AppCredentialsOptions', identity: ['keyStoreClientId', 'keyStoreClientSecret'], switches: [false] },
);

/** Tenant-specific service credentials (a technical user). They yield technical tokens from the tenant's OAuth server. */
export interface TenantCredentialsOptions {
  /** Client id. Printable ASCII without a colon, up to 256 characters. Variable: `MINDSPHERE_CLIENT_ID`. */
  clientId: string;
  /** Client secret, or a function that returns it. Variable: `MINDSPHERE_CLIENT_SECRET`. */
  clientSecret: ClientSecret;
  /** The tenant, one DNS label. Variable: `MINDSPHERE_TENANT`, where absent `MDSP_USER_TENANT`. */
  tenant: string;
  /** Subtenant to impersonate, one DNS label. Default: none. Variable: `MINDSPHERE_SUB_TENANT`. */
  subTenant?: string | undefined;
  /**
   * How client id and secret are sent. Default `'basic'`: HTTP Basic credentials, which the platform's server decodes
   * as a URL, so that a `+` or `%` is read otherwise. `'form'`: as `client_id` and `client_secret` in the body (RFC 6749,
   * section 2.3.1), where every character is safe.
   */
  clientAuthentication?: 'basic' | 'form' | undefined;
}

/** Describes {@link TenantCredentialsOptions} (variables: protocol page, section 2). */
export const TENANT = sectionOf<TenantCredentialsOptions>()(
  'tenant',
  {
    clientId: required(clientId, { variable: 'MINDSPHERE_CLIENT_ID' }),
    clientSecret: required(clientSecret, { variable: 'MINDSPHERE_CLIENT_SECRET' }),
    tenant: required(label, { variable: ['MINDSPHERE_TENANT', 'MDSP_USER_TENANT'] }),
    subTenant: optional(label, { variable: 'MINDSPHERE_SUB_TENANT' }),
    clientAuthentication: withDefault(oneOf('basic', 'form'), 'basic'),
  },
  {
    of: 'TenantCredentialsOptions',
    identity: ['clientId', 'clientSecret'],
    switches: [false],
    warnings: warnOfDecodedCharacters,
  },
);

/**
 * Warns of characters that a UAA reads otherwise in HTTP Basic credentials, because it decodes them as a URL (protocol
 * page, section 5).
 */
export function warnOfDecodedCharacters(given: Values, group: Section<Options>): Readonly<Record<string, string>> {
  const setting = placeOf(group, 'clientAuthentication');
  const message = `holds '+' or '%', which the OAuth server may decode: set ${setting} to 'form'`;
  const isForm = ownValue(given, 'clientAuthentication') === 'form';
  const names = (isForm ? [] : (group.identity ?? [])).filter((name) => {
    const value = ownValue(given, name);
    return typeof value === 'string' && /[+%]/.test(value);
  });
  return Object.fromEntries(names.map((name) => [name, message]));
}
