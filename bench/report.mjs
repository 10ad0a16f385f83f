import { mkdirSync, writeFileSync } from 'node:fs';
import { brief } from './rounds.mjs';

/** Where results go: those of a brief run say nothing, and stay out of the repository. */
export const RESULTS = new URL(brief ? './results/brief/' : './results/', import.meta.url);

/** What one bench has found. `row.target` is `{ most }` or `{ least }`; without one a row is shown for comparison. */
export class Report {
  #rows = [];

  constructor(name, title) {
    this.name = name;
    this.title = title;
    console.log(`\n${title}`);
  }

  /** @param unit `×` for a ratio, else its unit. */
  row(label, value, unit, target) {
    const row = { label, value: Number(value.toPrecision(3)), unit, ...target };
    this.#rows.push(row);
    console.log(`  ${label.padEnd(76)} ${shown(row).padStart(12)}  ${verdict(row)}`);
  }

  save() {
    mkdirSync(RESULTS, { recursive: true });
    const result = { name: this.name, title: this.title, rows: this.#rows };
    writeFileSync(new URL(`${this.name}.json`, RESULTS), `${JSON.stringify(result, undefined, 2)}\n`);
  }
}

export function shown({ value, unit }) {
  const number = value >= 1_000 ? Math.round(value).toLocaleString('en') : String(value);
  return unit === '×' ? `${number} ×` : `${number} ${unit}`.trim();
}

export function demanded({ most, least, unit }) {
  if (most === undefined && least === undefined) return '';
  return most === undefined ? `at least ${shown({ value: least, unit })}` : `at most ${shown({ value: most, unit })}`;
}

/** Whether a row meets its target; `undefined` where it has none, or where a brief run cannot say. */
export function isMet({ value, most = Infinity, least = -Infinity, ...row }) {
  if ((most === Infinity && least === -Infinity) || (brief && row.unit !== 'requests')) return undefined;
  return value <= most && value >= least;
}

function verdict(row) {
  const met = isMet(row);
  return [demanded(row), met === undefined ? '' : met ? 'met' : 'MISSED'].filter(Boolean).join(': ');
}
