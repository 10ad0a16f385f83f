import type { Observable } from 'rxjs';
import type { Platform } from '../../platform/platform.interface.js';
import { PLATFORMS } from '../../platform/platforms.js';
import { type Kind, optional, sectionOf, withDefault } from '../descriptor.js';
import { clientIds, functionLike, label, labels, milliseconds } from '../kinds.js';
import { issuerTemplate } from '../tenant-urls.js';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

/** Where the user's token is found. */
export interface UserTokenOptions {
  /**
   * Takes the token from the framework's request object. Default: the one `Authorization: Bearer` header. It may return
   * the bare token or `Bearer …`; `undefined` means that the request carries none.
   */
  extract?: ((request: unknown) => string | undefined) | undefined;
}

/** Describes {@link UserTokenOptions}. */
export const USER_TOKEN = sectionOf<UserTokenOptions>()(
  'userToken',
  {
    extract: optional(functionLike<NonNullable<UserTokenOptions['extract']>>('`(request) => string`'), {
      defaultText: 'the one `Authorization: Bearer` header',
    }),
  },
  { of: 'UserTokenOptions' },
);

/** How user tokens are verified. */
export interface VerificationOptions {
  /** Allowed difference of clocks for `exp`, `nbf` and `iat`. Milliseconds, 0 to 600,000; default 30,000. */
  clockToleranceMs?: number | undefined;
  /**
   * Age at which a key set is read again; from 80 % of it in the background. Milliseconds, 1,000 to 86,400,000; default
   * 600,000. A key that the platform withdraws is trusted for so long, and for 1 h more while the key server fails.
   */
  keySetMaxAgeMs?: number | undefined;
  /**
   * Longest pause after failed reads of a key set, and the age from which a signature that does not match makes a key set
   * be read again, because a server may replace a key under its id. An unknown key id causes a read every 5 s at most, or
   * every `keySetCooldownMs` where that is less. Milliseconds, 0 to 3,600,000; default 30,000.
   */
  keySetCooldownMs?: number | undefined;
  /**
   * Template of a token's `iss`, holding `{tenant}` once, as a whole host label or path segment. Default: `oauthUrl` +
   * `/oauth/token`, with or without the path that `oauthUrl` has behind the tenant.
   */
  issuerUrl?: string | undefined;
  /**
   * Whose key set verifies users' tokens on `mindsphere.io`. Default: the platform's own (`core`) first, the issuer's
   * where that one cannot decide. A tenant, a DNS label: that one's alone, for all issuers; a holder of one of its keys can
   * sign for every tenant. `false`: the issuer's own alone.
   */
  keySetTenant?: string | false | undefined;
  /**
   * Tenants on `mindsphere.io`, each one DNS label, whose server may sign for users of any tenant; no other server may,
   * not even for users of its own tenant. Default: the server of the user's tenant, of the configured host tenant, and of
   * the host tenant that an accepted `cid` names.
   */
  issuers?: readonly string[] | undefined;
  /**
   * Tenants whose users are accepted, of every platform, as a list or a function. Default: any. A list holds ids of
   * every platform. A function is given tenant and platform at each request, has until `request.deadlineMs`, and refuses
   * with whatever is not `true`.
   */
  allowedTenants?:
    | readonly string[]
    | ((tenant: string, platform: Platform) => boolean | Promise<boolean> | Observable<boolean>)
    | undefined;
  /**
   * Accepted `cid` of users' tokens on `mindsphere.io`; app names and tenants in it have no case. `'any'` lets the backend of any other app replay its users'
   * tokens here. Default: `{appName}-{hostTenant}` where both are known, `{appName}-{one label}` where the app's name
   * alone is (without credentials, too). Where no name is known, users' tokens are refused and the start warns of it.
   */
  clientIds?: readonly string[] | 'any' | undefined;
}

const keySetTenant: Kind<string | false> = {
  ...label,
  read: (value, context) => (value === false ? value : label.read(value, context)),
  demand: `${label.demand}, or false`,
  type: 'DNS label, or `false`',
};

type TenantRule = Extract<VerificationOptions['allowedTenants'], (...tenant: never[]) => unknown>;

const allowedTenants: Kind<readonly string[] | TenantRule> = {
  read: (value, context) => functionLike<TenantRule>('').read(value, context) ?? labels.read(value, context),
  demand: 'must be a list of DNS labels or a function',
  type: 'list of DNS labels, or a function whose `boolean` may come as Promise or Observable',
};

/** Describes {@link VerificationOptions}. */
export const VERIFICATION = sectionOf<VerificationOptions>()(
  'verification',
  {
    clockToleranceMs: withDefault(milliseconds({ from: 0, to: 10 * MINUTE }), 30_000),
    keySetMaxAgeMs: withDefault(milliseconds({ from: 1_000, to: DAY }), 10 * MINUTE),
    keySetCooldownMs: withDefault(milliseconds({ from: 0, to: 60 * MINUTE }), 30_000),
    issuerUrl: optional(issuerTemplate, {
      defaultText: `\`oauthUrl\` + \`${PLATFORMS.mindsphere.oauthServer.issuerPath}\``,
    }),
    keySetTenant: optional(keySetTenant, { defaultText: "the platform's (`core`) first, then the issuer's" }),
    issuers: optional(labels, { defaultText: "the user's tenant and the app's host tenant" }),
    allowedTenants: optional(allowedTenants, { defaultText: 'any' }),
    clientIds: optional(clientIds, {
      defaultText: '`{appName}-{hostTenant}`, or `{appName}-{one label}`; else users are refused',
    }),
  },
  { of: 'VerificationOptions' },
);
