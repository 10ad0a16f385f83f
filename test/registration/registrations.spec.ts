import { Module } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import {
  AppCredentials,
  type AppCredentialsOptions,
  CurrentUser,
  getCredentialsToken,
  MindsphereCredentialsEvents,
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  MindsphereHttpService,
  TokenVerifier,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { fakeTokenVerifier } from 'nestjs-mindsphere-credentials/testing';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Injectable } from '../../lib/registration/credentials-token.js';
import { optionDifferences } from '../../lib/registration/registrations.js';
import { APP, failureOf, setEnvironment, start, startPlatform, tokenOf } from '../support/application.js';

type Options = MindsphereCredentialsModuleOptions;

/** Two feature modules that register for themselves. */
function features(one: Options, other: Options, name?: string) {
  @Module({ imports: [MindsphereCredentialsModule.forRoot({ ...one, name })] })
  class PlantsModule {}
  @Module({
    imports: [MindsphereCredentialsModule.forRootAsync({ name, useFactory: () => Promise.resolve(other) })],
  })
  class AssetsModule {}
  return [PlantsModule, AssetsModule] as const;
}

describe('two registrations of one name', () => {
  it.each([undefined, 'plant'])('with equal options are the same one: %s', async (name) => {
    setEnvironment({});
    const platform = await startPlatform();
    const options = () => ({ ...platform.urls, app: { ...APP }, tenant: false as const, request: { retries: 0 } });
    const hosts = features(options(), options(), name);
    const module = await start([...hosts]);
    const injected = (type: Injectable) =>
      hosts.map((host) => module.select(host).get<object>(getCredentialsToken(type, name), { strict: false }));
    const all = [...module.get(ModulesContainer).values()].flatMap(
      ({ providers }) => providers.get(getCredentialsToken(AppCredentials, name))?.instance ?? [],
    ) as AppCredentials[];
    expect(all).toHaveLength(2);
    await Promise.all(all.map(tokenOf));
    expect(platform.app.count).toBe(1);
    expect(new Set(all).size).toBe(1);
    for (const type of [
      TokenVerifier,
      UserTokenGuard,
      CurrentUser,
      MindsphereCredentialsEvents,
      MindsphereHttpService,
    ]) {
      const [first, second] = injected(type);
      expect(first).toBe(second);
    }
  });

  const secret = () => 'secret';
  it.each<[string, Partial<AppCredentialsOptions>, string]>([
    ['tenant', { userTenant: 'globex' }, 'app.userTenant'],
    ['secret', { keyStoreClientSecret: 'new-s3cr3t' }, 'app.keyStoreClientSecret'],
    ['secret function', { keyStoreClientSecret: () => 'secret' }, 'app.keyStoreClientSecret'],
  ])('with another %s stop the start, naming the modules and the options, and no secret', async (_, change, path) => {
    setEnvironment({});
    const app = { ...APP, keyStoreClientSecret: secret };
    const [Plants, Assets] = features({ app }, { app: { ...app, ...change } });
    const failure = await failureOf(start([Plants, Assets]));
    expect(failure.code).toBe('options_invalid');
    for (const part of ['PlantsModule', 'AssetsModule', path, 'isGlobal']) expect(failure.message).toContain(part);
    expect(JSON.stringify(failure)).not.toMatch(/s3cr3t|'other'/);
  });

  it('stop it also where both are global, and where both read the environment with other options beside', async () => {
    setEnvironment({ MINDSPHERE_CLIENT_ID: 'id', MINDSPHERE_CLIENT_SECRET: 'env-s3cr3t', MINDSPHERE_TENANT: 'acme' });
    const global = { isGlobal: true, app: APP };
    @Module({ imports: [MindsphereCredentialsModule.forRoot({ ...global, region: 'eu1' })] })
    class One {}
    @Module({ imports: [MindsphereCredentialsModule.forRoot({ ...global, region: 'eu2' })] })
    class Two {}
    @Module({ imports: [One, Two] })
    class Root {}
    const starting = NestFactory.createApplicationContext(Root, { abortOnError: false, logger: false });
    const { message } = await failureOf(starting);
    expect(message).toMatch(/One and Two|Two and One/);
    expect(message).toContain('region');
  });

  it('share a verifier that a test put in its place', async () => {
    setEnvironment({});
    const fake = fakeTokenVerifier();
    const [Plants, Assets] = features({ app: APP }, { app: APP });
    const module = await Test.createTestingModule({ imports: [Plants, Assets] })
      .overrideProvider(TokenVerifier)
      .useValue(fake)
      .compile();
    onTestFinished(() => module.close());
    expect(module.select(Assets).get(TokenVerifier)).toBe(fake);
  });

  it('in two applications of one process have nothing to do with each other', async () => {
    setEnvironment({});
    const one = await start([MindsphereCredentialsModule.forRoot({ app: APP })]);
    const other = await start([MindsphereCredentialsModule.forRoot({ app: { ...APP, userTenant: 'globex' } })]);
    expect(one.get(AppCredentials)).not.toBe(other.get(AppCredentials));
  });

  it('one registration that two modules import is one, as ever', async () => {
    setEnvironment({});
    const registration = MindsphereCredentialsModule.forRoot({ app: { ...APP, keyStoreClientSecret: () => 'x' } });
    @Module({ imports: [registration] })
    class One {}
    @Module({ imports: [registration] })
    class Two {}
    await expect(start([One, Two])).resolves.toBeDefined();
  });
});

describe('differences between options', () => {
  const same = () => undefined;
  const agent = new (class Agent {})();
  it.each<[string, unknown, unknown, string[]]>([
    ['none', { a: [1, { b: 2 }], f: same, agent }, { a: [1, { b: 2 }], f: same, agent }, []],
    ['left out or undefined', { a: undefined }, {}, []],
    ['a value in a list', { list: ['a', 'b'] }, { list: ['a', 'c'] }, ['list.1']],
    ['a longer list', { list: ['a'] }, { list: ['a', 'b'] }, ['list.length', 'list.1']],
    ['functions', { f: () => 1 }, { f: () => 1 }, ['f']],
    ['objects of a class', { agent }, { agent: new (class Agent {})() }, ['agent']],
    ['a switched off group', { app: false }, { app: { a: 1 } }, ['app']],
    ['everything', undefined, {}, ['the options']],
    ['inherited properties', { a: 1 }, Object.create({ a: 1 }), ['the options']],
  ])('%s', (_, one, other, expected) => {
    expect(optionDifferences(one, other).toSorted()).toEqual(expected.toSorted());
  });
});
