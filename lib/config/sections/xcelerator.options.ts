import type { Observable } from 'rxjs';
import { PLATFORMS } from '../../platform/platforms.js';
import { isValues } from '../../util/json.js';
import { type Kind, optional, required, sectionOf, withDefault } from '../descriptor.js';
import { appPart, clientId, clientIds, clientSecret, functionLike, label, labels, oneOf } from '../kinds.js';
import { warnOfDecodedCharacters } from './credentials.options.js';
import type { ClientSecret } from '../sealed-secrets.js';
import { baseUrl, urlTemplate } from '../tenant-urls.js';

const { hosts } = PLATFORMS.xcelerator;
const SITE = { region: '{region}', baseDomain: hosts.baseDomainOf('{region}') };
const GATEWAY = hosts.gateway(SITE);

/** App credentials on `siemens.app`. What is not given is taken from option `app`, the tenants never: ids differ. */
export interface XceleratorAppOptions {
  /** Tenant that hosts the app, one DNS label. Default: none. Variable: `XCELERATOR_HOST_TENANT`. */
  hostTenant?: string | undefined;
  /** Tenant the token is for, one DNS label. Default: taken from a verified user token. Variable: `XCELERATOR_USER_TENANT`. */
  userTenant?: string | undefined;
  /** Client id of the app credentials, as `app.keyStoreClientId`. Only together with the secret. Default: that of `app`. */
  keyStoreClientId?: string | undefined;
  /** Client secret of the app credentials, or a function that returns it. Default: that of `app`. */
  keyStoreClientSecret?: ClientSecret | undefined;
  /** Name of the app: letters, digits and `. _ ~ + -`, up to 128. Default: that of `app`. */
  appName?: string | undefined;
  /** Version of the app: letters, digits and `. _ ~ + -`, up to 128. Default: that of `app`. */
  appVersion?: string | undefined;
}

const OF_APP = { defaultText: 'that of `app`' };

/** Describes {@link XceleratorAppOptions}. */
export const XCELERATOR_APP = sectionOf<XceleratorAppOptions>()(
  'xcelerator.app',
  {
    hostTenant: optional(label, { variable: 'XCELERATOR_HOST_TENANT' }),
    userTenant: optional(label, { variable: 'XCELERATOR_USER_TENANT', defaultText: "from the user's token" }),
    keyStoreClientId: optional(clientId, OF_APP),
    keyStoreClientSecret: optional(clientSecret, OF_APP),
    appName: optional(appPart, OF_APP),
    appVersion: optional(appPart, OF_APP),
  },
  {
    of: 'XceleratorAppOptions',
    switches: [false],
    needs: { keyStoreClientId: 'keyStoreClientSecret', keyStoreClientSecret: 'keyStoreClientId' },
  },
);

/** A technical user on `siemens.app`, where they are created anew: nothing is taken from option `tenant`. */
export interface XceleratorTenantOptions {
  /** Client id. Printable ASCII without a colon, up to 256 characters. Variable: `XCELERATOR_CLIENT_ID`. */
  clientId: string;
  /** Client secret, or a function that returns it. Variable: `XCELERATOR_CLIENT_SECRET`. */
  clientSecret: ClientSecret;
  /** The tenant, one DNS label. Variable: `XCELERATOR_TENANT`. */
  tenant: string;
  /** The tenant whose server is asked for the token, one DNS label. Default: `tenant`. Variable: `XCELERATOR_TOKEN_TENANT`. */
  tokenTenant?: string | undefined;
  /**
   * How client id and secret are sent. Default `'basic'`: HTTP Basic credentials. `'form'`: as `client_id` and
   * `client_secret` in the body (RFC 6749, section 2.3.1). Variable: `XCELERATOR_CLIENT_AUTHENTICATION`.
   */
  clientAuthentication?: 'basic' | 'form' | undefined;
}

/** Describes {@link XceleratorTenantOptions}. */
export const XCELERATOR_TENANT = sectionOf<XceleratorTenantOptions>()(
  'xcelerator.tenant',
  {
    clientId: required(clientId, { variable: 'XCELERATOR_CLIENT_ID' }),
    clientSecret: required(clientSecret, { variable: 'XCELERATOR_CLIENT_SECRET' }),
    tenant: required(label, { variable: 'XCELERATOR_TENANT' }),
    tokenTenant: optional(label, { variable: 'XCELERATOR_TOKEN_TENANT', defaultText: '`tenant`' }),
    clientAuthentication: withDefault(oneOf('basic', 'form'), 'basic', {
      variable: 'XCELERATOR_CLIENT_AUTHENTICATION',
    }),
  },
  {
    of: 'XceleratorTenantOptions',
    identity: ['clientId', 'clientSecret'],
    switches: [false],
    warnings: warnOfDecodedCharacters,
  },
);

