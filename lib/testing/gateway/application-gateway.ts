import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { platformError, refuseUpgrade, writeAnswer } from '../emulator/http/answer.js';
import { pathOf } from '../emulator/http/emulated-request.js';
import { hold } from '../emulator/traffic/traffic.js';
import type { EmulatorControl, EmulatorFront, RecordedAs } from '../emulator/control/emulator-control.interface.js';
import { EmulatorOptionError } from '../emulator/options/checks.js';
import type { EmulatedPlatform } from '../emulator/platforms/emulated-platform.js';
import type { ApplicationGatewayOptions } from './application-gateway-options.interface.js';
import { ApplicationProxy } from './application-proxy.js';
import { GatewayCookies } from './gateway-cookies.js';
import { GatewayPages, HOME_PATH, LOGOUT_PATH } from './gateway-pages.js';
import { type GatewaySettings, resolveGateway } from './gateway-settings.js';
import { GatewayUser } from './gateway-user.js';
import { localPath } from './local-path.js';
import { applicationDownPage, refusedPage } from './pages/failure.page.js';
import { sendPage } from './pages/layout.js';
import { signInPage } from './pages/sign-in.page.js';
import { type Session, Sessions } from './sessions.js';
import { isFromOwnPage, isOwnMachine } from './own-address.js';

/** Function that makes the emulator answer a request. */
type Pass = Parameters<EmulatorFront['handle']>[2];

/** Methods that change nothing, so they need no XSRF token. */
const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];

const LOGOUT_METHODS: readonly string[] = ['GET', 'POST'];

/** What a gateway consists of. */
interface Parts {
  readonly settings: GatewaySettings;
  readonly users: readonly GatewayUser[];
  readonly emulator: EmulatorControl;
  readonly cookies: GatewayCookies;
  readonly proxy: ApplicationProxy;
}

/**
 * The gateway in front of an application: it signs users in and adds their tokens to requests. What is meant for the
 * emulated platform goes on to the emulator.
 */
export class ApplicationGateway implements EmulatorFront {
  readonly #parts: Parts;
  readonly #sessions: Sessions;
  readonly #pages: GatewayPages;

  private constructor(parts: Parts) {
    const { settings, users, emulator, cookies } = parts;
    this.#parts = parts;
    this.#sessions = new Sessions(settings.sessionMs);
    const shown = { users, sessions: this.#sessions, application: settings.url };
    this.#pages = new GatewayPages({ ...shown, cookies, emulator });
  }

  /**
   * Makes a gateway; it makes no request.
   *
   * @throws TypeError for an option that no gateway could work with
   * @throws Error where the package that proxies is not installed
   */
  static async open(options: ApplicationGatewayOptions, emulator: EmulatorControl): Promise<ApplicationGateway> {
    const settings = resolveGateway(options);
    const { url, platform } = settings;
    if (url.origin === emulator.origin) throw new EmulatorOptionError('url', 'must not be the emulator itself');
    if (!isOwnMachine(emulator.host)) {
      throw new EmulatorOptionError('host', 'must be a loopback address: every caller of the gateway may sign in');
    }
    const users = settings.users.map((user) => new GatewayUser(user, platform, emulator));
    const cookies = new GatewayCookies(users.map((user) => user.platform));
    const proxy = await ApplicationProxy.open(url, cookies, {
      unreachable: (message, response, reason) => answerUnreachable(url, message, response, reason),
    });
    return new ApplicationGateway({ settings, users, emulator, cookies, proxy });
  }

  /** Answers a page of its own, signs somebody in or out, or passes the request on with the token of its user. */
  async handle(message: IncomingMessage, response: ServerResponse, pass: Pass): Promise<void> {
    const path = pathOf(message.url ?? '');
    const page = this.#pages.find(message.method ?? '', path);
    if (page) return page(message, response);
    if (path.startsWith(HOME_PATH)) return pass();
    const session = this.#sessionOf(message);
    if (this.#isEmulated(path) && this.#isAdmissible(message, session)) return pass(this.#asUser(session));
    const isPassedOn = path !== LOGOUT_PATH && this.#isAdmissible(message, session);
    this.#record(message, response, {
      endpoint: isPassedOn ? 'application' : 'gateway',
      platform: this.#platformOf(session),
    });
    const { latencyMs } = this.#parts.emulator;
    if (latencyMs > 0 && !(await hold(message.socket, latencyMs))) return;
    if (path === LOGOUT_PATH) return this.#signOut(message, response);
    if (!isPassedOn) return this.#refuse(message, response, session);
    this.#rewriteHeaders(message, session);
    this.#parts.proxy.web(message, response);
  }

