import type { ResolvedTenantOptions } from '../config/resolved-options.interface.js';
import { tenantLabel } from '../config/run-time-options.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { Platform } from '../platform/platform.interface.js';
import { tenantTokenSource } from '../token/token-sources.js';
import type { TokenHandle } from '../token/token-cache.js';
import type { CredentialsContext } from './credentials-context.js';
import { DerivedCredentials, TechnicalCredentials } from './technical-credentials.js';
import { missingGroup } from './missing-credentials.js';
import { CLASS_NAME } from '../util/class-name.js';

/** Tenant credentials: technical tokens for a tenant, or for one of its subtenants, from the tenant's OAuth server. */
export class TenantCredentials extends TechnicalCredentials {
  /** @internal */
  static override readonly [CLASS_NAME]: string = 'TenantCredentials';
  readonly #context: CredentialsContext;
  readonly #options?: ResolvedTenantOptions;
  readonly #derived: DerivedCredentials<TenantCredentials>;

  /** @internal Objects come from injection or from the factory. */
  constructor(
    context: CredentialsContext,
    options?: ResolvedTenantOptions,
    derived = new DerivedCredentials<TenantCredentials>(context.options.cache.maxTokens),
  ) {
    super(tokensOf(context, options));
    this.#context = context;
    this.#options = options;
    this.#derived = derived;
  }

  /** The platform they act on. */
  override get platform(): Platform {
    return this.#context.platform.rules.platform;
  }

  /** @internal */
  override get knownTenant(): string | undefined {
    return this.#options?.tenant;
  }

  /**
   * The registration's tenant credentials on a platform. Subtenants derived before are not carried over. No network I/O.
   * Throws `options_invalid` for an unknown platform; where tenant credentials are not configured there, the first use
   * fails with `credentials_missing`.
   */
  on(platform: Platform): TenantCredentials {
    const context = this.#context.all.on(platform);
    return new TenantCredentials(context, context.platform.tenant);
  }

  /**
   * The same credentials impersonating a subtenant. An answer that does not name that subtenant is refused with
   * `token_response_invalid`. No network I/O. Throws `options_invalid` where the subtenant is not one DNS label, and on
   * `siemens.app`, where impersonation is not documented.
   */
  forSubtenant(subTenant: string): TenantCredentials {
    return this.#derived.find(subTenant) ?? this.#derive(subTenant);
  }

  /** Letter case does not count in a subtenant: the credentials are known by its lower-case name alone. */
  #derive(given: string): TenantCredentials {
    const subTenant = tenantLabel(given, 'subTenant');
    this.#demandImpersonation();
    const known = this.#derived.find(subTenant);
    if (known !== undefined) return known;
    const options = this.#options === undefined ? undefined : Object.freeze({ ...this.#options, subTenant });
    return this.#derived.remember(new TenantCredentials(this.#context, options, this.#derived), subTenant);
  }

  #demandImpersonation(): void {
    const { domain, oauthServer } = this.#context.platform.rules;
    if (oauthServer.subtenantForm !== undefined) return;
    const message = `subTenant cannot be used on ${domain}, where impersonating a subtenant is not documented.`;
    throw new MindsphereCredentialsError('options_invalid', message);
  }

  override toJSON(): Record<string, unknown> {
    if (this.#options === undefined) return { configured: false };
    const { clientId, tenant, tokenTenant, subTenant } = this.#options;
    return { oauthUrl: this.#context.platform.oauthUrl?.for(tokenTenant), clientId, tenant, subTenant };
  }
}

function tokensOf({ platform, endpoint, cache }: CredentialsContext, tenant?: ResolvedTenantOptions): TokenHandle {
  if (tenant === undefined) return missingGroup(platform.rules.platform, 'tenant');
  return cache.handle(tenantTokenSource(tenant, platform, endpoint));
}
