import type { DynamicModule, LoggerService, Provider, Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  type AccessToken,
  type MindsphereCredentials,
  MindsphereCredentialsError,
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom, isObservable } from 'rxjs';
import { onTestFinished, vi } from 'vitest';
import { StubPlatform } from './stub-platform.js';

export { fakeTime, forbidden, until } from './basics.js';

/** App credentials that nothing but the stub knows. */
export const APP = {
  keyStoreClientId: 'host1-myapp-1.0.0',
  keyStoreClientSecret: 'app-s3cr3t',
  appName: 'myapp',
  appVersion: '1.0.0',
  hostTenant: 'host1',
  userTenant: 'acme',
} as const;

/** Tenant credentials that nothing but the stub knows. */
export const TENANT = { clientId: 'acme-techuser', clientSecret: 'tenant-s3cr3t', tenant: 'acme' } as const;

/** The same credentials as variables. */
export const APP_VARIABLES = {
  MDSP_OS_VM_APP_NAME: APP.appName,
  MDSP_OS_VM_APP_VERSION: APP.appVersion,
  MDSP_KEY_STORE_CLIENT_ID: APP.keyStoreClientId,
  MDSP_KEY_STORE_CLIENT_SECRET: APP.keyStoreClientSecret,
  MDSP_HOST_TENANT: APP.hostTenant,
  MDSP_USER_TENANT: APP.userTenant,
} as const;
export const TENANT_VARIABLES = {
  MINDSPHERE_CLIENT_ID: TENANT.clientId,
  MINDSPHERE_CLIENT_SECRET: TENANT.clientSecret,
  MINDSPHERE_TENANT: TENANT.tenant,
} as const;

/** One attempt and no second one. */
export const ONE_TRY = { retries: 0, timeoutMs: 5_000, deadlineMs: 5_000 } as const;

/** One attempt, given up soon: for servers that never answer. */
export const IMPATIENT = { retries: 0, timeoutMs: 100, deadlineMs: 150 } as const;

/** A stub platform for the current test. */
export async function startPlatform(): Promise<StubPlatform> {
  const platform = await StubPlatform.start();
  onTestFinished(() => platform.close());
  return platform;
}

/** The started module of an application that imports these modules, closed after the current test. */
export async function start(
  imports: (DynamicModule | Type | Promise<DynamicModule>)[],
  { providers = [], logger }: { providers?: Provider[]; logger?: LoggerService } = {},
): Promise<TestingModule> {
  const builder = Test.createTestingModule({ imports, providers });
  const module = await (logger ? builder.setLogger(logger) : builder).compile();
  onTestFinished(() => module.close());
  return module.init();
}

/** An application with one registration in code. */
export function startWith(
  options: MindsphereCredentialsModuleOptions,
  extras: { logger?: LoggerService } = {},
): Promise<TestingModule> {
  return start([MindsphereCredentialsModule.forRoot(options)], extras);
}

/** The one token of `getToken()`. */
export function tokenOf(credentials: MindsphereCredentials): Promise<AccessToken> {
  return firstValueFrom(credentials.getToken());
}

/** What something failed with; it fails the test if it did not fail, or not with the one error of the library. */
export async function failureOf(something: unknown): Promise<MindsphereCredentialsError> {
  let value: unknown;
  try {
    const result: unknown = typeof something === 'function' ? something() : something;
    value = await (isObservable(result) ? firstValueFrom(result) : result);
  } catch (error) {
    if (error instanceof MindsphereCredentialsError) return error;
    throw new Error(`no MindsphereCredentialsError, but ${String(error)}`, { cause: error });
  }
  throw new Error(`no failure, but ${String(value)}`);
}

/** Every documented variable. */
export const VARIABLES = [
  'MDSP_OS_VM_APP_NAME',
  'MDSP_OS_VM_APP_VERSION',
  'MDSP_KEY_STORE_CLIENT_ID',
  'MDSP_KEY_STORE_CLIENT_SECRET',
  'MDSP_HOST_TENANT',
  'MDSP_USER_TENANT',
  'MINDSPHERE_CLIENT_ID',
  'MINDSPHERE_CLIENT_SECRET',
  'MINDSPHERE_TENANT',
  'MINDSPHERE_SUB_TENANT',
  'HOST_ENVIRONMENT',
  'HOST_BASEDOMAIN',
  'VCAP_APPLICATION',
] as const;

export type Environment = Partial<Record<(typeof VARIABLES)[number], string>>;

/** Sets these documented variables and unsets the others, for the current test. */
export function setEnvironment(environment: Environment): void {
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const name of VARIABLES) vi.stubEnv(name, environment[name]);
}
