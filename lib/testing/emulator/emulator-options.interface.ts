import type { EmulatorEndpoint } from './route.js';

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
  subtenants?: readonly string[];
}

/** What {@link MindsphereEmulator.start} takes. Everything has a default. */
export interface MindsphereEmulatorOptions {
  /** TCP port, 0 to 65,535. Default 0: any free one. */
  port?: number;
  /** Address to listen on. Default `'127.0.0.1'`: nothing beyond this machine can reach it. */
  host?: string;
  /** Place of the signing key in the key sets, from 0; more than the last is the last (`Infinity`). Default 0. */
  signingKeyPosition?: number;
  /** Life of the issued tokens. Seconds, whole, at least 1; default 1,800. */
  tokenLifeSeconds?: number;
  /** The app of the Token Manager; what is left out is defaulted. */
  app?: Partial<EmulatedApp>;
  /** Scheme demanded in `X-SPACE-AUTH-KEY`. Default `'Basic'`; one vendor page shows `'Bearer'`. */
  authKeyScheme?: 'Basic' | 'Bearer';
  /**
   * Tenants the app is provisioned to, beside its host tenant, and what `userTenants` lists. Default: tokens for any that
   * is one DNS label, a list of the app's user tenant only.
   */
  userTenants?: readonly string[];
  /**
   * The technical users; `moduleOptions` names the first. Default: one, `'{tenant}-technicaluser'` with the secret
   * `'emulated-tenant-secret'`, of the app's user tenant.
   */
  technicalUsers?: readonly EmulatedTechnicalUser[];
  /** Tenants that have an OAuth server, beside those named elsewhere. Default: any that is one DNS label. */
  tenants?: readonly string[];
  /**
   * Whether the OAuth servers know subtenant impersonation. Default `true`; with `false` they ignore its fields and
   * answer a token for the whole tenant, as a server may that does not know them (inferred).
   */
  impersonation?: boolean;
  /** Scopes of technical tokens. Default `['api.read', 'api.write']`. */
  technicalScopes?: readonly string[];
  /** Holds every answer. Milliseconds, 0 to 2,147,483,647; default 0. */
  latencyMs?: number;
  /** Share of the requests that get 503: of all, or by endpoint. 0 to 1; default 0. `failNext` comes first. */
  failureRate?: FailureRate;
  /** Start of the chance behind `failureRate`: the same seed fails the same requests of an endpoint. Whole; default 1. */
  failureSeed?: number;
  /** How many of the last requests `requests()` remembers. Whole, 0 or more, or `Infinity`, the default. */
  rememberedRequests?: number;
}

/** A share from 0 to 1: of all requests, or of those to the named endpoints. */
export type FailureRate = number | Readonly<Partial<Record<EmulatorEndpoint, number>>>;

/** Options with every default filled in. */
export interface EmulatorSettings {
  readonly port: number;
  readonly host: string;
  readonly signingKeyPosition: number;
  readonly tokenLifeSeconds: number;
  readonly app: Readonly<EmulatedApp>;
  readonly authKeyScheme: 'Basic' | 'Bearer';
  /** Tenants there are tokens for. */
  readonly userTenants: readonly string[] | undefined;
  /** Tenants that are listed. */
  readonly provisionedTenants: readonly string[];
  readonly technicalUsers: readonly [EmulatedTechnicalUser, ...EmulatedTechnicalUser[]];
  readonly tenants: readonly string[] | undefined;
  readonly impersonation: boolean;
  readonly technicalScopes: readonly string[];
  readonly latencyMs: number;
  readonly failureRate: FailureRate;
  readonly failureSeed: number;
  readonly rememberedRequests: number;
}
