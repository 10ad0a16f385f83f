import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { GatewayUser } from './gateway-user.js';

/** Limit, so that a script that signs in again and again does not fill the memory: the oldest session ends. */
const MOST_SESSIONS = 1_000;
const ID_BYTES = 32;

/** A user who is signed in, for a while. */
export class Session {
  readonly id = randomId();
  /** What the header `x-xsrf-token` of a writing request must repeat. */
  readonly xsrfToken = randomId();
  readonly #sockets = new Set<Duplex>();

  constructor(
    readonly user: GatewayUser,
    /** By `Date.now()`. */
    readonly expiresAt: number,
  ) {}

  /** Whether a header repeats the XSRF token. */
  isProvenBy(header: string | string[] | undefined): boolean {
    const given = Buffer.from(String(header));
    const expected = Buffer.from(this.xsrfToken);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  /** Ties an upgraded connection to the session: it was opened for this user and ends with the session. */
  attach(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** Closes the connections. */
  end(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** The sessions of one gateway, by their ids. */
export class Sessions {
  readonly #lifeMs: number;
  readonly #entries = new Map<string, { readonly session: Session; readonly timer: NodeJS.Timeout }>();

  constructor(lifeMs: number) {
    this.#lifeMs = lifeMs;
  }

  /** Begins a session with a new random id. */
  begin(user: GatewayUser): Session {
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined && this.#entries.size >= MOST_SESSIONS) this.end(oldest);
    const session = new Session(user, Date.now() + this.#lifeMs);
    const timer = setTimeout(() => this.end(session.id), this.#lifeMs).unref();
    this.#entries.set(session.id, { session, timer });
    return session;
  }

  /** The session of an id, unless it has ended. Timers are late after the laptop has slept, so the clock decides, too. */
  find(id: string | undefined): Session | undefined {
    const session = id === undefined ? undefined : this.#entries.get(id)?.session;
    if (!session || session.expiresAt > Date.now()) return session;
    this.end(session.id);
    return undefined;
  }

  /** Ends a session, if there is one. */
  end(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    clearTimeout(entry.timer);
    this.#entries.delete(id);
    entry.session.end();
  }

  /** Ends all of them. */
  endAll(): void {
    for (const id of this.#entries.keys()) this.end(id);
  }
}

function randomId(): string {
  return randomBytes(ID_BYTES).toString('base64url');
}
