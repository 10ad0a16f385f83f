import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../../config/resolved-options.interface.js';
import { MindsphereCredentialsModule } from '../../mindsphere-credentials.module.js';
import { masker } from '../../util/redaction.js';
import { UsageError } from './arguments.js';

/** What an application has that calls `MindsphereCredentialsModule.forRoot()` in this environment. */
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

/** Removes every secret of a configuration from a text: a server may echo one that was never sent to it. */
export async function maskOf(options: ResolvedOptions | undefined): Promise<(text: string) => string> {
  const groups = options?.platforms.flatMap(({ app, tenant }) => [app, tenant]) ?? [];
  const secrets = await Promise.all(
    groups.map(async (group) => {
      const secret = await group?.secret.read();
      return secret === undefined ? [] : [secret, `${group?.clientId}:${secret}`];
    }),
  );
  return masker(...secrets.flat());
}
