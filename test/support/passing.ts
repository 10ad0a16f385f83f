import { vi } from 'vitest';

/** Under faked time: lets it pass in small steps, with real HTTP between two, until the promise is settled. */
export async function passing<T>(promise: Promise<T>, longestMs = 20_000): Promise<{ value: T; ms: number }> {
  const began = performance.now();
  const state = { isSettled: false };
  const settled = promise.finally(() => (state.isSettled = true));
  settled.catch(() => undefined);
  while (!state.isSettled && performance.now() - began < longestMs) {
    for (let turn = 0; turn < 20; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one turn of the event loop after the other
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (!state.isSettled) vi.advanceTimersByTime(10);
  }
  if (!state.isSettled) throw new Error('it hangs');
  return { value: await settled, ms: performance.now() - began };
}
