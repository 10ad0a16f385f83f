import type { Platform } from '../platform/platform.interface.js';
import type { Options, Section } from './descriptor.js';
import { placeOf } from './read-section.js';
import { APP, TENANT } from './sections/credentials.options.js';
import { XCELERATOR, XCELERATOR_APP, XCELERATOR_TENANT } from './sections/xcelerator.options.js';

/** A group of credentials. */
export type CredentialsGroup = 'app' | 'tenant';

/** What to set so that credentials are configured on a platform: options with their variables. */
export function settingsOfGroup(platform: Platform, group: CredentialsGroup): string {
  return SETTINGS[platform][group].join(', ');
}

/** What to set so that the tenants of app credentials are known on a platform. */
export function settingsOfTenants(platform: Platform, tenants: readonly ('hostTenant' | 'userTenant')[]): string {
  return tenants.map((tenant) => placeOf({ mindsphere: APP, xcelerator: XCELERATOR_APP }[platform], tenant)).join(', ');
}

/** App credentials are given once for both platforms; the other platform has to be switched on, too. */
const SETTINGS: Readonly<Record<Platform, Readonly<Record<CredentialsGroup, readonly string[]>>>> = {
  mindsphere: { app: requiredOf(APP), tenant: requiredOf(TENANT) },
  xcelerator: { app: [placeOf(XCELERATOR, 'coreTenant'), ...requiredOf(APP)], tenant: requiredOf(XCELERATOR_TENANT) },
};

function requiredOf(section: Section<Options>): string[] {
  const names = Object.keys(section.options).filter((name) => section.options[name]?.required);
  return names.map((name) => placeOf(section, name));
}
