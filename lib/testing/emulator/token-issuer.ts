import type { EmulatorSettings } from './emulator-options.interface.js';
import { type Claims, signJwt } from './jwt.js';
import type { KeyRing } from './key-ring.js';
import { issuerByPath } from './route.js';
import { technicalClaims, type TechnicalTokenContent, userClaims } from './token-claims.js';

/** What {@link MindsphereEmulator.issueUserToken} takes. Everything has a default. */
export interface UserTokenRequest {
  /** The user's tenant (`ten`). Default: the app's user tenant. */
  tenant?: string;
  /** The user's subtenant; the platform also writes `''` for none. Default: no such claim. */
  subtenant?: string;
  /** User name; it is also the e-mail address if it has an `@`. Default `'user@example.com'`. */
  userName?: string;
  /** Scopes. Default `['{appName}.user']`. */
  scopes?: readonly string[];
  /** App that the token was issued for, first part of `cid`. Default: the emulated app. */
  appName?: string;
  /** Tenant that hosts the app, last part of `cid`. Default: the emulated app's. */
  hostTenant?: string;
  /** Life. Seconds; negative for a token that expired so long ago. Default: the emulator's `tokenLifeSeconds`. */
  expiresInSeconds?: number;
  /** Tenant whose OAuth server signs. Default: the user's tenant. */
  issuerTenant?: string;
  /** The whole `iss`. Default: the issuer tenant's address by path, at the emulator's origin. */
  issuer?: string;
  /** Claims that replace those above, for tokens of other kinds; `undefined` removes one. Default: none. */
  claims?: Readonly<Record<string, unknown>>;
}

/** The fields that both kinds of technical token answers share. */
export interface TechnicalTokenFields {
  readonly access_token: string;
  readonly expires_in: number;
  readonly scope: string;
  readonly jti: unknown;
}

/** Makes and signs tokens. */
export class TokenIssuer {
  readonly #settings: EmulatorSettings;
  readonly #keys: KeyRing;

  constructor(settings: EmulatorSettings, keys: KeyRing) {
    this.#settings = settings;
    this.#keys = keys;
  }

  /** A technical token's answer, without what differs between the two services. */
  technical(content: Omit<TechnicalTokenContent, 'scopes' | 'lifeSeconds'>): TechnicalTokenFields {
    const { technicalScopes: scopes, tokenLifeSeconds: lifeSeconds } = this.#settings;
    const claims = technicalClaims({ ...content, scopes, lifeSeconds });
    const accessToken = signJwt(claims, this.#keys);
    return { access_token: accessToken, expires_in: lifeSeconds, scope: scopes.join(' '), jti: claims['jti'] };
  }

  /** A user's token. */
  user(request: UserTokenRequest, origin: string): string {
    return signJwt({ ...this.#userClaims(request, origin), ...request.claims }, this.#keys);
  }

  #userClaims(request: UserTokenRequest, origin: string): Claims {
    const { app, tokenLifeSeconds } = this.#settings;
    const { tenant = app.userTenant, appName = app.appName, hostTenant = app.hostTenant } = request;
    const { issuerTenant = tenant } = request;
    return userClaims({
      clientId: `${appName}-${hostTenant}`,
      issuer: request.issuer ?? issuerByPath(origin, issuerTenant),
      issuerTenant,
      tenant,
      subtenant: request.subtenant,
      userName: request.userName ?? 'user@example.com',
      scopes: request.scopes ?? [`${appName}.user`],
      lifeSeconds: request.expiresInSeconds ?? tokenLifeSeconds,
    });
  }
}