  /** Passes a WebSocket on to the application; it ends with the session. */
  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { emulator, proxy } = this.#parts;
    const session = this.#sessionOf(message);
    const refusal = this.#upgradeRefusal(message, session);
    const endpoint = refusal === undefined ? 'application' : 'gateway';
    const done = emulator.record(message, { endpoint, platform: this.#platformOf(session) });
    if (refusal !== undefined) {
      done(refusal);
      return refuseUpgrade(socket, refusal);
    }
    session?.attach(socket);
    this.#rewriteHeaders(message, session);
    proxy.upgrade(message, socket, head, done);
  }

  /** Ends all sessions, and the WebSockets with them. */
  close(): void {
    this.#sessions.endAll();
  }

  /** Whether the request may go on: with a session and, where it writes, its XSRF token; or with a token of its own. */
  #isAdmissible(message: IncomingMessage, session: Session | undefined): boolean {
    if (!session) return hasBearerToken(message);
    return isSafe(message) || session.isProvenBy(message.headers['x-xsrf-token']);
  }

  #refuse(message: IncomingMessage, response: ServerResponse, session: Session | undefined): void {
    if (session) refuseUnproven(message, response);
    else this.#askToSignIn(message, response);
  }

  #askToSignIn(message: IncomingMessage, response: ServerResponse): void {
    const to = isSafe(message) ? message.url : undefined;
    if (isForPage(message)) return sendPage(response, 200, signInPage(this.#parts.users, localPath(to)));
    const challenge = { 'www-authenticate': 'Bearer', 'cache-control': 'no-store' };
    writeAnswer(response, platformError(401, 'unauthorized', 'There is no session, or it has ended', challenge));
  }

  #signOut(message: IncomingMessage, response: ServerResponse): void {
    if (!LOGOUT_METHODS.includes(message.method ?? '')) {
      return writeAnswer(
        response,
        platformError(405, 'method', 'Method not allowed', { allow: LOGOUT_METHODS.join(', ') }),
      );
    }
    const session = this.#sessionOf(message);
    if (session) this.#sessions.end(session.id);
    response.setHeader('set-cookie', this.#parts.cookies.end());
    if (isForPage(message)) return sendPage(response, 200, signInPage(this.#parts.users, '/', 'You are signed out.'));
    writeAnswer(response, { status: 204, headers: { 'cache-control': 'no-store' } });
  }

  /** The application gets neither the gateway's cookies nor an `Authorization` header that the browser has set. */
  #rewriteHeaders(message: IncomingMessage, session: Session | undefined): void {
    const { cookie, authorization, ...others } = message.headers;
    const left = this.#parts.cookies.withoutOwn(cookie ?? '');
    message.headers = {
      ...others,
      authorization: session?.user.authorization() ?? authorization,
      ...(left !== undefined && { cookie: left }),
    };
  }

  #asUser(session: Session | undefined): Parameters<Pass>[0] {
    const platform = this.#platformOf(session);
    return session ? { platform, authorization: session.user.authorization() } : { platform };
  }

  /** Whose gateway a request is for. */
  #platformOf(session: Session | undefined): EmulatedPlatform {
    return session?.user.platform ?? this.#parts.settings.platform;
  }

  #upgradeRefusal(message: IncomingMessage, session: Session | undefined): number | undefined {
    const path = pathOf(message.url ?? '');
    if (message.method !== 'GET' || message.headers.upgrade?.toLowerCase() !== 'websocket') return 400;
    if (path.startsWith(HOME_PATH) || this.#isEmulated(path)) return 404;
    if (!session) return hasBearerToken(message) ? undefined : 401;
    // Browsers send cookies to all ports of a host, and let every page open WebSockets to any address.
    return isFromOwnPage(message) ? undefined : 403;
  }

  /** Whether a path belongs to the emulated APIs. */
  #isEmulated(path: string): boolean {
    const isOwnApi = this.#parts.settings.ownApi.some((own) => path === own || path.startsWith(`${own}/`));
    return path.startsWith('/api/') && !isOwnApi;
  }

  #record(message: IncomingMessage, response: ServerResponse, as: RecordedAs): void {
    const done = this.#parts.emulator.record(message, as);
    response.once('close', () => done(response.writableFinished ? response.statusCode : undefined));
  }

  #sessionOf(message: IncomingMessage): Session | undefined {
    return this.#sessions.find(this.#parts.cookies.sessionId(message.headers));
  }
}

function answerUnreachable(url: URL, message: IncomingMessage, response: ServerResponse, reason: string): void {
  if (isForPage(message)) return sendPage(response, 502, applicationDownPage(url, reason, message.method === 'GET'));
  const sentence = `The application at ${url.origin} does not answer (${reason})`;
  writeAnswer(response, platformError(502, 'application', sentence, { 'cache-control': 'no-store' }));
}

function refuseUnproven(message: IncomingMessage, response: ServerResponse): void {
  const sentence = 'The header x-xsrf-token must repeat the value of the cookie XSRF-TOKEN';
  if (isForPage(message)) return sendPage(response, 403, refusedPage('Refused', `${sentence}.`));
  writeAnswer(response, platformError(403, 'xsrf', sentence, { 'cache-control': 'no-store' }));
}

function isForPage({ headers }: IncomingMessage): boolean {
  return headers.accept?.toLowerCase().includes('text/html') === true;
}

function isSafe({ method = '' }: IncomingMessage): boolean {
  return SAFE_METHODS.includes(method);
}

function hasBearerToken({ headers }: IncomingMessage): boolean {
  return /^Bearer +\S/i.test(headers.authorization ?? '');
}
