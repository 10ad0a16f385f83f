import { Logger } from '@nestjs/common';
import { LogLimiter } from '../util/log-limiter.js';
import { withoutTokens } from '../util/redaction.js';

const MOST_LINES = 10;
const LONGEST_LINE = 300;

/** Log lines about refused requests: a few at a time, on one line each, without tokens. */
export class RefusalLog {
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #window = new LogLimiter({
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
  const line = withoutTokens(reason).replace(/[^\x20-\x7e]/g, '?');
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}...` : line;
}
