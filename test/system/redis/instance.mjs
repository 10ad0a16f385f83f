/*
 * One instance of an application, in a process of its own: starts registrations and fetches tokens as its parent says.
 * Arguments: the compiled library, the connection to Redis as JSON, and the options that all of its registrations have, as JSON.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { firstValueFrom } from 'rxjs';
import { connect } from './connect.mjs';

const [library, connection, options] = process.argv.slice(2);
const { AppCredentials, MindsphereCredentialsEvents, MindsphereCredentialsModule } = await import(
  `${library}/index.js`
);
const { RedisTokenStore } = await import(`${library}/store/redis/index.js`);

const client = await connect(JSON.parse(connection));

const registrations = new Map();

const actions = {
  async start({ name, encryptionKeys, lock, request }) {
    const redis = new RedisTokenStore(client);
    const store = lock ? redis : withoutLock(redis);
    const given = { ...JSON.parse(options), ...(request === undefined ? {} : { request }) };
    const module = MindsphereCredentialsModule.forRoot({ ...given, cache: { store, encryptionKeys } });
    const context = await NestFactory.createApplicationContext(module, { logger: false });
    const events = [];
    context.get(MindsphereCredentialsEvents).events$.subscribe(({ type }) => void events.push(type));
    registrations.set(name, { credentials: context.get(AppCredentials), events });
  },
  async tokens({ name, tenants }) {
    const { credentials } = registrations.get(name);
    return Promise.all(
      tenants.map(async (tenant) => {
        const began = performance.now();
        const token = await firstValueFrom(credentials.forUserTenant(tenant).getToken());
        return { tenant: token.tenant, value: token.value, ms: performance.now() - began };
      }),
    );
  },
  async events({ name }) {
    return registrations.get(name).events;
  },
};

process.on('unhandledRejection', (reason) => {
  process.send({ unhandled: String(reason) });
  process.exit(1);
});
process.on('message', ({ id, action, ...details }) => {
  actions[action](details).then(
    (result) => process.send({ id, result }),
    (error) => process.send({ id, error: `${error.code} ${error.message}` }),
  );
});
process.on('disconnect', () => process.exit());
process.send({ id: 0 });

function withoutLock(store) {
  return {
    get: (key) => store.get(key),
    set: (key, value, ttlMs) => store.set(key, value, ttlMs),
    delete: (key, onlyIf) => store.delete(key, onlyIf),
  };
}
