import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  RESOLVED_OPTIONS,
  type ResolvedOptions,
  type ResolvedPlatform,
} from '../../config/resolved-options.interface.js';
import { MindsphereCredentialsModule } from '../../mindsphere-credentials.module.js';
import { masker } from '../../util/redaction.js';
import { UsageError } from './arguments.js';
import type { AnswerRecorder } from './recorder.js';

/** The module as in an application that calls `MindsphereCredentialsModule.forRoot()` in this environment. */
export interface Registration {
  readonly nest: INestApplicationContext;
  readonly options: ResolvedOptions;
}

/** Puts the variables of a file into the environment. Variables that are set win. Throws {@link UsageError}. */
export function loadDotenv(file: string | undefined): void {
  if (file === undefined) return;
  for (const [name, value] of Object.entries(variablesOf(file))) process.env[name] ??= value;
}

function variablesOf(file: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`--dotenv: the file cannot be read (${code ?? 'it has no variables'})`);
  }
}

/** Starts the module as an application does. Fails with `options_invalid`. */
export async function openRegistration(): Promise<Registration> {
  @Module({ imports: [MindsphereCredentialsModule.forRoot()] })
  class Application {}
  const nest = await NestFactory.createApplicationContext(Application, { logger: false, abortOnError: false });
  return { nest, options: nest.get<ResolvedOptions>(RESOLVED_OPTIONS, { strict: false }) };
}

/** Makes a function that removes every secret of a configuration from a string: a server's message may contain one. */
export async function maskOf(options: ResolvedOptions | undefined): Promise<(value: string) => string> {
  const groups = options?.platforms.flatMap(({ app, tenant }) => [app, tenant]) ?? [];
  const secrets = await Promise.all(
    groups.map(async (group) => {
      const secret = await group?.secret.read();
      return secret === undefined ? [] : [secret, `${group?.clientId}:${secret}`];
    }),
  );
  return masker(...secrets.flat());
}

/** What the checks of one run share. */
export interface DoctorContext {
  readonly nest: INestApplicationContext;
  readonly options: ResolvedOptions;
  readonly recorder: AnswerRecorder;
  /** The platforms to check. */
  readonly sites: readonly ResolvedPlatform[];
}

/** The tenants in a platform's configuration whose OAuth servers are used; first the one that issues tokens. */
export function oauthTenantsOf({ rules, app, tenant, users, coreTenant }: ResolvedPlatform): string[] {
  const named = [
    tenant?.tokenTenant,
    typeof users.keySetTenant === 'string' ? users.keySetTenant : undefined,
    ...(users.issuers ?? []),
    app?.hostTenant,
    coreTenant,
    users.keySetTenant === false ? undefined : rules.keySetTenant,
  ];
  return [...new Set(named.filter((name) => name !== undefined))];
}
