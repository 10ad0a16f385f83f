import type { ResolvedPlatform } from '../config/resolved-options.interface.js';

/** Whether a `cid` is accepted, and which host tenant an accepted one names. */
export interface ClientRule {
  readonly accepts: (clientId: unknown) => boolean;
  /** The host tenant in an accepted `cid`; always `undefined` where any client is accepted. */
  readonly hostTenantOf: (clientId: unknown) => string | undefined;
}

/**
 * The rule of `clientIds` on one platform. A token counts only if it was issued for our app, because the backend of any
 * other app holds its users' tokens, too, and could replay them here. Where neither client ids nor the app's name are
 * known, no token is accepted.
 */
export function clientRule({ rules: { appAndHost }, users }: Pick<ResolvedPlatform, 'rules' | 'users'>): ClientRule {
  const { clientIds, appName } = users;
  if (clientIds === 'any') return { accepts: () => true, hostTenantOf: () => undefined };
  const accepts =
    clientIds === undefined
      ? (clientId: unknown) => appName !== undefined && appAndHost(clientId)?.appName === appName
      : (clientId: unknown) => typeof clientId === 'string' && clientIds.includes(clientId);
  return { accepts, hostTenantOf: (clientId) => (accepts(clientId) ? appAndHost(clientId)?.hostTenant : undefined) };
}
