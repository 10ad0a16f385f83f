import { AppCredentials } from 'nestjs-mindsphere-credentials';
import { describe, expect, it } from 'vitest';
import { APP, startPlatform, startWith, tokenOf } from '../support/application.js';

async function start() {
  const platform = await startPlatform();
  const module = await startWith({ ...platform.urls, app: APP, tenant: false });
  return { platform, app: module.get(AppCredentials) };
}

describe("invalidate() by a token's string", () => {
  it.each<[string, (value: string) => string]>([
    ['bare', (value) => value],
    ['with Bearer', (value) => `Bearer ${value}`],
    ['with bearer in lower case', (value) => `bearer ${value}`],
  ])('forgets it, %s', async (_, spelled) => {
    const { platform, app } = await start();
    const old = await tokenOf(app);
    app.invalidate(spelled(old.value));
    expect((await tokenOf(app)).value).not.toBe(old.value);
    expect(platform.app.count).toBe(2);
  });

  it.each(['', 'Bearer ', 'Bearer', '  '])('does nothing for %j', async (nothing) => {
    const { platform, app } = await start();
    await tokenOf(app);
    app.invalidate(nothing);
    await tokenOf(app);
    expect(platform.app.count).toBe(1);
  });

  it('leaves the cached token alone where it is another one', async () => {
    const { platform, app } = await start();
    const old = await tokenOf(app);
    app.invalidate(old);
    await tokenOf(app);
    app.invalidate(`Bearer ${old.value}`);
    await tokenOf(app);
    expect(platform.app.count).toBe(2);
  });
});
