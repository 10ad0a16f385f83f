import type { ResolvedPlatform } from '../config/resolved-options.interface.js';
import { quoted } from './refused.js';

const MOST_NAMED = 5;

/** Whether a `cid` is accepted, and which host tenant an accepted one names. */
export interface ClientRule {
  readonly accepts: (clientId: unknown) => boolean;
  /** The host tenant in an accepted `cid`; always `undefined` where any client is accepted. */
  readonly hostTenantOf: (clientId: unknown) => string | undefined;
  /** What is accepted, or what to set where nothing is, for the reason of a refusal. */
  readonly accepted: string;
}

/**
 * The rule of `clientIds` on one platform. A token counts only if it was issued for our app, because the backend of any
 * other app holds its users' tokens, too, and could replay them here. Where neither client ids nor the app's name are
 * known, no token is accepted.
 */
export function clientRule({ rules: { appAndHost }, users }: Pick<ResolvedPlatform, 'rules' | 'users'>): ClientRule {
  const { clientIds, appName, clientIdsSetting } = users;
  if (clientIds === 'any') return { accepts: () => true, hostTenantOf: () => undefined, accepted: 'any client' };
  const named = { accepts: acceptsOf(users, appAndHost), accepted: acceptedBy(clientIds, appName, clientIdsSetting) };
  return {
    ...named,
    hostTenantOf: (clientId) => (named.accepts(clientId) ? appAndHost(clientId)?.hostTenant : undefined),
  };
}

type AppAndHost = ResolvedPlatform['rules']['appAndHost'];

function acceptsOf({ clientIds, appName }: ResolvedPlatform['users'], appAndHost: AppAndHost): ClientRule['accepts'] {
  if (clientIds === undefined) {
    const ownName = appName?.toLowerCase();
    return (clientId) => ownName !== undefined && appAndHost(clientId)?.appName.toLowerCase() === ownName;
  }
  // App names and tenants have no case (protocol page, section 7); of other client ids that is not known.
  const comparable = (clientId: string) => (appAndHost(clientId) === undefined ? clientId : clientId.toLowerCase());
  const names = clientIds === 'any' ? [] : clientIds;
  const accepted = new Set(names.map(comparable));
  return (clientId) => typeof clientId === 'string' && accepted.has(comparable(clientId));
}

function acceptedBy(
  clientIds: readonly string[] | undefined,
  appName: string | undefined,
  setting = 'clientIds',
): string {
  if (clientIds !== undefined) {
    const more = clientIds.length > MOST_NAMED ? ` and ${clientIds.length - MOST_NAMED} more` : '';
    return `accepted: ${clientIds.slice(0, MOST_NAMED).map(quoted).join(', ')}${more}`;
  }
  return appName === undefined ? `none is accepted until you set ${setting}` : `accepted: "${appName}-" and a tenant`;
}
