import { MindsphereCredentialsError } from '../../errors/mindsphere-credentials.error.js';
import type { Platform } from '../../platform/platform.interface.js';
import { type Check, conclusionOf, lineOf, runChecks } from './check.js';
import { clockCheck, hostChecks } from './checks/hosts.js';
import { keySetCheck } from './checks/key-sets.js';
import { settingsFinding } from './checks/settings.js';
import { storeCheck } from './checks/store.js';
import { tokenChecks, userTenantsCheck } from './checks/tokens.js';
import { factsOf } from './facts.js';
import { AnswerRecorder } from './recorder.js';
import { type DoctorContext, maskOf, openRegistration, type Registration } from './registration.js';

/** Options of the command. */
export interface DoctorOptions {
  readonly platform?: Platform;
  readonly json: boolean;
  readonly facts: boolean;
}

/** Checks that are skipped where the settings are invalid. */
const DEPENDENT = ['host', 'clock', 'key-set', 'token', 'user-tenants'] as const;

/** Runs all checks in order and prints their results. Does network I/O. Returns the status of the process. */
export async function doctor({ platform, json, facts }: DoctorOptions): Promise<number> {
  const recorder = new AnswerRecorder();
  const opened = await opening();
  try {
    const context = opened instanceof MindsphereCredentialsError ? undefined : contextOf(opened, recorder, platform);
    const settings: Check = { id: 'settings', run: () => settingsFinding(opened, Object.keys(process.env), platform) };
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
  return { nest, options, recorder, sites };
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
