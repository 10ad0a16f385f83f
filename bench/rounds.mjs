/** Whether each bench only shows that it works: few calls, one round, no time judged. */
export const brief = process.argv.includes('--brief') || process.env.BENCH_BRIEF === '1';

/** Rounds of a bench: of an odd number, so that the median is a measured one. */
export const rounds = brief ? 1 : 9;

/** Runs candidates in turn, round after round, so that a noisy machine disturbs them alike. The first one warms up. */
export async function interleave(candidates, count = rounds) {
  const results = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]));
  for (let round = brief ? 0 : -1; round < count; round += 1) {
    for (const [name, run] of Object.entries(candidates)) {
      const value = await run();
      if (round >= 0) results[name].push(value);
    }
  }
  return results;
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** The median of the ratios of each round. */
export function ratio(results, of, to) {
  return median(results[of].map((value, round) => value / results[to][round]));
}

/** The median of the differences of each round. */
export function difference(results, of, to) {
  return median(results[of].map((value, round) => value - results[to][round]));
}

/** Microseconds per call of an asynchronous function, one after the other. */
export function timed(calls, run) {
  return async () => {
    const started = process.hrtime.bigint();
    for (let call = 0; call < calls; call += 1) await run(call);
    return Number(process.hrtime.bigint() - started) / 1_000 / calls;
  };
}

/** Microseconds per call of a function that answers at once. */
export function timedSync(calls, run) {
  return () => {
    const started = process.hrtime.bigint();
    for (let call = 0; call < calls; call += 1) run(call);
    return Number(process.hrtime.bigint() - started) / 1_000 / calls;
  };
}
