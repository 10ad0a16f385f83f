import type { ResolvedPlatform } from '../config/resolved-options.interface.js';

/** Whether a `cid` is accepted, and which host tenant an accepted one names. */
export interface ClientRule {
  readonly accepts: (clientId: unknown) => boolean;
  /** The host tenant in an accepted `cid`; always `undefined` where any client is accepted. */
  readonly hostTenantOf: (clientId: unknown) => string | undefined;
}

/**
 * The rule of `clientIds` on one platform. By default a token counts that was issued for our app, hosted anywhere: any
 * other app's backend holds its users' tokens, too, and could replay them here.
 */
export function clientRule({ rules: { appAndHost }, app, users: { clientIds } }: ResolvedPlatform): ClientRule {
  if (clientIds === 'any' || (clientIds === undefined && app === undefined)) {
    return { accepts: () => true, hostTenantOf: () => undefined };
  }
  const accepts =
    clientIds === undefined
      ? (clientId: unknown) => appAndHost(clientId)?.appName === app?.appName
      : (clientId: unknown) => typeof clientId === 'string' && clientIds.includes(clientId);
  return { accepts, hostTenantOf: (clientId) => (accepts(clientId) ? appAndHost(clientId)?.hostTenant : undefined) };
}
