import { STATUS_CODES } from 'node:http';
import type { RecordedRequest } from '../../emulator/traffic/recorded-request.interface.js';
import type { GatewayUser } from '../gateway-user.js';
import type { Session } from '../sessions.js';
import { faultForms } from './fault-forms.js';
import { type Html, html } from './html.js';
import type { Page } from './layout.js';
import { breakable, homeOf, scopeList, userList } from './user-list.js';

/** Where the rows of the table are, for the page's script. */
export const ROWS_PATH = '/__emulator/page/requests';

/** What the page shows. */
export interface EmulatorState {
  readonly users: readonly GatewayUser[];
  readonly session: Session | undefined;
  /** The newest last. */
  readonly requests: readonly RecordedRequest[];
  readonly latencyMs: number;
  readonly application: string;
  /** What the last button did. */
  readonly notice: string | undefined;
}

/** So many requests are shown. */
const SHOWN = 50;

/** Claims that are seconds since the epoch. */
const TIMES: readonly string[] = ['iat', 'exp', 'auth_time', 'nbf'];

/** Who is signed in, what arrived, and what can be made to fail. */
export function emulatorPage(state: EmulatorState): Page {
  const { session, users, notice, latencyMs, application } = state;
  return {
    title: 'Emulated gateway',
    isLive: true,
    main: html`<header class="top">
        <h1>Emulated gateway</h1>
        <p>in front of <a href="/">${application}</a></p>
      </header>
      <main class="wide">
        ${notice === undefined ? undefined : html`<p class="notice" role="status">${notice}</p>`}
        <div class="columns">
          <div>
            ${session ? signedIn(session) : html`<section><h2>Nobody is signed in</h2></section>`}
            <section>
              <h2>${session ? 'Switch to' : 'Sign in as'}</h2>
              ${userList(users, '/__emulator/', session?.user)}
            </section>
            ${faultForms(latencyMs)}
          </div>
          <div>${requestTable(state.requests)} ${session ? claimsOf(session.user) : undefined}</div>
        </div>
      </main>`,
  };
}

/** Rows of the table of requests: the last ones, the newest first. */
export function requestRows(requests: readonly RecordedRequest[]): Html {
  if (requests.length === 0)
    return html`<tr>
      <td colspan="5">No request has come through yet.</td>
    </tr>`;
  return html`${requests.slice(-SHOWN).toReversed().map(requestRow)}`;
}

function signedIn({ user, expiresAt }: Session): Html {
  return html`<section>
    <h2>Signed in as ${breakable(user.name)}</h2>
    <p>${homeOf(user)}</p>
    <p>${scopeList(user)}</p>
    <p>The session ends at ${time(new Date(expiresAt))}.</p>
    <form method="post" action="/logout"><button class="quiet">Sign out</button></form>
  </section>`;
}

function claimsOf(user: GatewayUser): Html {
  return html`<section>
    <h2>What the token says</h2>
    <p>A token is signed for each request. These are the claims of one signed now; the token itself is not shown.</p>
    <details open>
      <summary>Claims</summary>
      <div class="scroll" role="region" aria-label="Claims" tabindex="0">
        <table class="claims">
          <tbody>
            ${Object.entries(user.claims()).map(([name, value]) => claimRow(name, value))}
          </tbody>
        </table>
      </div>
    </details>
  </section>`;
}

function claimRow(name: string, value: unknown): Html {
  const isTime = TIMES.includes(name) && typeof value === 'number';
  const words = isTime ? html` <small>${new Date(value * 1_000).toISOString()}</small>` : undefined;
  return html`<tr>
    <th scope="row"><code>${name}</code></th>
    <td><code>${JSON.stringify(value)}</code>${words}</td>
  </tr>`;
}

function requestTable(requests: readonly RecordedRequest[]): Html {
  return html`<section>
    <h2>The last requests</h2>
    <p>The newest comes first. The table follows by itself.</p>
    <div class="scroll tall" role="region" aria-label="Requests" tabindex="0">
      <table class="requests">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Request</th>
            <th scope="col">Status</th>
            <th scope="col">By</th>
            <th scope="col">Took</th>
          </tr>
        </thead>
        <tbody data-live="${ROWS_PATH}">
          ${requestRows(requests)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function requestRow({ receivedAt, method, path, status, endpoint, durationMs }: RecordedRequest): Html {
  const [withoutQuery = ''] = path.split('?', 1);
  return html`<tr>
    <td class="time">${time(receivedAt)}</td>
    <td class="request"><b>${method}</b> <code>${withoutQuery}</code></td>
    ${statusCell(status, durationMs)}
    <td class="by">${endpoint}</td>
    <td class="took">${durationMs === undefined ? undefined : `${Math.round(durationMs)} ms`}</td>
  </tr>`;
}

/** Without a status, the request is not answered yet, or its connection has gone. */
function statusCell(status: number | undefined, durationMs: number | undefined): Html {
  if (status === undefined) return html`<td>${durationMs === undefined ? 'not yet' : 'aborted'}</td>`;
  const kind = status >= 500 ? 'broken' : status >= 400 ? 'refused' : 'fine';
  return html`<td class="${kind}">${status} ${STATUS_CODES[status]}</td>`;
}

/** In the time zone of the machine, which is the browser's. */
function time(at: Date): string {
  return at.toTimeString().slice(0, 8);
}
