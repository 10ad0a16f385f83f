import type { PlatformProfile } from '../platforms/emulated-platform.js';
import type { EmulatorEndpoint } from '../http/route.js';
import type { RecordedRequest } from '../traffic/recorded-request.interface.js';

/** The app whose credentials the emulated Token Manager accepts. */
export interface EmulatedApp {
  /** Client id. Default `'{hostTenant}-{appName}-{appVersion}'`. */
  keyStoreClientId: string;
  /** Client secret. Default `'emulated-app-secret'`. */
  keyStoreClientSecret: string;
  /** Name of the app. Default `'myapp'`. */
  appName: string;
  /** Version of the app. Default `'1.0.0'`. */
  appVersion: string;
  /** Tenant that hosts the app, one DNS label. Default `'operator'`. */
  hostTenant: string;
  /** User tenant that `moduleOptions` names, one DNS label. Default `'customer'`. */
  userTenant: string;
}

/** A technical user: one pair of tenant credentials, which belongs to one tenant. */
export interface EmulatedTechnicalUser {
  /** Client id, without a colon. */
  clientId: string;
  /** Client secret. */
  clientSecret: string;
  /** The tenant, one DNS label. */
  tenant: string;
  /** Subtenants that may be impersonated. Default: any that is one DNS label. */
  subtenants?: readonly string[] | undefined;
}

/** `siemens.app` beside `mindsphere.io`. Everything has a default. */
export interface EmulatedXcelerator {
  /** Id of the provider's tenant, one DNS label. Default `'1000001700'`. */
  coreTenant?: string | undefined;
  /**
   * The app there. Default: credentials, name and version of option `app`; host tenant `'1000000350'`, user tenant
   * `'1000000351'`.
   */
  app?: Partial<EmulatedApp> | undefined;
  /** As the option of the same name, with ids of that platform. */
  userTenants?: readonly string[] | undefined;
  /** As the option of the same name. Default: one, `'{tenant}-technicaluser'`, of the app's user tenant there. */
  technicalUsers?: readonly EmulatedTechnicalUser[] | undefined;
  /** As the option of the same name, with ids of that platform. The core tenant always has a server. */
  tenants?: readonly string[] | undefined;
  /**
   * Names of the tenants by their ids, for the claim `sws.samauth.ten.name`. Default: host and user tenant have the names
   * of those in option `app`.
   */
  tenantNames?: Readonly<Record<string, string>> | undefined;
}

