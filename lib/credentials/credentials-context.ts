import type { ResolvedOptions, ResolvedPlatform } from '../config/resolved-options.interface.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { Platform, PlatformRules } from '../platform/platform.interface.js';
import { isPlatform, PLATFORMS } from '../platform/platforms.js';
import type { TokenCache } from '../token/token-cache.js';
import type { TokenEndpoint } from '../token/token-source.interface.js';
import type { TokenVerifier } from '../users/token-verifier.js';
import { type ClientRule, clientRule } from '../verification/client-rule.js';
import { UserTenantsClient } from './user-tenants.client.js';

/** What all credentials of one registration stand on, on whatever platform. */
export interface SharedContext {
  readonly options: ResolvedOptions;
  readonly endpoint: TokenEndpoint;
  readonly cache: TokenCache;
  readonly verifier: TokenVerifier;
}

/** What the credentials of one registration stand on, on one platform. */
export interface CredentialsContext extends SharedContext {
  readonly platform: ResolvedPlatform;
  readonly userTenants: UserTenantsClient;
  readonly clients: ClientRule;
  /** The contexts of all platforms. */
  readonly all: CredentialsContexts;
}

/** The contexts of one registration, one for each platform. */
export class CredentialsContexts {
  readonly #shared: SharedContext;
  readonly #known = new Map<Platform, CredentialsContext>();

  constructor(shared: SharedContext) {
    this.#shared = shared;
  }

  /** The context of a platform, also of one that the registration does not use. Throws `options_invalid` for an unknown name. */
  on(name: unknown): CredentialsContext {
    demandPlatform(name);
    const context = this.#known.get(name) ?? this.#make(name);
    this.#known.set(name, context);
    return context;
  }

  /** The context of the platform that comes first in the registration. */
  get first(): CredentialsContext {
    return this.on(this.#shared.options.platforms[0].rules.platform);
  }

  get verifier(): TokenVerifier {
    return this.#shared.verifier;
  }

  /** The context of a platform that the registration uses. Throws `options_invalid` for any other. */
  used(name: unknown): CredentialsContext {
    const context = this.on(name);
    if (this.#shared.options.platforms.includes(context.platform)) return context;
    const { platform } = context.platform.rules;
    throw new MindsphereCredentialsError(
      'options_invalid',
      `platform is '${platform}', which this registration does not use.`,
    );
  }

  /** The context of injected credentials: of the first platform where their group is configured. */
  homeOf(group: 'app' | 'tenant'): CredentialsContext {
    const { platforms } = this.#shared.options;
    const home = platforms.find((platform) => platform[group] !== undefined) ?? platforms[0];
    return this.on(home.rules.platform);
  }

  #make(name: Platform): CredentialsContext {
    const { options } = this.#shared;
    const platform = options.platforms.find(({ rules }) => rules.platform === name) ?? unused(PLATFORMS[name]);
    return Object.freeze({
      ...this.#shared,
      platform,
      userTenants: new UserTenantsClient(platform, options.request),
      clients: clientRule(platform),
      all: this,
    });
  }
}

/** A platform that the registration does not use: without credentials and users, so that nothing is sent to it. */
function unused(rules: PlatformRules): ResolvedPlatform {
  const region = rules.hosts.defaultRegion;
  const gatewayUrl = rules.hosts.gateway({ region, baseDomain: rules.hosts.baseDomainOf(region) });
  return Object.freeze({ rules, gatewayUrl, issuerUrls: [], users: Object.freeze({ clientIdsSetting: '' }) });
}

/** Throws `options_invalid` where a value given at run time names no platform. The value itself is not repeated. */
function demandPlatform(value: unknown): asserts value is Platform {
  if (isPlatform(value)) return;
  const names = Object.keys(PLATFORMS).map((name) => `'${name}'`);
  throw new MindsphereCredentialsError('options_invalid', `platform must be ${names.join(' or ')}.`);
}
