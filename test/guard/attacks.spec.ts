import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forgedOptions, startForgedPlatform, Trap, validToken } from '../support/forge.js';
import { type Attack, ATTACKS, HARMLESS } from '../support/forge-attacks.js';
import {
  ADAPTERS,
  type Adapter,
  type ConnectionWatch,
  type GuardedApp,
  keptOut,
  startGuardedApp,
  watchConnections,
  watchRejections,
  WELCOME,
} from '../support/guarded-app.js';
import { inTurn } from '../support/length.js';
import type { StubPlatform } from '../support/stub-platform.js';

/*
 * One valid token with one mutation each, the unmutated one passing beside it, over real HTTP. What is forged gets 401
 * with the same body and challenge whatever the reason, also on routes that forgot the guard, where no technical token
 * may be asked for.
 */

const UNGUARDED = ['/open/for-user', '/open/current'];

let connections: ConnectionWatch;
let rejections: ReturnType<typeof watchRejections>;
beforeAll(() => {
  connections = watchConnections();
  rejections = watchRejections();
});
afterAll(() => {
  connections.stop();
  rejections.stop();
});

/** Where this test itself connects to. */
const ports: number[] = [];

describe.each(ADAPTERS)('a forged token on %s', (adapter: Adapter) => {
  let platform: StubPlatform;
  let trap: Trap;
  let app: GuardedApp;
  beforeAll(async () => {
    [platform, trap] = await Promise.all([startForgedPlatform(), Trap.start()]);
    app = await startGuardedApp(adapter, forgedOptions(platform));
    ports.push(app.port, Number(new URL(platform.origin).port));
  });
  afterAll(async () => {
    await app.close();
    await Promise.all([platform.close(), trap.close()]);
  });

  describe.each(Object.entries(ATTACKS))('%s', (_, attacks) => {
    it.each(inTurn(attacks, adapter, ADAPTERS))('%s', async (...[, forge]: Attack) => {
      const asked = platform.app.count;
      expect(await app.bear('/guarded', validToken())).toEqual(WELCOME);

      const forged = forge(trap.url);

      expect(keptOut(forged)).toContainEqual(await app.bear('/guarded', forged));
      for (const path of inTurn(UNGUARDED, adapter, ADAPTERS))
        expect(keptOut(forged)).toContainEqual(await app.bear(path, forged));
      expect(platform.app.count).toBe(asked);
    });
  });

  it.each([...HARMLESS])('is not mistaken for: %s', async (...[, make]: Attack) => {
    const answer = await app.bear('/guarded', make(trap.url));

    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ tenant: 'acme' });
    expect(trap.visits).toBe(0);
  });

  it.each(UNGUARDED)('gives no technical token on %s, a genuine one does', async (path) => {
    const asked = platform.app.count;
    expect(await app.bear(path, validToken())).toMatchObject({ status: 200, body: '{"actsFor":"acme"}' });
    expect(platform.app.count).toBeLessThanOrEqual(asked + 1);
  });

  it('has caused requests for the key sets of issuers only, and has left no trace', () => {
    const keySets = platform.keys.requests.map(({ url }) => url);
    // No other server may sign for users of acme, so no other one is asked.
    const servers = ['core', 'acme'];
    expect(new Set(keySets)).toEqual(new Set(servers.map((tenant) => `/piam/${tenant}/token_keys`)));
    // The first tokens of each; and once in a second at most for unknown kids, with genuine tokens beside them.
    expect(keySets.length).toBeLessThanOrEqual(servers.length * 10);
    expect(platform.elsewhere.count).toBe(0);
    expect(platform.tenant.count).toBe(0);
    expect(trap.visits).toBe(0);
    expect(connections.otherTargets(...ports)).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(rejections.seen).toEqual([]);
  });
});
