import { vi } from 'vitest';

/** Taken before a test fakes it. */
const realSetTimeout = globalThis.setTimeout;
const STEP_MS = 10;

/** Under faked time: lets it pass in small steps, with real HTTP between two, until the promise is settled. */
export async function passing<T>(promise: Promise<T>, longestMs = 20_000): Promise<{ value: T; ms: number }> {
  const began = performance.now();
  const state = { isSettled: false };
  const settled = promise.finally(() => (state.isSettled = true));
  settled.catch(() => undefined);
  while (!state.isSettled && performance.now() - began < longestMs) {
    // oxlint-disable-next-line no-await-in-loop -- one step after the other
    await realWork();
    if (!state.isSettled) vi.advanceTimersByTime(STEP_MS);
  }
  if (!state.isSettled) throw new Error('it hangs');
  return { value: await settled, ms: performance.now() - began };
}

/** Under faked time: lets so much of it pass, in small steps, with real HTTP between two. */
export async function pass(ms: number, stepMs = STEP_MS): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    vi.advanceTimersByTime(stepMs);
    // oxlint-disable-next-line no-await-in-loop -- one step after the other
    await realWork();
  }
}

/** Time for what no faked clock holds back: HTTP on this machine, and the threads in which ciphers work. */
async function realWork(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one turn of the event loop after the other
    await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => realSetTimeout(resolve, 1));
}
