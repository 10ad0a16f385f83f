import { firstValueFrom } from 'rxjs';
import type { ResolvedPlatform, ResolvedRequestOptions } from '../../../config/resolved-options.interface.js';
import { failAfter } from '../../../transport/retry-policy.js';
import { ownHttpService } from '../../../transport/own-axios.js';
import { isLoopbackHost } from '../../../util/formats.js';
import type { Check, Finding } from '../check.js';
import { type DoctorContext, oauthTenantsOf } from '../registration.js';

/** Certificates that no installed authority has signed: a proxy that opens TLS, with a company's own authority. */
const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

const REMEDIES: Readonly<Record<string, string>> = {
  ENOTFOUND:
    'The name is unknown. Check HOST_ENVIRONMENT and HOST_BASEDOMAIN (the region and its domain), the tenant, and the DNS of this machine.',
  EAI_AGAIN: 'Names cannot be looked up now. Check the DNS of this machine, or set HTTPS_PROXY.',
  ECONNREFUSED: 'Nothing listens there. Check the URL, its port, and the proxy.',
  ETIMEDOUT:
    'The server does not answer. A firewall may drop the connection: set HTTPS_PROXY if your network needs one.',
  ECONNABORTED:
    'The server does not answer in time. A firewall may drop the connection: set HTTPS_PROXY if your network needs one.',
  CERT_HAS_EXPIRED: 'The certificate has expired, or the clock of this machine is wrong.',
  CERT_NOT_YET_VALID: 'The certificate is not valid yet, or the clock of this machine is wrong.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate is for another name. Check the URL, and which server answers there.',
  EPROTO: 'The server does not speak TLS there. Check the scheme and the port of the URL.',
};

const PROXY_AUTHENTICATION_REQUIRED = 407;

/** One check for the gateway of a platform and one for its OAuth server. */
export function hostChecks(site: ResolvedPlatform, context: DoctorContext): Check[] {
  const { platform } = site.rules;
  const [tenant] = oauthTenantsOf(site);
  const oauth = tenant === undefined ? undefined : site.oauthUrl?.for(tenant);
  return [
    { id: `host.${platform}.gateway`, needs: ['settings'], run: () => hostFinding(site.gatewayUrl, context) },
    {
      id: `host.${platform}.oauth`,
      needs: ['settings'],
      run: () =>
        oauth === undefined
          ? { status: 'skipped', summary: 'no OAuth server is known', remedy: 'Set MINDSPHERE_OAUTH_URL, or a tenant.' }
          : hostFinding(oauth, context),
    },
  ];
}

async function hostFinding(url: string, { options }: DoctorContext): Promise<Finding> {
  const { origin } = new URL(url);
  const proxy = proxyOf(url, options.request);
  const details = { url: origin, proxy: proxy ?? 'none' };
  const way = proxy === undefined ? '' : ` through the proxy ${proxy}`;
  const { timeoutMs } = options.request;
  const request$ = ownHttpService().request<string>({ method: 'GET', url: `${origin}/`, ...options.request.axios() });
  const late = () => Object.assign(new Error(), { code: 'ETIMEDOUT' });
  try {
    const { status } = await firstValueFrom(request$.pipe(failAfter(timeoutMs, late)));
    if (status === PROXY_AUTHENTICATION_REQUIRED) {
      const remedy = 'Put the user name and password of the proxy into HTTPS_PROXY.';
      return {
        status: 'failure',
        summary: `${origin}: the proxy demands a login`,
        remedy,
        details: { ...details, status },
      };
    }
    return { status: 'ok', summary: `${origin} answers${way} (status ${status})`, details: { ...details, status } };
  } catch (failure) {
    const code = codeOf(failure);
    const summary = `${origin} cannot be reached${way}${code === undefined ? '' : ` (${code})`}`;
    return { status: 'failure', summary, remedy: remedyFor(code), details: { ...details, code } };
  }
}

function remedyFor(code: string | undefined): string {
  if (code !== undefined && UNKNOWN_AUTHORITY.has(code)) {
    return "The certificate is signed by an authority that Node.js does not know, such as a company's own. Save its certificate as a PEM file and set NODE_EXTRA_CA_CERTS to that file.";
  }
  return REMEDIES[code ?? ''] ?? 'Check the URL, the network, and the proxy (HTTPS_PROXY, NO_PROXY).';
}

function codeOf(failure: unknown): string | undefined {
  const { code } = failure as { code?: unknown };
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : undefined;
}

/** The proxy for requests to a URL, without its login; `undefined` where there is none. */
function proxyOf(url: string, { axios }: ResolvedRequestOptions): string | undefined {
  const { proxy } = axios();
  if (proxy === false) return undefined;
  if (proxy !== undefined) return `${proxy.protocol ?? 'http'}://${proxy.host}:${proxy.port}`;
  return fromEnvironment(new URL(url));
}

/** Reads the usual variables as Axios does. Plain http to a loopback address never takes a proxy from there. */
function fromEnvironment({ protocol, hostname, port }: URL): string | undefined {
  const scheme = protocol.slice(0, -1);
  if (scheme === 'http' && isLoopbackHost(hostname)) return undefined;
  const value = variable(`${scheme}_proxy`) ?? variable('all_proxy');
  if (value === undefined || isExcepted(hostname, port)) return undefined;
  const written = value.includes('://') ? value : `${scheme}://${value}`;
  return URL.canParse(written) ? new URL(written).origin : 'one whose URL is invalid';
}

/** Whether `NO_PROXY` has this host, a domain it belongs to, or `*`. */
function isExcepted(hostname: string, port: string): boolean {
  const entries = (variable('no_proxy') ?? '').toLowerCase().split(/[\s,]+/);
  return entries.some((entry) => {
    const [name = '', only] = entry.split(':');
    if (name === '' || (only !== undefined && only !== port)) return false;
    const domain = name.replace(/^\*?\.?/, '');
    return name === '*' || hostname === domain || hostname.endsWith(`.${domain}`);
  });
}

function variable(name: string): string | undefined {
  return process.env[name] || process.env[name.toUpperCase()] || undefined;
}

/** `Date` has whole seconds. */
const RESOLUTION_MS = 1_000;

/** Compares the clock of this machine with the `Date` header of the answers so far. */
export function clockCheck(context: DoctorContext): Check {
  return { id: 'clock', needs: ['settings'], run: () => clockFinding(context) };
}

function clockFinding({ recorder, options }: DoctorContext): Finding {
  const skews = recorder.answers.flatMap(({ headers, at }) => {
    const date = Date.parse(headers.date ?? '');
    return Number.isNaN(date) ? [] : [at - date - RESOLUTION_MS / 2];
  });
  const skewMs = median(skews);
  if (skewMs === undefined) return { status: 'skipped', summary: 'no answer had a Date header' };
  const { clockToleranceMs } = options.verification;
  const seconds = Math.round(skewMs / 1_000);
  const details = { skewSeconds: seconds, toleranceMs: clockToleranceMs };
  if (Math.abs(skewMs) <= clockToleranceMs + RESOLUTION_MS) {
    return {
      status: 'ok',
      summary: `the clock differs by ${Math.abs(seconds)} s at most from the platform's`,
      details,
    };
  }
  return {
    status: 'failure',
    summary: `the clock of this machine is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the platform's`,
    remedy:
      'Synchronize the clock of this machine (NTP). verification.clockToleranceMs is no remedy for a wrong clock.',
    details,
  };
}

/** The median, because one of several servers may have a wrong clock. */
function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
