import { describe, expect, it } from 'vitest';
import { APP, startPlatform } from '../../support/application.js';
import { runScript } from '../../support/built-library.js';
import { isFullLength, short } from '../../support/length.js';
import { json, type StubPlatform } from '../../support/stub-platform.js';

/** A script with a started application; `credentials` are its app credentials. */
function script(platform: StubPlatform, request: object, body: string): string {
  const options = { ...platform.urls, app: APP, tenant: false, request };
  return `
    await import('reflect-metadata');
    const { NestFactory } = await import('@nestjs/core');
    const { firstValueFrom } = await import('rxjs');
    const app = await NestFactory.createApplicationContext(
      library.MindsphereCredentialsModule.forRoot(${JSON.stringify(options)}), { logger: false });
    const credentials = app.get(library.AppCredentials);
    ${body}`;
}

const down = json({}, 503);
const GET_TOKEN = ['getToken()', 'credentials.getToken()'] as const;

describe('a process', () => {
  it.runIf(isFullLength)('ends while somebody listens to token$', async () => {
    const platform = await startPlatform();
    const body = `credentials.token$.subscribe((token) => console.log('tenant', token.tenant));`;
    expect(await runScript(script(platform, {}, body))).toEqual({ ended: 0, output: 'tenant acme\n' });
  });

  it.runIf(isFullLength)('ends while a renewal that nobody waits for is backing off', async () => {
    const platform = await startPlatform();
    platform.lifeSeconds = 3;
    platform.app.next(platform.token()).always(down);
    const body = `
      await firstValueFrom(credentials.getToken());
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      const { tenant } = await firstValueFrom(credentials.getToken());
      await new Promise((resolve) => setTimeout(resolve, 100));
      console.log('still', tenant);`;
    const request = { retryDelayMs: 60_000, deadlineMs: 600_000 };
    expect(await runScript(script(platform, request, body))).toEqual({ ended: 0, output: 'still acme\n' });
    expect(platform.app.count).toBe(2);
  });

  // Short: each of these processes loads Nest.
  it.each(short([GET_TOKEN], [GET_TOKEN, ['token$', 'credentials.token$']]))(
    'does not end while a caller of %s waits through a backoff',
    async (_, expression) => {
      const platform = await startPlatform();
      platform.app.next(down, down);
      const body = `console.log('got', (await firstValueFrom(${expression})).tenant);`;
      const result = await runScript(script(platform, { retryDelayMs: 200 }, body));
      expect(result).toEqual({ ended: 0, output: 'got acme\n' });
      expect(platform.app.count).toBe(3);
    },
  );

  it.runIf(isFullLength)('does not end while a caller of userTenants() waits through a backoff', async () => {
    const platform = await startPlatform();
    const page = { page: { number: 0, totalPages: 1 }, userTenants: [{ id: 'acme' }] };
    platform.elsewhere.next(down, down, json(page));
    const body = `console.log('got', await firstValueFrom(credentials.userTenants()));`;
    const result = await runScript(script(platform, { retryDelayMs: 200 }, body));
    expect(result).toEqual({ ended: 0, output: 'got acme\n' });
    expect(platform.elsewhere.count).toBe(3);
  });

  it.runIf(isFullLength)('ends at once after app.close(), whatever hangs', async () => {
    const platform = await startPlatform();
    platform.app.hold();
    const body = `
      credentials.getToken().subscribe({ error: (error) => console.log(error.code) });
      credentials.token$.subscribe({ complete: () => console.log('completed') });
      await new Promise((resolve) => setTimeout(resolve, 100));
      await app.close();`;
    const result = await runScript(script(platform, {}, body));
    expect(result).toEqual({ ended: 0, output: 'completed\nmodule_destroyed\n' });
  });

  it('is not kept from ending by enableShutdownHooks and a signal', async () => {
    const platform = await startPlatform();
    platform.app.hold();
    const body = `
      app.enableShutdownHooks();
      credentials.getToken().subscribe({ error: (error) => console.log(error.code) });
      setTimeout(() => process.kill(process.pid, 'SIGTERM'), 200);`;
    const result = await runScript(script(platform, {}, body));
    expect(result).toEqual({ ended: 'SIGTERM', output: 'module_destroyed\n' });
  });
});
