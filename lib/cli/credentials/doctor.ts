import { MindsphereCredentialsError } from '../../errors/mindsphere-credentials.error.js';
import type { ResolvedPlatform } from '../../config/resolved-options.interface.js';
import type { Platform } from '../../platform/platform.interface.js';
import { type Check, runChecks } from './check.js';
import { clockCheck } from './checks/clock.js';
import { hostChecks } from './checks/hosts.js';
import { keySetCheck } from './checks/key-sets.js';
import { settingsFinding } from './checks/settings.js';
import { storeCheck } from './checks/store.js';
import { tokenChecks } from './checks/tokens.js';
import { userTenantsCheck } from './checks/user-tenants.js';
import { type DoctorContext, oauthTenantsOf } from './doctor-context.js';
import { factsOf } from './facts.js';
import { proxyOf } from './proxies.js';
import { AnswerRecorder } from './recorder.js';
import { maskOf, openRegistration, type Registration } from './registration.js';
import { conclusionOf, lineOf } from './report.js';

/** Options of the command. */
export interface DoctorOptions {
  readonly platform?: Platform;
  readonly json: boolean;
  readonly facts: boolean;
}

/** What depends on settings that can be read. */
const DEPENDENT = ['host', 'clock', 'key-set', 'token', 'user-tenants'] as const;

/** Checks everything in order and prints what it found. Does network I/O. Gives the status of the process. */
export async function doctor({ platform, json, facts }: DoctorOptions): Promise<number> {
  const recorder = new AnswerRecorder();
  const opened = await opening();
  try {
    const context = opened instanceof MindsphereCredentialsError ? undefined : contextOf(opened, recorder, platform);
    const settings: Check = { id: 'settings', run: () => settingsFinding(opened, Object.keys(process.env)) };
    const checks = [
      settings,
      ...(context === undefined ? skippedChecks() : checksOf(context)),
      storeCheck(process.env['REDIS_URL']),
    ];
    const mask = await maskOf(context?.options);
    const print = (line: string) => void process.stdout.write(`${mask(line)}\n`);
    const isTerminal = process.stdout.isTTY;
    const reports = await runChecks(checks, json ? undefined : (report) => print(lineOf(report, isTerminal)));
    const ok = reports.every(({ status }) => status !== 'failure');
    const record = facts && context !== undefined ? factsOf(context, reports) : undefined;
    if (json) print(JSON.stringify({ ok, checks: reports, facts: record }, undefined, 2));
    else
      print(`\n${conclusionOf(reports)}${record === undefined ? '' : `\n\n${JSON.stringify(record, undefined, 2)}`}`);
    return ok ? 0 : 1;
  } finally {
    recorder.close();
    if (!(opened instanceof MindsphereCredentialsError)) await opened.nest.close();
  }
}

async function opening(): Promise<Registration | MindsphereCredentialsError> {
  try {
    return await openRegistration();
  } catch (failure) {
    if (failure instanceof MindsphereCredentialsError) return failure;
    throw failure;
  }
}

function contextOf({ nest, options }: Registration, recorder: AnswerRecorder, platform?: Platform): DoctorContext {
  const sites = options.platforms.filter(({ rules }) => platform === undefined || rules.platform === platform);
  return { nest, options, recorder, sites, oauthServerOf, proxyOf: (url) => proxyOf(url, options.request) };
}

function oauthServerOf(site: ResolvedPlatform): string | undefined {
  const [tenant] = oauthTenantsOf(site);
  return tenant === undefined ? undefined : site.oauthUrl?.for(tenant);
}

function checksOf(context: DoctorContext): Check[] {
  const { sites } = context;
  return [
    ...sites.flatMap((site) => hostChecks(site, context)),
    clockCheck(context),
    ...sites.map((site) => keySetCheck(site, context)),
    ...sites.flatMap((site) => tokenChecks(site, context)),
    ...sites.map((site) => userTenantsCheck(site, context)),
  ];
}

function skippedChecks(): Check[] {
  return DEPENDENT.map((id) => ({ id, needs: ['settings'], run: () => ({ status: 'skipped', summary: '' }) }));
}
