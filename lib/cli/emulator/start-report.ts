import { TENANT_PLACEHOLDER } from '../../platform/platform.interface.js';
import { PLATFORMS } from '../../platform/platforms.js';
import type { EmulatorModuleOptions, MindsphereEmulator } from '../../testing/mindsphere-emulator.js';
import type { EmulatedPlatform } from '../../testing/emulator/platforms/emulated-platform.js';
import { isLoopbackHost } from '../../util/formats.js';
import type { EmulatedUser, GatewayArguments } from './arguments.js';

/** A working day, so that a printed token can be used all day. */
const USER_TOKEN_LIFE_SECONDS = 8 * 60 * 60;

/** Where one platform answers. */
interface ReportedPlatform {
  readonly platform: EmulatedPlatform;
  readonly gatewayUrl: string;
  /** A template that holds `{tenant}`. */
  readonly oauthUrl: string;
}

/** A user and a token. */
export interface ReportedUser {
  readonly platform: EmulatedPlatform;
  readonly tenant: string;
  readonly userName: string;
  readonly scopes: readonly string[];
  /** Name of a shell variable for the token. */
  readonly variable: string;
  readonly token: string;
}

/** A technical user of a tenant. */
export interface ReportedTechnicalUser {
  readonly platform: EmulatedPlatform;
  readonly tenant: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokenUrl: string;
}

/** What somebody needs who wants to use an emulator. It holds secrets and tokens that no other system accepts. */
export interface StartReport {
  readonly origin: string;
  /** Where to open the application in a browser. */
  readonly application?: string;
  readonly platforms: readonly ReportedPlatform[];
  /** The documented variables of an application that uses it. */
  readonly variables: Readonly<Record<string, string>>;
  readonly users: readonly ReportedUser[];
  readonly technicalUsers: readonly ReportedTechnicalUser[];
  /** Whether the library needs option `allowInsecureHttp`. */
  readonly insecure: boolean;
}

/** Describes a started emulator, and issues a token to each user. */
export function reportOf(
  emulator: MindsphereEmulator,
  users: readonly EmulatedUser[],
  gateway: GatewayArguments | undefined,
): StartReport {
  const { origin, moduleOptions } = emulator;
  const isXcelerator = users.some(({ platform }) => platform === 'xcelerator');
  const platforms = platformsOf(moduleOptions, isXcelerator);
  return {
    origin,
    ...(gateway && { application: `${origin}/` }),
    platforms,
    variables: { ...mindsphereVariables(moduleOptions), ...(isXcelerator && xceleratorVariables(moduleOptions)) },
    users: users.map((user, at) => ({
      platform: user.platform,
      tenant: user.tenant,
      userName: user.userName,
      scopes: user.scopes,
      variable: variableOf(users, at),
      token: emulator.issueUserToken({ ...user, expiresInSeconds: USER_TOKEN_LIFE_SECONDS }),
    })),
    technicalUsers: platforms.flatMap(({ platform, oauthUrl }) =>
      emulator.technicalUsers(platform).map((user) => ({
        platform,
        ...user,
        tokenUrl: `${oauthUrl.replace(TENANT_PLACEHOLDER, user.tenant)}${PLATFORMS[platform].oauthServer.tokenPath}`,
      })),
    ),
    insecure: !isLoopbackHost(new URL(origin).hostname),
  };
}

function platformsOf(options: EmulatorModuleOptions, isXcelerator: boolean): ReportedPlatform[] {
  const { gatewayUrl, oauthUrl, xcelerator } = options;
  const found: ReportedPlatform[] = [{ platform: 'mindsphere', gatewayUrl, oauthUrl }];
  if (isXcelerator && xcelerator) {
    found.push({ platform: 'xcelerator', gatewayUrl: xcelerator.gatewayUrl, oauthUrl: xcelerator.oauthUrl });
  }
  return found;
}

function mindsphereVariables({ gatewayUrl, oauthUrl, app, tenant }: EmulatorModuleOptions): Record<string, string> {
  return {
    MINDSPHERE_GATEWAY_URL: gatewayUrl,
    MINDSPHERE_OAUTH_URL: oauthUrl,
    MDSP_OS_VM_APP_NAME: app.appName,
    MDSP_OS_VM_APP_VERSION: app.appVersion,
    MDSP_KEY_STORE_CLIENT_ID: app.keyStoreClientId,
    MDSP_KEY_STORE_CLIENT_SECRET: app.keyStoreClientSecret,
    MDSP_HOST_TENANT: app.hostTenant,
    MDSP_USER_TENANT: app.userTenant,
    MINDSPHERE_CLIENT_ID: tenant.clientId,
    MINDSPHERE_CLIENT_SECRET: tenant.clientSecret,
    MINDSPHERE_TENANT: tenant.tenant,
  };
}

function xceleratorVariables({ xcelerator }: EmulatorModuleOptions): Record<string, string> {
  if (!xcelerator) return {};
  const { coreTenant, gatewayUrl, oauthUrl, app, tenant, clientIds } = xcelerator;
  return {
    XCELERATOR_CORE_TENANT: coreTenant,
    XCELERATOR_GATEWAY_URL: gatewayUrl,
    XCELERATOR_OAUTH_URL: oauthUrl,
    XCELERATOR_HOST_TENANT: app.hostTenant,
    XCELERATOR_USER_TENANT: app.userTenant,
    XCELERATOR_CLIENT_ID: tenant.clientId,
    XCELERATOR_CLIENT_SECRET: tenant.clientSecret,
    XCELERATOR_TENANT: tenant.tenant,
    XCELERATOR_CLIENT_IDS: clientIds.join(','),
  };
}

/** `TOKEN_OF_ACME`, and `TOKEN_2_OF_ACME` for a second user of the tenant. */
function variableOf(users: readonly EmulatedUser[], at: number): string {
  const tenant = users[at]?.tenant ?? '';
  const before = users.slice(0, at).filter((other) => other.tenant === tenant).length;
  const nth = before === 0 ? '' : `${before + 1}_`;
  return `TOKEN_${nth}OF_${shellName(tenant)}`;
}

/** A tenant's name as part of the name of a shell variable. */
export function shellName(tenant: string): string {
  return tenant.toUpperCase().replaceAll('-', '_');
}
