import type { KeyChain } from '../keys/key-chain.js';
import { signJwt } from '../keys/jwt.js';
import { issuerByPath } from '../http/route.js';
import type { EmulatorSettings, PlatformSettings } from '../options/emulator-options.interface.js';
import type { Claims, EmulatedPlatform } from '../platforms/emulated-platform.js';

/** Options of {@link MindsphereEmulator.issueUserToken}; all are optional. */
export interface UserTokenRequest {
  /** Platform whose token it is. Default `'mindsphere'`. */
  platform?: EmulatedPlatform | undefined;
  /** The user's tenant (`ten`; an id on `siemens.app`). Default: the app's user tenant. */
  tenant?: string | undefined;
  /** The tenant's name, on `siemens.app` alone. Default: the one in the emulator's `tenantNames`, else no such claim. */
  tenantName?: string | undefined;
  /** The user's subtenant; the platform also writes `''` for none. Default: no such claim. */
  subtenant?: string | undefined;
  /** User name; it is also the e-mail address if it has an `@`. Default `'user@example.com'`. */
  userName?: string | undefined;
  /** Scopes. Default `['{appName}.user']`. */
  scopes?: readonly string[] | undefined;
  /** App that the token was issued for, part of `cid`. Default: the emulated app. */
  appName?: string | undefined;
  /** Tenant that hosts the app, part of `cid`. Default: the emulated app's. */
  hostTenant?: string | undefined;
  /** Life. Seconds; negative for a token that expired so long ago. Default: the emulator's `tokenLifeSeconds`. */
  expiresInSeconds?: number | undefined;
  /** Tenant whose OAuth server signs. Default: the user's tenant; on `siemens.app` the core tenant. */
  issuerTenant?: string | undefined;
  /** The whole `iss`. Default: the issuer tenant's address by path, at the emulator's origin. */
  issuer?: string | undefined;
  /** Claims that replace those above, for tokens of other kinds; `undefined` removes one. Default: none. */
  claims?: Readonly<Record<string, unknown>> | undefined;
}

/** The content of a technical token. */
export interface TechnicalTokenRequest {
  readonly clientId: string;
  readonly issuer: string;
  /** Tenant whose server signs. */
  readonly issuerTenant: string;
  readonly tenant: string;
  readonly subtenant?: string | undefined;
  /** User that it is for. */
  readonly contextUserId?: string | undefined;
}

/** The fields that both kinds of technical token answers share. */
export interface TechnicalTokenFields {
  readonly access_token: string;
  readonly expires_in: number;
  readonly scope: string;
  readonly jti: unknown;
}

/** Makes and signs the tokens of one platform. */
export class TokenIssuer {
  readonly #settings: EmulatorSettings;
  readonly #platform: PlatformSettings;
  readonly #keys: KeyChain;

  constructor(settings: EmulatorSettings, platform: PlatformSettings, keys: KeyChain) {
    this.#settings = settings;
    this.#platform = platform;
    this.#keys = keys;
  }

  /** Client id of the tokens of the app's users. */
  get userClientId(): string {
    return this.#platform.profile.userClientId(this.#platform.app);
  }

  /** A technical token's answer, without what differs between the two services. */
  technical(request: TechnicalTokenRequest): TechnicalTokenFields {
    const { technicalScopes: scopes, tokenLifeSeconds: lifeSeconds } = this.#settings;
    const { profile, tenantNames } = this.#platform;
    const tenantName = tenantNames[request.tenant];
    const claims = profile.technicalClaims({ ...request, tenantName, scopes, lifeSeconds });
    const accessToken = this.#sign(claims, request.issuerTenant);
    return { access_token: accessToken, expires_in: lifeSeconds, scope: scopes.join(' '), jti: claims['jti'] };
  }

  /** A user's token. */
  user(request: UserTokenRequest, origin: string): string {
    const { profile, app } = this.#platform;
    const { issuerTenant = profile.issuerOfUsers(request.tenant ?? app.userTenant) } = request;
    return this.#sign({ ...this.#userClaims(request, origin, issuerTenant), ...request.claims }, issuerTenant);
  }

  #userClaims(request: UserTokenRequest, origin: string, issuerTenant: string): Claims {
    const { profile, app, tenantNames } = this.#platform;
    const { tenant = app.userTenant, userName = 'user@example.com' } = request;
    const { appName = app.appName, hostTenant = app.hostTenant } = request;
    return profile.userClaims({
      clientId: profile.userClientId({ ...app, appName, hostTenant }),
      issuer: request.issuer ?? issuerByPath(profile, origin, issuerTenant),
      issuerTenant,
      tenant,
      tenantName: request.tenantName ?? tenantNames[tenant],
      subtenant: request.subtenant,
      userName,
      isNamed: request.userName !== undefined,
      email: userName.includes('@') ? userName : `${userName}@example.com`,
      scopes: request.scopes ?? [`${appName}.user`],
      lifeSeconds: request.expiresInSeconds ?? this.#settings.tokenLifeSeconds,
    });
  }

  #sign(claims: Claims, issuerTenant: string): string {
    return signJwt(claims, this.#keys.ringOf(this.#platform.profile.name, issuerTenant.toLowerCase()).signing);
  }
}
