/**
 * A moment by both clocks, in milliseconds: the wall clock, which may be set, and the monotonic one, which stands still
 * while a machine sleeps.
 */
export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/** This moment. */
export function now(): Moment {
  return { wall: Date.now(), monotonic: performance.now() };
}

/** Milliseconds since a moment, by the clock that says more: neither a nap nor a clock set back makes a token younger. */
export function elapsedSince(moment: Moment): number {
  return Math.max(Date.now() - moment.wall, performance.now() - moment.monotonic);
}

/** The moment that was so many milliseconds before another. */
export function before({ wall, monotonic }: Moment, milliseconds: number): Moment {
  return { wall: wall - milliseconds, monotonic: monotonic - milliseconds };
}
