import type { ResolvedOptions, ResolvedPlatform } from '../config/resolved-options.interface.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { Platform } from '../platform/platform.interface.js';
import { isPlatform } from '../platform/platforms.js';
import { refused } from '../verification/refused.js';
import { Gateway } from './gateway.js';

/** The gateways of one registration, one for each of its platforms. */
export class Gateways {
  readonly #all: ReadonlyMap<Platform, Gateway>;
  readonly #usual: Gateway;

  constructor({ platforms, preferred = 'app', http }: ResolvedOptions) {
    const usual = platforms.find((platform) => platform[preferred] !== undefined) ?? platforms[0];
    const own = (platform: ResolvedPlatform) => new Gateway(platform, platforms, http.allowedOrigins, usual.gatewayUrl);
    const all = new Map(platforms.map((platform) => [platform.rules.platform, own(platform)]));
    this.#all = all;
    this.#usual = all.get(usual.rules.platform) ?? own(usual);
  }

  /** The gateway for tokens of a platform. Throws `token_issuer` where the registration does not use it. */
  for(platform: Platform | undefined): Gateway {
    const gateway = platform === undefined ? undefined : this.#all.get(platform);
    if (gateway !== undefined) return gateway;
    throw refused('token_issuer', 'its issuer is on no platform of this registration, so no gateway takes it');
  }

  /** The URL of a gateway; by default, of the platform that injected credentials are on. */
  urlOf(platform: Platform | undefined): string {
    if (platform === undefined) return this.#usual.url;
    const gateway = this.#all.get(platform);
    if (gateway !== undefined) return gateway.url;
    if (isPlatform(platform)) {
      throw new MindsphereCredentialsError('credentials_missing', `The platform ${platform} is not configured.`);
    }
    throw new MindsphereCredentialsError('options_invalid', 'gatewayUrl() was given the name of no platform.');
  }
}
