/** Runs candidates in turn, round after round, so that a noisy machine disturbs them alike. */
export async function interleave(rounds, candidates) {
  const results = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(candidates)) results[name].push(await run());
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

/** Microseconds per call of an asynchronous function, one after the other. */
export function timed(calls, run) {
  return async () => {
    const started = process.hrtime.bigint();
    for (let call = 0; call < calls; call += 1) await run(call);
    return Number(process.hrtime.bigint() - started) / 1_000 / calls;
  };
}

export function show(label, value, target) {
  console.log(`${label.padEnd(72)} ${value.padStart(12)}   ${target}`);
}
