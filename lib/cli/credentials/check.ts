/** How a check ended. */
type CheckStatus = 'ok' | 'warning' | 'failure' | 'skipped';

/** The result of a check. Holds no secret and no token. */
export interface Finding {
  readonly status: CheckStatus;
  /** The result in one line. */
  readonly summary: string;
  /** What the reader should do. */
  readonly remedy?: string;
  /** Values that the check has read, by name. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** One thing to check. */
export interface Check {
  /** Stable: part of the output of `--json`. */
  readonly id: string;
  /** Checks without which this one is skipped, because it would only repeat their failure. */
  readonly needs?: readonly string[];
  readonly run: () => Finding | Promise<Finding>;
}

/** A check and its result, as `--json` prints them. */
export interface CheckReport extends Finding {
  readonly id: string;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

/** Runs checks in order. A check is skipped, with the reason, where one that it needs failed or was skipped. */
export async function runChecks(
  checks: readonly Check[],
  onReport: (report: CheckReport) => void = () => undefined,
): Promise<CheckReport[]> {
  const reports: CheckReport[] = [];
  for (const check of checks) {
    const began = performance.now();
    const finding = unmetNeed(check, reports) ?? (await runOne(check));
    const report = { id: check.id, ...finding, durationMs: Math.round(performance.now() - began) };
    reports.push(report);
    onReport(report);
  }
  return reports;
}

function unmetNeed({ needs = [] }: Check, reports: readonly CheckReport[]): Finding | undefined {
  const unmet = reports.find(({ id, status }) => needs.includes(id) && (status === 'failure' || status === 'skipped'));
  if (unmet === undefined) return undefined;
  const why = unmet.status === 'failure' ? 'failed' : 'was skipped';
  return { status: 'skipped', summary: `not checked, because ${unmet.id} ${why}` };
}

async function runOne(check: Check): Promise<Finding> {
  try {
    return await check.run();
  } catch {
    // The message is not printed, because an unforeseen error may hold a secret.
    return { status: 'failure', summary: 'the check itself failed', remedy: 'Report this as a fault of the command.' };
  }
}

const SIGNS: Readonly<Record<CheckStatus, string>> = {
  ok: 'ok',
  warning: 'warning',
  failure: 'FAILURE',
  skipped: 'skipped',
};
/** Colours of terminals: green, yellow, red, grey. */
const COLOURS: Readonly<Record<CheckStatus, number>> = { ok: 32, warning: 33, failure: 31, skipped: 90 };
const SIGN_WIDTH = 9;

/** The lines for one check, for people. Without colours where the output is not a terminal. */
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
