import { CHINA } from '../../platform/mindsphere.js';
import { PLATFORMS } from '../../platform/platforms.js';
import { type Kind, optional, type Options, type Section, sectionOf, withDefault } from '../descriptor.js';
import { boolean, domain, label } from '../kinds.js';
import { baseUrl, urlTemplate } from '../tenant-urls.js';
import { CACHE, type CacheOptions } from './cache.options.js';
import { APP, type AppCredentialsOptions, TENANT, type TenantCredentialsOptions } from './credentials.options.js';
import {
  HTTP,
  type HttpOptions,
  REFRESH,
  type RefreshOptions,
  REQUEST,
  type RequestOptions,
} from './requests.options.js';
import { USER_TOKEN, type UserTokenOptions, VERIFICATION, type VerificationOptions } from './users.options.js';
import { XCELERATOR, XCELERATOR_APP, XCELERATOR_TENANT, type XceleratorOptions } from './xcelerator.options.js';

/**
 * What {@link MindsphereCredentialsModule.forRoot} takes and the factory of `forRootAsync` returns. Everything is
 * optional: `forRoot` reads the environment for what it was not given, `forRootAsync` reads only what its factory returns.
 */
export interface MindsphereCredentialsModuleOptions {
  /** Region label. Default `'eu1'`. Variable: `HOST_ENVIRONMENT`. */
  region?: string | undefined;
  /** Base domain. Default `'mindsphere.io'`, or `'mindsphere-in.cn'` for region `cn1`. Variable: `HOST_BASEDOMAIN`. */
  baseDomain?: string | undefined;
  /**
   * Whole URL of the gateway; wins over region and base domain. Default
   * `https://gateway.{region}.{baseDomain}`. Variable: `MINDSPHERE_GATEWAY_URL`.
   */
  gatewayUrl?: string | undefined;
  /**
   * URL template of a tenant's OAuth server, holding `{tenant}` once, as a whole host label or path segment. Default:
   * the gateway's URL with `{tenant}.piam` for `gateway`. Variable: `MINDSPHERE_OAUTH_URL`.
   */
  oauthUrl?: string | undefined;
  /** Permits plain `http:` beyond loopback addresses. Default `false`: secrets would cross the network in the clear. */
  allowInsecureHttp?: boolean | undefined;
  /** App credentials; `false` switches them off, whatever the environment holds. App name and version may come from the environment. */
  app?: WithOptional<AppCredentialsOptions, 'appName' | 'appVersion'> | false | undefined;
  /** Tenant credentials; `false` switches them off, whatever the environment holds. The tenant may come from the environment. */
  tenant?: WithOptional<TenantCredentialsOptions, 'tenant'> | false | undefined;
  /**
   * `siemens.app` beside `mindsphere.io`: `true`, or its options. Default `false`, unless the variable
   * `XCELERATOR_CORE_TENANT` is set.
   */
  xcelerator?: boolean | XceleratorOptions | undefined;
  /**
   * `false` switches `mindsphere.io` off, for an application of `siemens.app` alone: option `app` with its tenants then
   * serves that platform. Default: on. Variable: `MINDSPHERE_PLATFORM=off`.
   */
  mindsphere?: false | undefined;
  /** When tokens are renewed. */
  refresh?: RefreshOptions | undefined;
  /** Limits of token requests; `timeoutMs` and `axios` also hold for calls of APIs. */
  request?: RequestOptions | undefined;
  /** Where the user's token is found. */
  userToken?: UserTokenOptions | undefined;
  /** How user tokens are verified. */
  verification?: VerificationOptions | undefined;
  /** Bounds of what is held in memory, and what is shared with other instances. */
  cache?: CacheOptions | undefined;
  /** What calls of APIs may do. */
  http?: HttpOptions | undefined;
}

/** @inline */
type WithOptional<T, K extends keyof T> = Omit<T, K> & { [P in K]?: T[P] | undefined };

const { hosts } = PLATFORMS.mindsphere;
const DEFAULT_DOMAIN = hosts.baseDomainOf(hosts.defaultRegion);
const GATEWAY = hosts.gateway({ region: '{region}', baseDomain: '{baseDomain}' });
const BESIDE_THE_FACTORY = 'is no option here: write it beside useFactory, not into what the factory returns';

/** What switches off and has no other meaning. */
const off: Kind<false> = {
  read: (value) => (value === false ? value : undefined),
  demand: "must be false (in a variable: 'off') or not be set",
  type: '`false`',
  parse: (variable) => (variable.trim().toLowerCase() === 'off' ? false : variable),
};

/** Describes the options that stand in no object of their own (variables: protocol page, section 2). */
export const MODULE = sectionOf<Omit<MindsphereCredentialsModuleOptions, SectionName>>()(
  '',
  {
    region: optional(label, {
      variable: 'HOST_ENVIRONMENT',
      defaultText: `from \`VCAP_APPLICATION\`, else \`'${hosts.defaultRegion}'\``,
    }),
    baseDomain: optional(domain, {
      variable: 'HOST_BASEDOMAIN',
      defaultText: `from \`VCAP_APPLICATION\`, else \`'${DEFAULT_DOMAIN}'\`; for \`${CHINA.region}\` \`'${CHINA.baseDomain}'\``,
    }),
    gatewayUrl: optional(baseUrl, { variable: 'MINDSPHERE_GATEWAY_URL', defaultText: `\`${GATEWAY}\`` }),
    oauthUrl: optional(urlTemplate, {
      variable: 'MINDSPHERE_OAUTH_URL',
      defaultText: "from the gateway's host, if that begins with `gateway`",
    }),
    allowInsecureHttp: withDefault(boolean, false),
    mindsphere: optional(off, { variable: 'MINDSPHERE_PLATFORM', defaultText: 'on' }),
  },
  {
    of: 'MindsphereCredentialsModuleOptions',
    sections: ['app', 'tenant', 'xcelerator', 'refresh', 'request', 'userToken', 'verification', 'cache', 'http'],
    misplaced: { isGlobal: BESIDE_THE_FACTORY, name: BESIDE_THE_FACTORY },
  },
);

type SectionName =
  | 'app'
  | 'tenant'
  | 'xcelerator'
  | 'refresh'
  | 'request'
  | 'userToken'
  | 'verification'
  | 'cache'
  | 'http';

/** The descriptors of all sections, in the order of docs/options.md. */
export const SECTIONS = Object.freeze({
  module: MODULE,
  app: APP,
  tenant: TENANT,
  xcelerator: XCELERATOR,
  xceleratorApp: XCELERATOR_APP,
  xceleratorTenant: XCELERATOR_TENANT,
  refresh: REFRESH,
  request: REQUEST,
  userToken: USER_TOKEN,
  verification: VERIFICATION,
  cache: CACHE,
  http: HTTP,
});

/** {@link SECTIONS} as a list. */
export const ALL_SECTIONS: readonly Section<Options>[] = Object.values(SECTIONS);

/** What a class given as `useClass` or `useExisting` implements. */
export interface MindsphereCredentialsOptionsFactory {
  /** Called once, at start. What it returns is all that counts: the environment is not read beside it. */
  createMindsphereCredentialsOptions():
    | MindsphereCredentialsModuleOptions
    | Promise<MindsphereCredentialsModuleOptions>;
}
