import type { KeyChain } from '../keys/key-chain.js';
import { verifyJwt } from '../keys/jwt.js';
import { findRoute } from '../http/route.js';
import type { Claims, PlatformProfile } from '../platforms/emulated-platform.js';

/** Where a token arrived. */
export interface TokenPlace {
  readonly profile: PlatformProfile;
  /** Port that the emulator listens on. */
  readonly port: number;
  /** Value of the `Host` header, in lower case. */
  readonly host: string;
}

/** Verifies tokens that this emulator has issued, as the platform's gateway does. */
export class TokenChecker {
  readonly #profiles: readonly PlatformProfile[];
  readonly #keys: KeyChain;

  constructor(profiles: readonly PlatformProfile[], keys: KeyChain) {
    this.#profiles = profiles;
    this.#keys = keys;
  }

  /** The claims of a valid token of that platform, else `undefined`. */
  claimsOf(token: string, { profile, port, host }: TokenPlace): Claims | undefined {
    return verifyJwt(token, (claims, kid) => {
      const tenant = this.#issuerTenant(claims['iss'], profile, [port, portOf(host)]);
      return tenant === undefined ? undefined : this.#keys.ringOf(profile.name, tenant).find(kid);
    });
  }

  /** The tenant of an issuer that this emulator may have named: at its own port, or at the port that was asked. */
  #issuerTenant(issuer: unknown, profile: PlatformProfile, ports: readonly number[]): string | undefined {
    const [, authority = '', path = ''] = /^http:\/\/([^/]+)(\/.*)$/.exec(String(issuer)) ?? [];
    if (!ports.includes(portOf(authority))) return undefined;
    const route = findRoute(this.#profiles, authority, path);
    return route?.endpoint === 'tenant-token' && route.profile === profile ? route.tenant : undefined;
  }
}

function portOf(authority: string): number {
  const [, port = '80'] = /:(\d+)$/.exec(authority) ?? [];
  return Number(port);
}
