import { Logger } from '@nestjs/common';
import { elapsedSince, type Moment, now } from '../token/clock.js';

const MOST_LINES = 10;
const WINDOW_MS = 10_000;
const LONGEST_LINE = 300;
const JWT_LIKE = /[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g;

/** Log lines about refused requests: a few at a time, on one line each, without tokens. */
export class RefusalLog {
  readonly #logger: Pick<Logger, 'warn'>;
  #began: Moment = now();
  #lines = 0;
  #left = 0;

  constructor(logger: Pick<Logger, 'warn'> = new Logger('UserTokenGuard')) {
    this.#logger = logger;
  }

  note(reason: string): void {
    if (elapsedSince(this.#began) >= WINDOW_MS) this.#openWindow();
    if (this.#lines >= MOST_LINES) {
      this.#left += 1;
      return;
    }
    this.#lines += 1;
    this.#logger.warn(printable(reason));
  }

  #openWindow(): void {
    if (this.#left > 0) this.#logger.warn(`${this.#left} more refusals were not logged.`);
    this.#began = now();
    this.#lines = 0;
    this.#left = 0;
  }
}

function printable(reason: string): string {
  const line = reason.replace(JWT_LIKE, '***').replace(/[^\x20-\x7e]/g, '?');
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}...` : line;
}
