import type { Platform } from '../platform/platform.interface.js';

/** A group of credentials. */
export type CredentialsGroup = 'app' | 'tenant';

type Settings = Readonly<Record<string, string>>;

/** By platform and group: the options without which its credentials are not configured, with their variables. */
const SETTINGS: Readonly<Record<Platform, Readonly<Record<CredentialsGroup, Settings>>>> = {
  mindsphere: {
    app: {
      'app.keyStoreClientId': 'MDSP_KEY_STORE_CLIENT_ID',
      'app.keyStoreClientSecret': 'MDSP_KEY_STORE_CLIENT_SECRET',
      'app.appName': 'MDSP_OS_VM_APP_NAME',
      'app.appVersion': 'MDSP_OS_VM_APP_VERSION',
    },
    tenant: {
      'tenant.clientId': 'MINDSPHERE_CLIENT_ID',
      'tenant.clientSecret': 'MINDSPHERE_CLIENT_SECRET',
      'tenant.tenant': 'MINDSPHERE_TENANT',
    },
  },
  xcelerator: {
    app: {
      xcelerator: 'XCELERATOR_CORE_TENANT',
      'app.keyStoreClientId': 'MDSP_KEY_STORE_CLIENT_ID',
      'app.keyStoreClientSecret': 'MDSP_KEY_STORE_CLIENT_SECRET',
      'app.appName': 'MDSP_OS_VM_APP_NAME',
      'app.appVersion': 'MDSP_OS_VM_APP_VERSION',
    },
    tenant: {
      'xcelerator.tenant.clientId': 'XCELERATOR_CLIENT_ID',
      'xcelerator.tenant.clientSecret': 'XCELERATOR_CLIENT_SECRET',
      'xcelerator.tenant.tenant': 'XCELERATOR_TENANT',
    },
  },
};

type AppTenant = 'hostTenant' | 'userTenant';

const APP_TENANTS: Readonly<Record<Platform, Readonly<Record<AppTenant, string>>>> = {
  mindsphere: {
    hostTenant: 'app.hostTenant (MDSP_HOST_TENANT)',
    userTenant: 'app.userTenant (MDSP_USER_TENANT)',
  },
  xcelerator: {
    hostTenant: 'xcelerator.app.hostTenant (XCELERATOR_HOST_TENANT)',
    userTenant: 'xcelerator.app.userTenant (XCELERATOR_USER_TENANT)',
  },
};

/** What to set so that credentials are configured on a platform. */
export function settingsOfGroup(platform: Platform, group: CredentialsGroup): string {
  return Object.entries(SETTINGS[platform][group])
    .map(([option, variable]) => `${option} (${variable})`)
    .join(', ');
}

/** What to set so that the tenants of app credentials are known on a platform. */
export function settingsOfTenants(platform: Platform, tenants: readonly AppTenant[]): string {
  return tenants.map((tenant) => APP_TENANTS[platform][tenant]).join(', ');
}
