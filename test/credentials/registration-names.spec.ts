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

// The first tests see a process without registrations, then one without names: the order is part of them.
describe('a name in @InjectCredentials', () => {
  it('is left to Nest, and to mocks, where no registration was ever made', async () => {
    const module = await Test.createTestingModule({ providers: [WantsPlant] })
      .useMocker((token) => `mock of ${String(token)}`)
      .compile();
    expect(module.get(WantsPlant).credentials).toBe('mock of AppCredentials:plant');
  });

  it('that no registration has, since none has a name, stops the start and says so', async () => {
    const failure = await failureOf(start([forRoot()], { providers: [WantsTypoAsProperty] }));
    expect(failure).toMatchObject({
      code: 'options_invalid',
      message:
        "@InjectCredentials(TenantCredentials, 'plnt') in WantsTypoAsProperty names a registration that does not exist; " +
        'no registration has a name: leave it out.',
    });
  });

  it('that is unknown stops the start, with the names there are', async () => {
    const testing = Test.createTestingModule({
      imports: [forRoot('plant'), forRoot('office')],
      providers: [OTHER, WantsTypo],
    });
    expect(await failureOf(testing.compile())).toMatchObject({
      code: 'options_invalid',
      message:
        "@InjectCredentials(AppCredentials, 'plnt') in WantsTypo names a registration that does not exist; " +
        "known are 'plant', 'office'.",
    });
  });

  it('that is unknown stops a real application as well, also one registered asynchronously', async () => {
    @Module({
      imports: [MindsphereCredentialsModule.forRootAsync({ name: 'late', useFactory: () => ({ app: APP }) })],
      providers: [OTHER, WantsTypo],
    })
    class AppModule {}
    const starting = NestFactory.createApplicationContext(AppModule, { abortOnError: false, logger: false });
    expect((await failureOf(starting)).message).toContain("'late'");
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
    const credentials = fakeCredentials();
    @Injectable()
    class WantsOwn {
      constructor(@InjectCredentials(AppCredentials, 'own') readonly credentials: AppCredentials) {}
    }
    const provider = { provide: getCredentialsToken(AppCredentials, 'own'), useValue: credentials };
    const given = await Test.createTestingModule({ providers: [provider, WantsOwn] }).compile();
    expect(given.get(WantsOwn).credentials).toBe(credentials);
    const replaced = await Test.createTestingModule({ imports: [forRoot('plant')], providers: [WantsPlant] })
      .overrideProvider(getCredentialsToken(AppCredentials, 'plant'))
      .useValue(credentials)
      .compile();
    onTestFinished(() => replaced.close());
    expect(replaced.get(WantsPlant).credentials).toBe(credentials);
  });
});
