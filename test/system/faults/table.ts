/** What a fault led to, as the table shows it. */
export interface Row {
  /** Rows of a lower one stand first. */
  readonly group: number;
  readonly fault: string;
  readonly state: string;
  readonly outcome: string;
  readonly requests: number;
  readonly longestWaitMs: number;
  readonly promise: string;
}

const HEADINGS = ['Fault', 'In the cache', 'What callers get', 'Requests', 'Longest wait', 'The promise'];

/** A Markdown table; faults that led to the very same stand in one row. */
export function renderTable(rows: readonly Row[]): string {
  const merged = new Map<string, { faults: string[]; cells: string[] }>();
  for (const { fault, state, outcome, requests, longestWaitMs, promise } of rows.toSorted(
    (a, b) => a.group - b.group,
  )) {
    const cells = [state, outcome, String(requests), seconds(longestWaitMs), promise];
    const key = cells.join('|');
    const row = merged.get(key) ?? { faults: [], cells };
    row.faults.push(fault);
    merged.set(key, row);
  }
  const lines = [...merged.values()].map(({ faults, cells }) => [faults.join('; '), ...cells]);
  return [HEADINGS, HEADINGS.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Rounded up, so that no wait is shown shorter than it was. */
function seconds(ms: number): string {
  return ms === 0 ? 'none' : `${(Math.ceil(ms / 100) / 10).toFixed(1)} s`;
}
