import { Logger } from '@nestjs/common';
import { LogLimiter } from '../util/log-limiter.js';
import { withoutTokens } from '../util/redaction.js';

const MOST_LINES = 10;
const LONGEST_REASON = 300;
const LONGEST_PLACE = 120;
/** What is read of a longer value: enough to find a token that begins within the line. */
const LONGEST_READ = 4_096;

/** Log lines about refused requests: a few at a time, on one line each, without tokens. */
export class RefusalLog {
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #window = new LogLimiter({
    most: MOST_LINES,
    sayMore: (count) => this.#logger.warn(`${count} more refusals were not logged.`),
    // Its owners have no hook in which they could end a timer.
    timed: false,
  });

  constructor(logger: Pick<Logger, 'warn'> = new Logger('UserTokenGuard')) {
    this.#logger = logger;
  }

  /**
   * @param place where it was refused, such as `GET /assets/:id`; asked for lines that are written only, and left out where
   * it is not known.
   */
  note(reason: string, place: () => string | undefined = () => undefined): void {
    this.#window.note(() => {
      const known = place();
      const suffix = known === undefined ? '' : ` [${printable(known, LONGEST_PLACE)}]`;
      this.#logger.warn(printable(reason, LONGEST_REASON) + suffix);
    });
  }
}

function printable(value: string, longest: number): string {
  const line = withoutTokens(value.slice(0, LONGEST_READ)).replace(/[^\x20-\x7e]/g, '?');
  return line.length > longest ? `${line.slice(0, longest)}...` : line;
}
