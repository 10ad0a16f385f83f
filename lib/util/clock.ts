// By import: immediates that a test fakes would not end with the turn.
import { setImmediate } from 'node:timers';

/**
 * A moment by both clocks, in milliseconds: the wall clock, which may be set, and the monotonic one, which stands still
 * while a machine sleeps.
 */
export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/** What the ends of lives are counted from: small whole numbers stand in their object, others in one of their own. */
const ORIGIN = Date.now();

/** The end of a life by both clocks, in whole milliseconds: since {@link ORIGIN}, and as the monotonic clock counts. */
export interface End {
  readonly wallEnd: number;
  readonly monotonicEnd: number;
}

/** Reading the monotonic clock costs as much as all the rest of a cached call, so a burst of calls shares readings. */
const BURST = 16;

let lastWall = 0;
/** How far the monotonic clock was ahead of the wall clock when both were read last. */
let monotonicAhead = 0;
/** Calls in a row, in one turn of the event loop, that found the wall clock where the call before had left it. */
let inARow = 0;

/** This moment. */
export function now(): Moment {
  inARow = 0;
  return { wall: Date.now(), monotonic: performance.now() };
}

/** Milliseconds since a moment, by the clock that says more: neither a nap nor a clock set back makes a token younger. */
export function elapsedSince(moment: Moment): number {
  const wall = Date.now();
  return Math.max(wall - moment.wall, monotonicAt(wall) - moment.monotonic);
}

/** When a life is over that began at a moment. */
export function endOf(lifeMs: number, { wall, monotonic }: Moment): End {
  return { wallEnd: whole(wall - ORIGIN + lifeMs), monotonicEnd: whole(monotonic + lifeMs) };
}

/** Rounded down, and of the kind that V8 keeps in place, which `Math.floor` alone does not give. */
function whole(value: number): number {
  const floor = Math.floor(value);
  const small = floor | 0;
  return small === floor ? small : floor;
}

/** Milliseconds until the end of a life, by the clock that says less. */
export function leftUntil(wallEnd: number, monotonicEnd: number): number {
  const wall = Date.now();
  return Math.min(wallEnd - (wall - ORIGIN), monotonicEnd - monotonicAt(wall));
}

/**
 * The monotonic clock at a reading of the wall clock. It is read, too, unless this is one of a burst of calls: then the
 * wall clock has gone on by a millisecond at most since the call before, so nobody has set it, and the monotonic clock
 * must have done the same.
 */
function monotonicAt(wall: number): number {
  const gone = wall - lastWall;
  lastWall = wall;
  inARow = gone === 0 || gone === 1 ? inARow + 1 : 0;
  if (inARow > BURST) return wall + monotonicAhead;
  if (inARow === BURST) setImmediate(endBurst).unref();
  const monotonic = performance.now();
  monotonicAhead = monotonic - wall;
  return monotonic;
}

function endBurst(): void {
  inARow = 0;
}

/** The moment that was so many milliseconds before another. */
export function before({ wall, monotonic }: Moment, milliseconds: number): Moment {
  return { wall: wall - milliseconds, monotonic: monotonic - milliseconds };
}
