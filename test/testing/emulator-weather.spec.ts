import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { describe, expect, it } from 'vitest';
import { useEmulator } from './emulator-lab.js';

/** What a developer's own machine has none of: distance and bad days. */
describe('An emulator', () => {
  const lab = useEmulator();
  const { ask, askAppToken, askTenantToken, start } = lab;

  async function statusesOf(count: number, asked: () => Promise<Response>): Promise<number[]> {
    const found: number[] = [];
    // oxlint-disable-next-line no-await-in-loop -- the order is what counts
    for (let index = 0; index < count; index += 1) found.push((await asked()).status);
    return found;
  }

  const askKeys = () => ask('/piam/customer/token_keys');
  const failed = (statuses: readonly number[]) => statuses.filter((status) => status === 503).length;

  it('holds each answer for latencyMs, beside the delay of a fault', async () => {
    await start({ latencyMs: 60 });
    const began = performance.now();
    expect((await askKeys()).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThanOrEqual(59);
    lab.emulator?.failNext('token-keys', { delayMs: 60 });
    const faulted = performance.now();
    expect((await askKeys()).status).toBe(200);
    expect(performance.now() - faulted).toBeGreaterThanOrEqual(119);
  });

  it('closes at once while answers are held', async () => {
    await start({ latencyMs: 2_147_483_647 });
    const answer = askKeys().catch(() => 'gone');
    await expect.poll(() => lab.emulator?.requests().length).toBe(1);
    await lab.emulator?.close();
    expect(await answer).toBe('gone');
  });

  it('fails a share of all requests with 503', async () => {
    await start({ failureRate: 0.3 });
    const statuses = await statusesOf(200, askKeys);
    expect(failed(statuses)).toBeGreaterThan(30);
    expect(failed(statuses)).toBeLessThan(90);
    expect(lab.emulator?.requests('token-keys')).toHaveLength(200);
  });

  it('fails the same requests again for the same seed, others for another, whatever else is asked', async () => {
    await start({ failureRate: 0.5 });
    const first = await statusesOf(40, askKeys);
    await lab.emulator?.close();
    await start({ failureRate: 0.5, failureSeed: 1 });
    await statusesOf(3, () => askTenantToken());
    expect(await statusesOf(40, askKeys)).toEqual(first);
    await lab.emulator?.close();
    await start({ failureRate: 0.5, failureSeed: 2 });
    expect(await statusesOf(40, askKeys)).not.toEqual(first);
  });

  it('spares the endpoints that are not named', async () => {
    await start({ failureRate: { 'app-token': 1 } });
    expect((await askAppToken()).status).toBe(503);
    expect((await askTenantToken()).status).toBe(200);
    expect((await askKeys()).status).toBe(200);
  });

  it('lets failNext go first', async () => {
    await start({ failureRate: 1 });
    lab.emulator?.failNext('token-keys', { status: 418 });
    expect(await statusesOf(2, askKeys)).toEqual([418, 503]);
  });

  it('remembers no more requests than its option says', async () => {
    await start({ rememberedRequests: 2 });
    await statusesOf(2, askKeys);
    await askTenantToken();
    expect(lab.emulator?.requests().map(({ endpoint }) => endpoint)).toEqual(['token-keys', 'tenant-token']);
    await lab.emulator?.close();
    await start({ rememberedRequests: 0 });
    await askKeys();
    expect(lab.emulator?.requests()).toEqual([]);
  });

  it.each([
    [{ latencyMs: -1 }, 'latencyMs'],
    [{ latencyMs: 2_147_483_648 }, 'latencyMs'],
    [{ failureRate: 1.1 }, 'failureRate'],
    [{ failureRate: Number.NaN }, 'failureRate'],
    [{ failureRate: { api: -0.1 } }, 'failureRate.api'],
    [{ failureRate: { apis: 0.1 } as object }, 'app-token'],
    [{ failureSeed: 0.5 }, 'failureSeed'],
    [{ rememberedRequests: -1 }, 'rememberedRequests'],
  ])('refuses %j', async (options, named) => {
    await expect(MindsphereEmulator.start(options)).rejects.toThrow(named);
  });
});
