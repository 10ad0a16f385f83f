import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { AppCredentials } from 'nestjs-mindsphere-credentials';
import { fakeAccessToken, fakeCredentials, fakeUserToken } from 'nestjs-mindsphere-credentials/testing';
import { firstValueFrom } from 'rxjs';
import { AppModule } from './app.module.js';
import { HealthController } from './health.controller.js';
import { PlantsController } from './plants.controller.js';
import { expect, it } from './test-runner.js';

it('asks as the app, for the tenant of the user', async () => {
  const module = await Test.createTestingModule({ imports: [AppModule.register({})] })
    .overrideProvider(AppCredentials)
    .useValue(fakeCredentials(fakeAccessToken({ tenant: 'customer' })))
    .compile();
  const user = fakeUserToken({ tenant: 'customer' });
  const plant = await firstValueFrom(module.get(PlantsController).find(user));
  expect(plant).toEqual({ user: 'customer', token: 'customer' });
  await module.close();
});

it('answers what the health is', async () => {
  const module = await Test.createTestingModule({ imports: [AppModule.register({})] }).compile();
  const health = await module.get(HealthController).check();
  expect(health.status).toBe('ok');
  await module.close();
});
