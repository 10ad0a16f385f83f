import { type AddressInfo, createServer } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { storeCheck } from '../../../lib/cli/credentials/checks/store.js';
import { fakeTime, until } from '../../support/basics.js';

it('doctor does not wait for ever for a store that accepts connections and never answers', async () => {
  let connections = 0;
  const mute = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined).resume();
  });
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void mute.close());
  // The check loads it, which takes longer than `until` waits.
  await import('redis');
  fakeTime();
  const finding = storeCheck(`redis://127.0.0.1:${(mute.address() as AddressInfo).port}`).run();
  await until(() => connections > 0);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await finding).toMatchObject({ status: 'warning', summary: 'the store cannot be reached' });
});
