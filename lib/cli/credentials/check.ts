/** How a check ended. */
export type CheckStatus = 'ok' | 'warning' | 'failure' | 'skipped';

/** What a check found. Holds no secret and no token. */
export interface Finding {
  readonly status: CheckStatus;
  /** What was seen, in one line. */
  readonly summary: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** Values that were seen, by name. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** One thing to check. */
export interface Check {
  /** Stable: part of the output of `--json`. */
  readonly id: string;
  /** Checks that must not have failed, because this one could then only repeat their failure. */
  readonly needs?: readonly string[];
  readonly run: () => Finding | Promise<Finding>;
}

/** A check with what it found, as `--json` prints it. */
export interface CheckReport extends Finding {
  readonly id: string;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

/** Runs checks in their order. A check whose need failed or was skipped is skipped, and says which need that was. */
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
    // What a check did not foresee may hold anything, so its message is not printed.
    return { status: 'failure', summary: 'the check itself failed', remedy: 'Report this as a fault of the command.' };
  }
}