/** What {@link MindsphereEmulator.start} takes. Everything has a default. */
export interface MindsphereEmulatorOptions {
  /** TCP port, 0 to 65,535. Default 0: any free one. No other process, and no other worker of a cluster, can share it. */
  port?: number | undefined;
  /** Address to listen on. Default `'127.0.0.1'`: nothing beyond this machine can reach it. */
  host?: string | undefined;
  /**
   * Domains, beside `localhost` and `test`, under which it answers to the platform's host names (`gateway.{domain}`,
   * `{tenant}.piam.{domain}`), and which it answers to themselves. Default: none. Any other `Host` gets 421, so that a
   * page in a browser cannot reach it by a name of the page's own.
   */
  domains?: readonly string[] | undefined;
  /**
   * Whether it refuses everything that the library should never send: spellings, fields and orders that the platform
   * merely tolerates. Default `false`: it accepts what the platform accepts.
   */
  strict?: boolean | undefined;
  /** Whether it emulates `siemens.app`, too, with other keys. Default `false`. */
  xcelerator?: boolean | EmulatedXcelerator | undefined;
  /** Place of the signing key in the key sets, from 0; more than the last is the last (`Infinity`). Default 0. */
  signingKeyPosition?: number | undefined;
  /**
   * Tenants whose OAuth servers have keys of their own, each one DNS label. Default: none, all tenants share the
   * platform's.
   */
  ownKeys?: readonly string[] | undefined;
  /** Whether there is a tenant `core`, which answers the platform's key set. Default `true`. */
  core?: boolean | undefined;
  /**
   * File for the keys, mode 0600: read at the start, written where it is missing and at each rotation, so that tokens
   * outlive a restart at the same port. Default: keys are new at each start.
   */
  keysFile?: string | undefined;
  /** Life of the issued tokens. Seconds, whole, at least 1; default 1,800. */
  tokenLifeSeconds?: number | undefined;
  /** The app that the Token Manager knows; each field has a default. */
  app?: Partial<EmulatedApp> | undefined;
  /**
   * Scheme in `X-SPACE-AUTH-KEY` that `moduleOptions` names. Default `'Basic'`; one vendor page shows `'Bearer'`. Only
   * `strict` demands it.
   */
  authKeyScheme?: 'Basic' | 'Bearer' | undefined;
  /**
   * Tenants the app is provisioned to, beside its host tenant, and what `userTenants` lists. Default: tokens for any that
   * is one DNS label, a list of the app's user tenant only.
   */
  userTenants?: readonly string[] | undefined;
  /**
   * The technical users; `moduleOptions` names the first. Default: one, `'{tenant}-technicaluser'` with the secret
   * `'emulated-tenant-secret'`, of the app's user tenant.
   */
  technicalUsers?: readonly EmulatedTechnicalUser[] | undefined;
  /** Tenants that have an OAuth server, beside `core` and those named elsewhere. Default: any that is one DNS label. */
  tenants?: readonly string[] | undefined;
  /**
   * Whether the OAuth servers know subtenant impersonation. Default `true`; with `false` they ignore its fields and
   * answer a token for the whole tenant, as a server may that does not know them (inferred).
   */
  impersonation?: boolean | undefined;
  /**
   * Error code of the OAuth servers for wrong client credentials: `'unauthorized'` until UAA 76.25, `'invalid_client'`
   * from 76.26 on. Which version the platform runs is not known. Default `'unauthorized'`.
   */
  clientError?: 'unauthorized' | 'invalid_client' | undefined;
  /** Scopes of technical tokens. Default `['api.read', 'api.write']`. */
  technicalScopes?: readonly string[] | undefined;
  /**
   * Folder of answers of the emulated APIs, read at each request; `docs/emulator.md` shows the names of the files.
   * Default: none.
   */
  fixtures?: string | undefined;
  /** Holds every answer. Milliseconds, 0 to 2,147,483,647; default 0. */
  latencyMs?: number | undefined;
  /** Share of the requests that get 503: of all, or by endpoint. 0 to 1; default 0. `failNext` comes first. */
  failureRate?: FailureRate | undefined;
  /** Start of the chance behind `failureRate`: the same seed fails the same requests of an endpoint. Whole; default 1. */
  failureSeed?: number | undefined;
  /**
   * How many of the last requests `requests()` remembers, and at most 32 MiB of them. Whole, 0 or more, or `Infinity`;
   * default 10,000.
   */
  rememberedRequests?: number | undefined;
  /** Called once for each request when it is over, secrets cut. Default: nothing is called. */
  onRequest?: ((request: RecordedRequest) => void) | undefined;
}

/** A share from 0 to 1: of all requests, or of those to the named endpoints. */
export type FailureRate = number | Readonly<Partial<Record<EmulatorEndpoint, number>>>;

/** What one platform consists of. */
export interface PlatformSettings {
  readonly profile: PlatformProfile;
  readonly app: Readonly<EmulatedApp>;
  /** Tenants there are tokens for; `undefined`: any. */
  readonly userTenants: readonly string[] | undefined;
  /** Tenants that are listed. */
  readonly provisionedTenants: readonly string[];
  readonly technicalUsers: readonly [EmulatedTechnicalUser, ...EmulatedTechnicalUser[]];
  /** Tenants in lower case that have an OAuth server; `undefined`: any. */
  readonly tenants: readonly string[] | undefined;
  /** A tenant that has no OAuth server although `tenants` is open. */
  readonly missingTenant: string | undefined;
  readonly tenantNames: Readonly<Record<string, string>>;
}

/** Options with every default filled in. */
export interface EmulatorSettings {
  readonly port: number;
  readonly host: string;
  readonly domains: readonly string[];
  readonly strict: boolean;
  /** The emulated platforms, `mindsphere` first. */
  readonly platforms: readonly [PlatformSettings, ...PlatformSettings[]];
  readonly signingKeyPosition: number;
  readonly ownKeys: readonly string[];
  readonly keysFile: string | undefined;
  readonly tokenLifeSeconds: number;
  readonly authKeyScheme: 'Basic' | 'Bearer';
  readonly impersonation: boolean;
  readonly clientError: 'unauthorized' | 'invalid_client';
  readonly technicalScopes: readonly string[];
  readonly fixtures: string | undefined;
  readonly latencyMs: number;
  readonly failureRate: FailureRate;
  readonly failureSeed: number;
  readonly rememberedRequests: number;
  readonly onRequest: ((request: RecordedRequest) => void) | undefined;
}
