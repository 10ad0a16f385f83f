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
  const accepts = clientIds === undefined ? ofApp(appName, appAndHost) : ofList(clientIds, appAndHost);
  return {
    accepts,
    hostTenantOf: (clientId) => (accepts(clientId) ? appAndHost(clientId)?.hostTenant : undefined),
    accepted: acceptedBy(clientIds, appName, clientIdsSetting),
  };
}

type AppAndHost = ResolvedPlatform['rules']['appAndHost'];

function ofApp(appName: string | undefined, appAndHost: AppAndHost): ClientRule['accepts'] {
  const ownName = appName?.toLowerCase();
  return (clientId) => ownName !== undefined && appAndHost(clientId)?.appName.toLowerCase() === ownName;
}

function ofList(clientIds: readonly string[], appAndHost: AppAndHost): ClientRule['accepts'] {
  // App names and tenants have no case (protocol page, section 7); of other client ids that is not known.
  const comparable = (clientId: string) => (appAndHost(clientId) === undefined ? clientId : clientId.toLowerCase());
  const accepted = new Set(clientIds.map(comparable));
  return (clientId) => typeof clientId === 'string' && accepted.has(comparable(clientId));
}

function acceptedBy(clientIds: readonly string[] | undefined, appName: string | undefined, setting: string): string {
  if (clientIds !== undefined) {
    const more = clientIds.length > MOST_NAMED ? ` and ${clientIds.length - MOST_NAMED} more` : '';
    return `accepted: ${clientIds.slice(0, MOST_NAMED).map(quoted).join(', ')}${more}`;
  }
  return appName === undefined ? `none is accepted until you set ${setting}` : `accepted: "${appName}-" and a tenant`;
}
