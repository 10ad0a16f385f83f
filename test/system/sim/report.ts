import { TIMELINE } from './instances.js';

const BARS = ' ▁▂▃▄▅▆▇█';
/** Of the axis: below one request per minute there is nothing to see. */
const DECADES = 6;

/** What is said of one scenario, per minute. */
export interface Figures {
  readonly 'mean, steady': number;
  readonly 'peak, steady': number;
  readonly 'peak, start': number;
  readonly 'peak, restart': number;
  readonly 'peak, outage': number;
  readonly total: number;
  readonly 'minutes with 429': number;
  readonly 'first 429': string;
}

/** The requests of each minute in a few figures, against a limit per minute. */
export function figuresOf(perMinute: readonly number[], limit: number): Figures {
  const [, started] = TIMELINE.start;
  const [restart] = TIMELINE.restart;
  const [outage, recovered] = TIMELINE.outage;
  const steady = perMinute.slice(started, restart);
  const over = perMinute.flatMap((count, minute) => (count > limit ? [minute] : []));
  return {
    'mean, steady': Math.round(sum(steady) / steady.length),
    'peak, steady': Math.max(...steady),
    'peak, start': Math.max(...perMinute.slice(0, started)),
    'peak, restart': Math.max(...perMinute.slice(restart, outage)),
    'peak, outage': Math.max(...perMinute.slice(outage, recovered)),
    total: sum(perMinute),
    'minutes with 429': over.length,
    'first 429': over.length === 0 ? 'never' : `minute ${over[0]}`,
  };
}

/** One bar for each minute, on a logarithmic scale from 1 to 1,000,000; below it, where the limit is passed. */
export function chartOf(perMinute: readonly number[], limit: number): string {
  const bars = perMinute.map((count) => BARS[Math.min(8, Math.ceil((Math.log10(Math.max(1, count)) / DECADES) * 8))]);
  const marks = perMinute.map((count) => (count > limit ? '!' : ' '));
  return `${bars.join('')}\n${marks.join('').trimEnd()}`;
}

/** What happens when, below a chart. */
export function axis(): string {
  const line = Array.from<string>({ length: TIMELINE.end }).fill(' ');
  for (const [name, [from, to]] of Object.entries({
    starts: TIMELINE.start,
    restart: TIMELINE.restart,
    'no store': TIMELINE.outage,
  })) {
    const text = `|${name}`.padEnd(to - from - 1, '-').slice(0, to - from - 1) + '|';
    line.splice(from, text.length, ...text.split(''));
  }
  return line.join('').trimEnd();
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
