import type { AxiosRequestConfig } from 'axios';
import { isInherited, isValues, ownValue, type Values } from '../../util/json.js';
import { type Kind, sectionOf, withDefault } from '../descriptor.js';
import { count, milliseconds } from '../kinds.js';
import { origins } from '../tenant-urls.js';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

/** When tokens are renewed. */
export interface RefreshOptions {
  /**
   * A cached token with less life than this is still answered, while a new one is fetched behind it; never more than
   * half of a token's life. Milliseconds, 0 to 86,400,000; default 300,000 (the vendor's SDKs use the same 5 minutes).
   */
  aheadMs?: number | undefined;
  /**
   * With less life than this, callers wait for the new token; never more than a quarter of a token's life. Milliseconds,
   * 0 to 86,400,000; default 30,000.
   */
  minValidityMs?: number | undefined;
}

/** Describes {@link RefreshOptions}. The default is that of the vendor's SDKs (protocol page, section 1). */
export const REFRESH = sectionOf<RefreshOptions>()(
  'refresh',
  {
    aheadMs: withDefault(milliseconds({ from: 0, to: DAY }), 5 * MINUTE),
    minValidityMs: withDefault(milliseconds({ from: 0, to: DAY }), 30_000),
  },
  { of: 'RefreshOptions' },
);

/** Limits of token requests. */
export interface RequestOptions {
  /**
   * Time for one attempt of a token request, body included; also the default `timeout` of API calls. Milliseconds, 1 to
   * 600,000; default 10,000.
   */
  timeoutMs?: number | undefined;
  /** Time for all attempts of one token request together. Milliseconds, 1 to 600,000; default 15,000. */
  deadlineMs?: number | undefined;
  /** Attempts after the first. 0 to 10; default 3. */
  retries?: number | undefined;
  /** First backoff; it doubles with each attempt, with full jitter. Milliseconds, 0 to 60,000; default 250. */
  retryDelayMs?: number | undefined;
  /** Longest `Retry-After` that is honoured; a longer one ends the request. Milliseconds, 0 to 3,600,000; default 60,000. */
  maxRetryAfterMs?: number | undefined;
  /**
   * A proxy (`false`, or an object with `host`, `port`, `protocol`, `auth`) and agents, as Axios takes them. Default: Axios
   * reads `HTTPS_PROXY` and `NO_PROXY`.
   */
  axios?: Pick<AxiosRequestConfig, 'proxy' | 'httpAgent' | 'httpsAgent'> | undefined;
}

/** What is handed to Axios as it is. */
export type Agents = NonNullable<RequestOptions['axios']>;

const AGENTS = ['proxy', 'httpAgent', 'httpsAgent'] as const;
const PROXY: readonly string[] = ['protocol', 'host', 'port', 'auth'];

/** Behind a function, because a proxy's password may stand in them. */
const agents: Kind<() => Agents> = {
  read: (value) => {
    if (!isValues(value) || !hasOnly(value, AGENTS) || !isProxy(ownValue(value, 'proxy'))) return undefined;
    return () => Object.fromEntries(AGENTS.map((name) => [name, ownValue(value, name)])) as Agents;
  },
  demand: `must be an object with nothing but ${AGENTS.join(', ')}; a proxy is false, or an object with host and nothing but ${PROXY.join(', ')}; none of them is inherited`,
  type: '`{ proxy?, httpAgent?, httpsAgent? }`',
};

/**
 * Of the shape that Axios documents. It would send requests to this machine where there is no host, and it takes a
 * password by other names, too, where it would not be recognized in a proxy's error page.
 */
function isProxy(value: unknown): boolean {
  if (value === undefined || value === false) return true;
  if (!isValues(value) || !hasOnly(value, PROXY) || typeof ownValue(value, 'host') !== 'string') return false;
  const auth = ownValue(value, 'auth');
  return auth === undefined || isValues(auth);
}

/** Whether there is no other property, and none of these is inherited: those would be ignored. */
function hasOnly(value: Values, names: readonly string[]): boolean {
  return Object.keys(value).every((name) => names.includes(name)) && !names.some((name) => isInherited(value, name));
}

/** Describes {@link RequestOptions}. */
export const REQUEST = sectionOf<RequestOptions>()(
  'request',
  {
    timeoutMs: withDefault(milliseconds({ from: 1, to: 10 * MINUTE }), 10_000),
    deadlineMs: withDefault(milliseconds({ from: 1, to: 10 * MINUTE }), 15_000),
    retries: withDefault(count({ from: 0, to: 10 }), 3),
    retryDelayMs: withDefault(milliseconds({ from: 0, to: MINUTE }), 250),
    maxRetryAfterMs: withDefault(milliseconds({ from: 0, to: 60 * MINUTE }), MINUTE),
    axios: withDefault(agents, () => ({ proxy: undefined, httpAgent: undefined, httpsAgent: undefined }), {
      defaultText: 'Axios reads `HTTPS_PROXY` and `NO_PROXY`',
    }),
  },
  { of: 'RequestOptions' },
);

/** What {@link MindsphereHttpService} may do. */
export interface HttpOptions {
  /**
   * Origins, beside the gateway's, that tokens may be sent to, e.g. `'https://api.example.com'`: `https:`, host and
   * port, nothing else; `http:` only for loopback addresses, unless `allowInsecureHttp` is set. A server there
   * can act with the tokens it gets. The gateway of another platform cannot be one of them. Default: none.
   */
  allowedOrigins?: readonly string[] | undefined;
}

/** Describes {@link HttpOptions}. */
export const HTTP = sectionOf<HttpOptions>()(
  'http',
  { allowedOrigins: withDefault(origins, Object.freeze([]), { defaultText: 'none' }) },
  { of: 'HttpOptions' },
);
