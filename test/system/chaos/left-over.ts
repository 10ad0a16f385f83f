type Timers = Pick<typeof globalThis, 'setTimeout' | 'clearTimeout' | 'setInterval' | 'clearInterval'>;

/**
 * Notes every timer that is set, from now on, by what uses the global functions: `getActiveResourcesInfo` does not know
 * those that do not keep the process alive.
 */
export class TimerBook {
  readonly #pending = new Map<NodeJS.Timeout, Error>();
  readonly #original: Timers;

  constructor() {
    const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
    this.#original = { setTimeout, clearTimeout, setInterval, clearInterval };
    const forget = (handle: unknown) => this.#pending.delete(handle as NodeJS.Timeout);
    const note = (handle: NodeJS.Timeout) => {
      this.#pending.set(handle, new Error('set'));
      return handle;
    };
    const timeout = (callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
      const handle: NodeJS.Timeout = setTimeout(() => {
        forget(handle);
        callback(...args);
      }, ms);
      return note(handle);
    };
    const clear = (handle: unknown) => {
      forget(handle);
      clearTimeout(handle as NodeJS.Timeout);
    };
    Object.assign(globalThis, {
      setTimeout: Object.assign(timeout, setTimeout),
      setInterval: (...given: Parameters<typeof setInterval>) => note(setInterval(...given)),
      clearTimeout: clear,
      clearInterval: clear,
    });
  }

  /** Where timers were set that have neither fired nor been cleared. */
  get pending(): string[] {
    // Written out only now: that is what takes long.
    return [...this.#pending.values()].map(({ stack = '' }) => stack.split('\n').slice(3, 6).join(''));
  }

  close(): void {
    for (const handle of this.#pending.keys()) clearTimeout(handle);
    Object.assign(globalThis, this.#original);
  }
}

/** What keeps this process alive, beyond what did before. */
export function aliveBeyond(before: readonly string[]): string[] {
  const rest = [...before];
  return process.getActiveResourcesInfo().filter((name) => {
    const at = rest.indexOf(name);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
