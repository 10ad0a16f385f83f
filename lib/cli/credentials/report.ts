import type { CheckReport, CheckStatus } from './check.js';

const SIGNS: Readonly<Record<CheckStatus, string>> = {
  ok: 'ok',
  warning: 'warning',
  failure: 'FAILURE',
  skipped: 'skipped',
};
/** Colours of terminals: green, yellow, red, grey. */
const COLOURS: Readonly<Record<CheckStatus, number>> = { ok: 32, warning: 33, failure: 31, skipped: 90 };
const SIGN_WIDTH = 9;

/** One check, for people. Without colours where the output is no terminal. */
export function lineOf({ id, status, summary, remedy, durationMs }: CheckReport, coloured: boolean): string {
  const sign = SIGNS[status].padEnd(SIGN_WIDTH);
  const shown = coloured ? `\u001B[${COLOURS[status]}m${sign}\u001B[0m` : sign;
  const time = status === 'skipped' ? '' : ` (${durationMs} ms)`;
  const first = `${shown} ${id}${time}: ${summary}`;
  return remedy === undefined ? first : `${first}\n${' '.repeat(SIGN_WIDTH + 1)}-> ${remedy}`;
}

/** The last line. */
export function conclusionOf(reports: readonly CheckReport[]): string {
  const count = (wanted: CheckStatus) => reports.filter(({ status }) => status === wanted).length;
  return `${count('ok')} ok, ${count('warning')} warnings, ${count('failure')} failures, ${count('skipped')} skipped`;
}
