import { onTestFinished, vi } from 'vitest';

/* What needs neither the library nor Nest, so that a small test starts soon. */

/** Input that the types forbid. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says what it pretends
export function forbidden<T>(value: unknown): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- callers in JavaScript know no types
  return value as T;
}

/** Time that stands still until it is moved; real HTTP goes on. */
export function fakeTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
}

/** How long something may fail to come to pass: 1 s that no faked clock touches, for a machine that others share. */
const PATIENCE_NS = 1_000_000_000n;

/** Lets real HTTP and promises go on until the condition holds; for use under faked time. */
export async function until(condition: () => boolean): Promise<void> {
  const end = process.hrtime.bigint() + PATIENCE_NS;
  while (process.hrtime.bigint() < end) {
    if (condition()) return;
    // oxlint-disable-next-line no-await-in-loop -- one turn of the event loop after the other
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('it did not come to pass');
}
