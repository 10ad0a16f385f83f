import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EmulatorControl } from '../emulator/control/emulator-control.interface.js';
import { readRequest } from '../emulator/http/emulated-request.js';
import { demandEndpoint } from '../emulator/traffic/fault-queue.js';
import type { GatewayCookies } from './gateway-cookies.js';
import type { GatewayUser } from './gateway-user.js';
import { localPath } from './local-path.js';
import { isFromOwnPage } from './own-address.js';
import { ROWS_PATH, requestRows, emulatorPage } from './pages/emulator.page.js';
import { refusedPage } from './pages/failure.page.js';
import { FAIL_PATH, LATENCY_PATH, ROTATE_PATH } from './pages/fault-forms.js';
import { SCRIPT_PATH, sendPage, sendText, STYLE_PATH } from './pages/layout.js';
import { SCRIPT } from './pages/script.js';
import { STYLE } from './pages/style.js';
import { SIGN_IN_PATH } from './pages/user-list.js';
import type { Sessions } from './sessions.js';

/** Where the page of the emulator is. */
export const HOME_PATH = '/__emulator/';
/** Where a session ends. */
export const LOGOUT_PATH = '/logout';

const LONGEST_LATENCY_MS = 60_000;
/** Bytes. */
const LARGEST_FORM = 8_192;

/** What the pages show and change. */
export interface GatewayPagesParts {
  readonly users: readonly GatewayUser[];
  readonly sessions: Sessions;
  readonly cookies: GatewayCookies;
  readonly emulator: EmulatorControl;
  readonly application: URL;
}

type Handler = (message: IncomingMessage, response: ServerResponse) => void | Promise<void>;
type Form = URLSearchParams;

/** What the last button did, by the value of `done` in the address. */
const NOTICES: Readonly<Record<string, string>> = {
  fail: 'The next requests will fail as you asked.',
  latency: 'The latency is set.',
  keys: 'Tokens are signed with a new key now. The former key stays in the key sets.',
};

/** The pages below `/__emulator/`. Requests that change something must be POST, and come from a page of this gateway. */
export class GatewayPages {
  readonly #parts: GatewayPagesParts;
  readonly #routes: ReadonlyMap<string, Handler>;

  constructor(parts: GatewayPagesParts) {
    this.#parts = parts;
    this.#routes = new Map<string, Handler>([
      [`GET ${HOME_PATH}`, (message, response) => this.#home(message, response)],
      [`GET ${ROWS_PATH}`, (_message, response) => this.#rows(response)],
      [`GET ${STYLE_PATH}`, (_message, response) => sendText(response, 200, 'text/css; charset=utf-8', STYLE)],
      [`GET ${SCRIPT_PATH}`, (_message, response) => sendText(response, 200, 'text/javascript; charset=utf-8', SCRIPT)],
      [`POST ${SIGN_IN_PATH}`, this.#form((form, message, response) => this.#signIn(form, message, response))],
      [`POST ${FAIL_PATH}`, this.#button('fail', (form) => this.#fail(form))],
      [`POST ${LATENCY_PATH}`, this.#button('latency', (form) => this.#setLatency(form))],
      [`POST ${ROTATE_PATH}`, this.#button('keys', () => this.#parts.emulator.rotateKeys())],
    ]);
  }

  /** The handler of a path; `undefined` where the path is not one of these pages. */
  find(method: string, path: string): Handler | undefined {
    if (path === HOME_PATH.slice(0, -1)) return (_message, response) => redirect(response, HOME_PATH);
    return this.#routes.get(`${method === 'HEAD' ? 'GET' : method} ${path}`);
  }

  #home(message: IncomingMessage, response: ServerResponse): void {
    const { users, sessions, cookies, emulator, application } = this.#parts;
    const query = new URLSearchParams(message.url?.split('?')[1]);
    const page = emulatorPage({
      users,
      session: sessions.find(cookies.sessionId(message.headers)),
      requests: emulator.requests(),
      latencyMs: emulator.latencyMs,
      application: application.origin,
      notice: NOTICES[query.get('done') ?? ''],
    });
    sendPage(response, 200, page);
  }

  #rows(response: ServerResponse): void {
    sendText(response, 200, 'text/html; charset=utf-8', requestRows(this.#parts.emulator.requests()).markup);
  }

  #signIn(form: Form, message: IncomingMessage, response: ServerResponse): void {
    const { users, sessions, cookies } = this.#parts;
    const user = users[wholeNumber(form, 'user', users.length - 1) ?? users.length];
    if (!user) return refuse(response, 400, 'There is no such user', 'Choose one of the users on the sign-in page.');
    const former = cookies.sessionId(message.headers);
    if (former !== undefined) sessions.end(former);
    const to = localPath(form.get('to') ?? undefined);
    const isWayOut = to.split(/[?#]/, 1)[0] === LOGOUT_PATH;
    redirect(response, isWayOut ? '/' : to, cookies.begin(sessions.begin(user)));
  }

  #fail(form: Form): void {
    const endpoint = form.get('endpoint') ?? '';
    demandEndpoint(endpoint);
    const [status, times] = [wholeNumber(form, 'status', 599), wholeNumber(form, 'times', 1_000)];
    this.#parts.emulator.failNext(endpoint, { status, times });
  }

  #setLatency(form: Form): void {
    const ms = wholeNumber(form, 'ms', LONGEST_LATENCY_MS);
    if (ms === undefined) throw new TypeError(`The latency must be a whole number from 0 to ${LONGEST_LATENCY_MS}`);
    this.#parts.emulator.latencyMs = ms;
  }

  /** A button that changes something and leads back to the page, which says so. */
  #button(done: string, act: (form: Form) => void): Handler {
    return this.#form((form, _message, response) => {
      try {
        act(form);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        return refuse(response, 400, 'That is not possible', `${error.message}.`);
      }
      redirect(response, `${HOME_PATH}?done=${done}`);
    });
  }

  #form(act: (form: Form, message: IncomingMessage, response: ServerResponse) => void): Handler {
    return async (message, response) => {
      if (!isFromOwnPage(message)) {
        message.resume();
        return refuse(response, 403, 'Not from here', 'Only pages of this gateway may do that.');
      }
      const { body } = await readRequest(message, LARGEST_FORM);
      act(new URLSearchParams(body), message, response);
    };
  }
}

function refuse(response: ServerResponse, status: number, title: string, sentence: string): void {
  sendPage(response, status, refusedPage(title, sentence));
}

function redirect(response: ServerResponse, location: string, cookies: readonly string[] = []): void {
  response.writeHead(303, {
    location,
    'cache-control': 'no-store',
    ...(cookies.length > 0 && { 'set-cookie': [...cookies] }),
  });
  response.end();
}

function wholeNumber(form: Form, name: string, most: number): number | undefined {
  const value = form.get(name) ?? '';
  return /^\d{1,6}$/.test(value) && Number(value) <= most ? Number(value) : undefined;
}
