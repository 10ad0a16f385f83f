import { Logger } from '@nestjs/common';
import { LineWindow } from '../token/line-window.js';

const MOST_LINES = 10;
const LONGEST_LINE = 300;
/** Stricter than for the words of a server: these are our own, and may name hosts. */
const JWT_LIKE = /[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g;

/** Log lines about refused requests: a few at a time, on one line each, without tokens. */
export class RefusalLog {
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #window = new LineWindow({
    most: MOST_LINES,
    sayMore: (count) => this.#logger.warn(`${count} more refusals were not logged.`),
    // It belongs to the process, so no application would end its timer.
    timed: false,
  });

  constructor(logger: Pick<Logger, 'warn'> = new Logger('UserTokenGuard')) {
    this.#logger = logger;
  }

  note(reason: string): void {
    this.#window.note(() => this.#logger.warn(printable(reason)));
  }
}

function printable(reason: string): string {
  const line = reason.replace(JWT_LIKE, '***').replace(/[^\x20-\x7e]/g, '?');
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}...` : line;
}