/** `siemens.app` (Insights Hub on the Xcelerator IAM) beside `mindsphere.io`, or instead of it. */
export interface XceleratorOptions {
  /** Core tenant of Insights Hub, one DNS label. Default `'1000001700'`. Variable: `XCELERATOR_CORE_TENANT`, which switches the platform on. */
  coreTenant?: string | undefined;
  /** Region label. Default: option `region`. Variable: `XCELERATOR_REGION`. */
  region?: string | undefined;
  /** Whole URL of the gateway. Default `https://api.{region}.siemens.app`. Variable: `XCELERATOR_GATEWAY_URL`. */
  gatewayUrl?: string | undefined;
  /**
   * URL template of a tenant's OAuth server, holding `{tenant}` once, as a whole host label or path segment. Default
   * `https://{tenant}.{region}.sws.siemens.com`. Variable: `XCELERATOR_OAUTH_URL`.
   */
  oauthUrl?: string | undefined;
  /** App credentials there; `false` switches them off. What is not given is taken from option `app`, the tenants never. */
  app?: XceleratorAppOptions | false | undefined;
  /** A technical user there; `false` switches it off. Nothing is taken from option `tenant`. */
  tenant?: WithOptional<XceleratorTenantOptions, 'tenant'> | false | undefined;
  /**
   * Accepted `cid` of users' tokens there. No default: until set, users' tokens are refused with `token_client`, and the
   * start warns of it; this IAM serves other products, too. Variable: `XCELERATOR_CLIENT_IDS`, comma separated, or `any`.
   */
  clientIds?: readonly string[] | 'any' | undefined;
  /**
   * Tenants, each one DNS label, whose server may sign users' tokens. Default: `coreTenant`, `app.hostTenant`,
   * `tenant.tenant` and `tenant.tokenTenant`. Variable: `XCELERATOR_ISSUERS`, comma separated.
   */
  issuers?: readonly string[] | undefined;
  /**
   * The name that a tenant keeps when it moves, by its id there: `UserToken.tenantName`. A map or a function, which is
   * asked once per verified token and has until `request.deadlineMs`. Default: the verified claim that holds a name.
   */
  tenantName?: Readonly<Record<string, string>> | TenantNameFunction | undefined;
}

/** @inline */
type WithOptional<T, K extends keyof T> = Omit<T, K> & { [P in K]?: T[P] | undefined };

type TenantName = string | undefined;

/** Names a tenant of `siemens.app`, by its id there. */
type TenantNameFunction = (tenant: string) => TenantName | Promise<TenantName> | Observable<TenantName>;

const tenantName: Kind<Readonly<Record<string, string>> | TenantNameFunction> = {
  read: (value, context) => functionLike<TenantNameFunction>('').read(value, context) ?? namesOf(value),
  demand: 'must be an object whose values are strings, or a function',
  type: 'object of names by tenant id, or a function',
};

/** Describes {@link XceleratorOptions} (defaults: protocol page, section 8). */
export const XCELERATOR = sectionOf<Omit<XceleratorOptions, 'app' | 'tenant'>>()(
  'xcelerator',
  {
    coreTenant: optional(label, { variable: 'XCELERATOR_CORE_TENANT', defaultText: `\`'${hosts.coreTenant}'\`` }),
    region: optional(label, { variable: 'XCELERATOR_REGION', defaultText: 'option `region`' }),
    gatewayUrl: optional(baseUrl, { variable: 'XCELERATOR_GATEWAY_URL', defaultText: `\`${GATEWAY}\`` }),
    oauthUrl: optional(urlTemplate, {
      variable: 'XCELERATOR_OAUTH_URL',
      defaultText: `\`${hosts.oauthTemplate(SITE, GATEWAY)}\``,
    }),
    clientIds: optional(clientIds, {
      variable: 'XCELERATOR_CLIENT_IDS',
      defaultText: "none: users' tokens are refused",
    }),
    issuers: optional(labels, {
      variable: 'XCELERATOR_ISSUERS',
      defaultText: '`coreTenant`, `app.hostTenant`, `tenant.tenant`, `tenant.tokenTenant`',
    }),
    tenantName: optional(tenantName, { defaultText: "the token's claim" }),
  },
  { of: 'XceleratorOptions', sections: ['app', 'tenant'], switches: [false, true] },
);

function namesOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isValues(value)) return undefined;
  const names = Object.entries(value).map(([tenant, given]) => [tenant.toLowerCase(), given] as const);
  const isString = (pair: readonly [string, unknown]): pair is readonly [string, string] => typeof pair[1] === 'string';
  return names.every(isString) ? Object.freeze(Object.fromEntries(names)) : undefined;
}
