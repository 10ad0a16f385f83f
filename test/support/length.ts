/*
 * `npm test` is to end soon, so it sends less, and leaves out what takes long and shows little more. A spec that asks
 * here runs once more in the project `system` at full length: see vitest.config.ts.
 */

/** Whether everything runs at full length, as `npm run test:system` and CI have it. */
export const isFullLength = process.env['SYSTEM_TESTS'] === 'full';

/** So many requests or tokens of a flood of the given size: a twentieth, or all at full length. */
export function flood(size: number): number {
  return isFullLength ? size : Math.ceil(size / 20);
}

/** One of two sizes, or of two of anything: what `npm test` has, and what there is at full length. */
export function short<T>(here: T, atFullLength: T): T {
  return isFullLength ? atFullLength : here;
}

/**
 * Of cases that hold at each of several places (adapters, routes, kinds), those whose turn it is at this one; at full
 * length, and where there is not one for each place, all of them.
 */
export function inTurn<T>(cases: readonly T[], place: unknown, places: readonly unknown[]): T[] {
  if (isFullLength || cases.length < places.length) return [...cases];
  return cases.filter((_, at) => at % places.length === places.indexOf(place));
}
