import type { ResolvedRequestOptions } from '../../config/resolved-options.interface.js';
import { isLoopbackHost } from '../../util/formats.js';

/** The proxy that a request to a URL goes through, without its login; `undefined` where there is none. */
export function proxyOf(url: string, { axios }: ResolvedRequestOptions): string | undefined {
  const { proxy } = axios();
  if (proxy === false) return undefined;
  if (proxy !== undefined) return `${proxy.protocol ?? 'http'}://${proxy.host}:${proxy.port}`;
  return fromEnvironment(new URL(url));
}

/** As Axios reads the usual variables. Plain http to a loopback address never takes a proxy from there. */
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
