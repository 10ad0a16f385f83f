import { isDnsLabel } from '../util/formats.js';
import type { ResolvedOptions } from '../config/resolved-options.interface.js';

/** Whether a `cid` is accepted, and which host tenant an accepted one names. */
export interface ClientRule {
  readonly accepts: (clientId: unknown) => boolean;
  /** The host tenant in an accepted `cid`; always `undefined` where any client is accepted. */
  readonly hostTenantOf: (clientId: unknown) => string | undefined;
}

/**
 * The rule of `verification.clientIds`. By default a token counts that was issued for our app, hosted anywhere: any
 * other app's backend holds its users' tokens, too, and could replay them here.
 */
export function clientRule({ app, verification }: ResolvedOptions): ClientRule {
  const { clientIds } = verification;
  if (clientIds === 'any' || (clientIds === undefined && app === undefined)) {
    return { accepts: () => true, hostTenantOf: () => undefined };
  }
  const accepts =
    clientIds === undefined
      ? (clientId: unknown) => appAndHost(clientId)?.appName === app?.appName
      : (clientId: unknown) => typeof clientId === 'string' && clientIds.includes(clientId);
  return { accepts, hostTenantOf: (clientId) => (accepts(clientId) ? appAndHost(clientId)?.hostTenant : undefined) };
}

/**
 * `{app}-{host tenant}`: the part behind the last dash is the tenant [inferred], because app names may hold a dash. A
 * tenant with a dash is therefore not recognized: that would let app `my` take tokens of app `my-app`.
 */
export function appAndHost(clientId: unknown): { appName: string; hostTenant: string } | undefined {
  if (typeof clientId !== 'string') return undefined;
  const dash = clientId.lastIndexOf('-');
  const hostTenant = clientId.slice(dash + 1);
  return dash > 0 && isDnsLabel(hostTenant) ? { appName: clientId.slice(0, dash), hostTenant } : undefined;
}
