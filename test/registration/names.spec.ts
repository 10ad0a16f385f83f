import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  AppCredentials,
  getCredentialsToken,
  InjectCredentials,
  MindsphereCredentialsModule,
  TenantCredentials,
} from 'nestjs-mindsphere-credentials';
import { fakeCredentials } from 'nestjs-mindsphere-credentials/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { APP, failureOf, start } from '../support/application.js';

const forRoot = (name?: string) => MindsphereCredentialsModule.forRoot({ name, app: APP, tenant: false });

@Injectable()
class WantsPlant {
  constructor(@InjectCredentials(AppCredentials, 'plant') readonly credentials: AppCredentials) {}
}

@Injectable()
class WantsTypo {
  constructor(
    @Inject('other') readonly other: string,
    @InjectCredentials(AppCredentials, 'plnt') readonly credentials: AppCredentials,
  ) {}
}

@Injectable()
class WantsTypoAsProperty {
  @InjectCredentials(TenantCredentials, 'plnt') readonly credentials!: TenantCredentials;
  @InjectCredentials(AppCredentials, 'plant') readonly other!: AppCredentials;
}

/** Beside what is asked for, so that the order of loading plays no part. */
const OTHER = { provide: 'other', useValue: 'x' };

/** What Nest says where it finds no provider. */
async function messageOf(starting: Promise<unknown>): Promise<string> {
  const failure: unknown = await starting.then(
    () => undefined,
    (error: unknown) => error,
  );
  return failure instanceof Error ? failure.message : 'no failure';
}

describe('a name in @InjectCredentials', () => {
  it('is left to mocks where there is no registration', async () => {
    const module = await Test.createTestingModule({ providers: [WantsPlant] })
      .useMocker((token) => `mock of ${String(token)}`)
      .compile();
    expect(module.get(WantsPlant).credentials).toContain('mock of AppCredentials');
  });

  it('that no registration has stops the start, and the error names class, registration and what to write', async () => {
    const byProperty = await messageOf(start([forRoot()], { providers: [WantsTypoAsProperty] }));
    expect(byProperty).toContain('WantsTypoAsProperty');
    expect(byProperty).toContain("TenantCredentials of registration 'plnt'");
    const byParameter = await messageOf(
      start([forRoot('plant'), forRoot('office')], { providers: [OTHER, WantsTypo] }),
    );
    expect(byParameter).toContain('WantsTypo (other, ?)');
    expect(byParameter).toContain("AppCredentials of registration 'plnt'");
    expect(byParameter).toContain("MindsphereCredentialsModule.forRoot({ name: 'plnt' }), imported here or global");
  });

  it('stops a real application as well, also one registered asynchronously', async () => {
    @Module({
      imports: [MindsphereCredentialsModule.forRootAsync({ name: 'late', useFactory: () => ({ app: APP }) })],
      providers: [OTHER, WantsTypo],
    })
    class AppModule {}
    const starting = NestFactory.createApplicationContext(AppModule, { abortOnError: false, logger: false });
    expect(await messageOf(starting)).toContain("registration 'plnt'");
  });

  it('cannot stand beside a class that no registration provides', async () => {
    class Own extends AppCredentials {}
    expect((await failureOf(() => getCredentialsToken(Own, 'plant'))).code).toBe('options_invalid');
    expect((await failureOf(() => InjectCredentials(Date, 'plant'))).code).toBe('options_invalid');
    expect(getCredentialsToken(Own)).toBe(Own);
  });

  it('leaves what Nest notes of dependencies as Nest wrote it', () => {
    for (const [key, owner] of [
      ['self:paramtypes', WantsPlant],
      ['self:properties_metadata', WantsTypoAsProperty],
    ] as const) {
      const [note] = Reflect.getMetadata(key, owner) as [object];
      expect(Object.values(Object.getOwnPropertyDescriptors(note)).every((property) => 'value' in property)).toBe(true);
    }
  });

  it('that is known is injected, by parameter and by property', async () => {
    @Injectable()
    class Wants {
      @InjectCredentials(AppCredentials, 'plant') readonly property!: AppCredentials;
      constructor(
        @InjectCredentials(AppCredentials, 'plant') readonly parameter: AppCredentials,
        @InjectCredentials(AppCredentials) readonly unnamed: AppCredentials,
      ) {}
    }
    const module = await start([forRoot(), forRoot('plant')], { providers: [Wants] });
    const wants = module.get(Wants);
    expect(wants.parameter).toBe(module.get(getCredentialsToken(AppCredentials, 'plant')));
    expect(wants.property).toBe(wants.parameter);
    expect(wants.unnamed).toBe(module.get(AppCredentials));
    expect(wants.unnamed).not.toBe(wants.parameter);
  });

  it('of a class that this application does not use is no fault', async () => {
    await expect(start([forRoot('plant')], { providers: [WantsPlant] })).resolves.toBeDefined();
  });

  it('is no fault in two applications of one process that know different names', async () => {
    const one = await start([forRoot('plant')], { providers: [WantsPlant] });
    @Injectable()
    class WantsOffice {
      constructor(@InjectCredentials(AppCredentials, 'office') readonly credentials: AppCredentials) {}
    }
    const other = await start([forRoot('office')], { providers: [WantsOffice] });
    expect(one.get(WantsPlant).credentials).not.toBe(other.get(WantsOffice).credentials);
  });

  it('that a test provides for, or replaces, is no fault', async () => {
    const fake = fakeCredentials();
    @Injectable()
    class WantsOwn {
      constructor(@InjectCredentials(AppCredentials, 'own') readonly credentials: AppCredentials) {}
    }
    const provider = { provide: getCredentialsToken(AppCredentials, 'own'), useValue: fake };
    const given = await Test.createTestingModule({ providers: [provider, WantsOwn] }).compile();
    expect(given.get(WantsOwn).credentials).toBe(fake);
    const replaced = await Test.createTestingModule({ imports: [forRoot('plant')], providers: [WantsPlant] })
      .overrideProvider(getCredentialsToken(AppCredentials, 'plant'))
      .useValue(fake)
      .compile();
    onTestFinished(() => replaced.close());
    expect(replaced.get(WantsPlant).credentials).toBe(fake);
  });
});
