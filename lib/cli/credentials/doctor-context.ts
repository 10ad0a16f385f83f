import type { INestApplicationContext } from '@nestjs/common';
import type { ResolvedOptions, ResolvedPlatform } from '../../config/resolved-options.interface.js';
import type { AnswerRecorder } from './recorder.js';

/** What the checks of one run share. */
export interface DoctorContext {
  readonly nest: INestApplicationContext;
  readonly options: ResolvedOptions;
  readonly recorder: AnswerRecorder;
  /** The platforms to check. */
  readonly sites: readonly ResolvedPlatform[];
  /** The URL of an OAuth server of a platform that this configuration needs. */
  readonly oauthServerOf: (site: ResolvedPlatform) => string | undefined;
  /** The proxy that a request to a URL goes through, without its login. */
  readonly proxyOf: (url: string) => string | undefined;
}

/** The tenants whose OAuth servers a platform's configuration names, the one that gives tokens first. */
export function oauthTenantsOf({ rules, app, tenant, users, coreTenant }: ResolvedPlatform): string[] {
  const named = [
    tenant?.tokenTenant ?? tenant?.tenant,
    typeof users.keySetTenant === 'string' ? users.keySetTenant : undefined,
    ...(users.issuers ?? []),
    app?.hostTenant,
    coreTenant,
    users.keySetTenant === false ? undefined : rules.keySetTenant,
  ];
  return [...new Set(named.filter((name) => name !== undefined))];
}
