import type { Check, Finding } from '../check.js';
import type { DoctorContext } from '../doctor-context.js';

/** `Date` has whole seconds. */
const RESOLUTION_MS = 1_000;

/** Compares the clock of this machine with the `Date` header of the answers so far. */
export function clockCheck(context: DoctorContext): Check {
  return { id: 'clock', needs: ['settings'], run: () => clockFinding(context) };
}

function clockFinding({ recorder, options }: DoctorContext): Finding {
  const skews = recorder.answers.flatMap(({ headers, at }) => {
    const date = Date.parse(headers.date ?? '');
    return Number.isNaN(date) ? [] : [at - date - RESOLUTION_MS / 2];
  });
  const skewMs = median(skews);
  if (skewMs === undefined) return { status: 'skipped', summary: 'no answer had a Date header' };
  const { clockToleranceMs } = options.verification;
  const seconds = Math.round(skewMs / 1_000);
  const details = { skewSeconds: seconds, toleranceMs: clockToleranceMs };
  if (Math.abs(skewMs) <= clockToleranceMs + RESOLUTION_MS) {
    return {
      status: 'ok',
      summary: `the clock differs by ${Math.abs(seconds)} s at most from the platform's`,
      details,
    };
  }
  return {
    status: 'failure',
    summary: `the clock of this machine is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the platform's`,
    remedy:
      'Synchronize the clock of this machine (NTP). verification.clockToleranceMs is no remedy for a wrong clock.',
    details,
  };
}

/** One wrong clock among several servers must not decide. */
function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
