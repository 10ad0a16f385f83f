import { now } from '../util/clock.js';

/** Reads at once, and the time in which one more is added: 18 + 60 s / 5 s are at most 30 in any minute. */
const READS_AT_ONCE = 18;
const REFILL_MS = 5_000;
/** A read that is older counts as wasted, whatever follows it. */
const WINDOW_MS = 60_000;
const LONGEST_LINE = 1_000;

/**
 * For whom a set is read, from the best evidence to none. Each class leaves one read to every class before it, so that no
 * class can use up what the classes before it need.
 */
export const READERS = {
  /** The platform's set, or a token signed by a key that has verified tokens: an outsider cannot forge that. */
  proven: 0,
  /** A set that has verified tokens. */
  inUse: 1,
  /** An issuer that the options name. */
  listed: 2,
  /** An unknown issuer that was denied a read, and retries in time. */
  retrying: 3,
  /** An unknown issuer that was denied a read, and retries later than it was told to. */
  late: 4,
  /** An unknown issuer. */
  unknown: 5,
  /** An unknown issuer whose set was read before, and has verified no token. */
  fruitless: 6,
} as const;

/** One of {@link READERS}. */
export type Reader = (typeof READERS)[keyof typeof READERS];

/** No read may begin now. */
export class ReadDenied extends Error {
  /** @param retryAfterMs until a read of this class may begin, if none begins before. */
  constructor(readonly retryAfterMs: number) {
    super('the rate limit for reads of key sets is reached');
  }
}

/**
 * Limits the reads of key sets that no verified token follows: 30 in any minute for one registration. A read is given
 * back once a token is verified with what it has read, so genuine tokens of any number of tenants cost nothing. While a
 * read is on its way that may be given back, those for whom none is left wait in line for it.
 */
export class ReadLimit {
  /** Reads of the last minute that nothing has followed yet, the oldest first. */
  #reads: PermittedRead[] = [];
  /** How many reads were left after the last one that is older than a minute. */
  #level = READS_AT_ONCE;
  #leveledAt = now().monotonic;
  readonly #open = new Set<PermittedRead>();
  #line: Waiting[] = [];

  /** A permission, at once or after waiting for one that is given back. Fails with {@link ReadDenied}. */
  async take(reader: Reader): Promise<PermittedRead> {
    const waitMs = this.waitMs(reader);
    if (waitMs === 0) return this.#grant();
    if (this.#open.size === 0 || this.#line.length >= LONGEST_LINE) throw new ReadDenied(waitMs);
    return new Promise((grant, deny) => {
      this.#line.push({ reader, grant, deny });
    });
  }

  /** Milliseconds until a class may begin a read; 0 where it may now. */
  waitMs(reader: Reader): number {
    const missing = reader + 1 - this.#currentLevel();
    return missing <= 0 ? 0 : Math.ceil(missing * REFILL_MS);
  }

  #grant(): PermittedRead {
    const read: PermittedRead = {
      at: now().monotonic,
      repeat: () => this.#repeat(read),
      giveBack: () => this.#giveBack(read),
      end: () => this.#end(read),
    };
    this.#reads.push(read);
    this.#open.add(read);
    return read;
  }

  /** A second request of the same read counts like any other, and is given back with it. */
  #repeat(first: PermittedRead): boolean {
    if (this.waitMs(READERS.proven) > 0) return false;
    this.#reads.push({ ...first, at: now().monotonic, first });
    return true;
  }

  #giveBack(read: PermittedRead): void {
    this.#reads = this.#reads.filter((other) => other !== read && other.first !== read);
    this.#serveLine();
  }

  #end(read: PermittedRead): void {
    if (this.#open.delete(read)) this.#serveLine();
  }

  #serveLine(): void {
    // Within a class, first come, first served: the sort is stable.
    const waiting = this.#line.toSorted((one, other) => one.reader - other.reader);
    this.#line = [];
    for (const { reader, grant, deny } of waiting) {
      const waitMs = this.waitMs(reader);
      if (waitMs === 0) grant(this.#grant());
      else if (this.#open.size === 0) deny(new ReadDenied(waitMs));
      else this.#line.push({ reader, grant, deny });
    }
  }

  /** Computed from the list of reads, so that one that is given back leaves no trace. */
  #currentLevel(): number {
    const { monotonic } = now();
    this.#fold(monotonic - WINDOW_MS);
    let [level, at] = [this.#level, this.#leveledAt];
    for (const read of this.#reads) [level, at] = [refilled(level, read.at - at) - 1, read.at];
    return refilled(level, monotonic - at);
  }

  #fold(before: number): void {
    for (let [read] = this.#reads; read !== undefined && read.at < before; [read] = this.#reads) {
      this.#level = refilled(this.#level, read.at - this.#leveledAt) - 1;
      this.#leveledAt = read.at;
      this.#reads.shift();
    }
  }
}

function refilled(level: number, elapsedMs: number): number {
  return Math.min(READS_AT_ONCE, level + Math.max(0, elapsedMs) / REFILL_MS);
}

interface Waiting {
  readonly reader: Reader;
  readonly grant: (read: PermittedRead) => void;
  readonly deny: (reason: ReadDenied) => void;
}

/** One read that the limit permitted. */
export interface PermittedRead {
  /** When, by the monotonic clock. */
  readonly at: number;
  /** The read whose second request this is. */
  readonly first?: PermittedRead;
  /** Whether one more request may be made for the same read. */
  readonly repeat: () => boolean;
  /** A token was verified with what it has read. */
  readonly giveBack: () => void;
  /** Every token that waited for it was verified or refused. */
  readonly end: () => void;
}
