import type { Answer } from '../http/answer.js';
import type { EmulatedRequest } from '../http/emulated-request.js';
import type { Route } from '../http/route.js';
import type { KeyChain } from '../keys/key-chain.js';
import type { EmulatorSettings, PlatformSettings } from '../options/emulator-options.interface.js';
import type { TokenChecker } from '../tokens/token-checker.js';
import { TokenIssuer } from '../tokens/token-issuer.js';
import { type ApiAnswers, ApiEndpoint } from './api.endpoint.js';
import { AppTokenEndpoint, UserTenantsEndpoint } from './token-manager.endpoints.js';
import { OpenIdConfigurationEndpoint, TenantTokenEndpoint, TokenKeysEndpoint } from './oauth-server.endpoints.js';

/** What both platforms share. */
export interface SharedParts {
  readonly keys: KeyChain;
  readonly tokens: TokenChecker;
  readonly answers: ApiAnswers;
}

/** One platform: its tokens, and everything that answers there. */
export class PlatformEndpoints {
  readonly settings: PlatformSettings;
  readonly issuer: TokenIssuer;
  readonly #appToken: AppTokenEndpoint;
  readonly #tenantToken: TenantTokenEndpoint;
  readonly #tokenKeys: TokenKeysEndpoint;
  readonly #openIdConfiguration: OpenIdConfigurationEndpoint;
  readonly #userTenants: UserTenantsEndpoint;
  readonly #api: ApiEndpoint;

  constructor(settings: EmulatorSettings, platform: PlatformSettings, { keys, tokens, answers }: SharedParts) {
    this.settings = platform;
    this.issuer = new TokenIssuer(settings, platform, keys);
    this.#appToken = new AppTokenEndpoint(settings, platform, this.issuer, tokens);
    this.#tenantToken = new TenantTokenEndpoint(settings, platform, this.issuer);
    this.#tokenKeys = new TokenKeysEndpoint(keys);
    this.#openIdConfiguration = new OpenIdConfigurationEndpoint(settings.strict);
    this.#userTenants = new UserTenantsEndpoint(platform);
    this.#api = new ApiEndpoint(tokens, answers, settings.strict);
  }

  /** Whether there is an OAuth server of this tenant, whose name is in lower case. */
  hasTenant(tenant: string): boolean {
    const { tenants, missingTenant } = this.settings;
    return tenant !== missingTenant && tenants?.includes(tenant) !== false;
  }

  /** Answers a request; `port` is the one that the emulator listens on. */
  answer(route: Route, request: EmulatedRequest, port: number): Answer | Promise<Answer> {
    switch (route.endpoint) {
      case 'app-token':
        return this.#appToken.handle(request, route, port);
      case 'tenant-token':
        return this.#tenantToken.handle(request, route);
      case 'token-keys':
        return this.#tokenKeys.handle(request, route);
      case 'openid-configuration':
        return this.#openIdConfiguration.handle(request, route);
      case 'user-tenants':
        return this.#userTenants.handle(request, this.#api.claimsOf(request, route, port));
      default:
        return this.#api.handle(request, route, port);
    }
  }
}
