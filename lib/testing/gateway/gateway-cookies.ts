import type { IncomingHttpHeaders } from 'node:http';
import type { EmulatedPlatform } from '../emulator/platforms/emulated-platform.js';
import type { Session } from './sessions.js';

/** Protocol page, section 8: the names are documented; that `siemens.app` has an XSRF cookie is not known. */
const SESSION_COOKIES = { mindsphere: 'SESSION', xcelerator: 'gw_session' } as const;
const XSRF_COOKIE = 'XSRF-TOKEN';

const ENDED = 'Max-Age=0';

/** The cookies of a gateway: what it sets, reads, and keeps from the application. */
export class GatewayCookies {
  readonly #sessions: readonly string[];

  /** @param platforms those of the gateway's users; the session cookie of a platform that has none is the application's */
  constructor(platforms: readonly EmulatedPlatform[]) {
    this.#sessions = [...new Set(platforms)].map((platform) => SESSION_COOKIES[platform]);
  }

  /** The session's id; `undefined` where it is missing, or stands there twice. */
  sessionId({ cookie = '' }: IncomingHttpHeaders): string | undefined {
    const found = pairsOf(cookie).filter((pair) => this.#sessions.includes(nameOf(pair)));
    const [pair = ''] = found;
    return found.length === 1 ? pair.slice(nameOf(pair).length + 1) : undefined;
  }

  /** A `Cookie` header without the gateway's own; `undefined` where nothing is left. */
  withoutOwn(cookie: string): string | undefined {
    const left = pairsOf(cookie).filter((pair) => !this.#isOwn(nameOf(pair)));
    return left.length > 0 ? left.join('; ') : undefined;
  }

  /** Values of `Set-Cookie` without those that would replace the gateway's own. */
  ofApplication(values: readonly string[]): string[] {
    return values.filter((value) => !this.#isOwn(nameOf(value)));
  }

  /**
   * Values of `Set-Cookie` that begin a session, and end one of another platform. Scripts may read the XSRF token only: they
   * have to repeat it.
   */
  begin({ id, xsrfToken, user }: Session): string[] {
    const name = SESSION_COOKIES[user.platform];
    return [
      `${name}=${id}; Path=/; HttpOnly; SameSite=Lax`,
      `${XSRF_COOKIE}=${xsrfToken}; Path=/; SameSite=Lax`,
      ...this.#sessions.filter((other) => other !== name).map(endedSession),
    ];
  }

  /** Values of `Set-Cookie` that end one. */
  end(): string[] {
    return [...this.#sessions.map(endedSession), `${XSRF_COOKIE}=; Path=/; SameSite=Lax; ${ENDED}`];
  }

  #isOwn(name: string): boolean {
    return this.#sessions.includes(name) || name === XSRF_COOKIE;
  }
}

function endedSession(name: string): string {
  return `${name}=; Path=/; HttpOnly; SameSite=Lax; ${ENDED}`;
}

function pairsOf(cookie: string): string[] {
  return cookie
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '');
}

function nameOf(pair: string): string {
  const [name = ''] = pair.split(/[=;]/, 1);
  return name.trim();
}
