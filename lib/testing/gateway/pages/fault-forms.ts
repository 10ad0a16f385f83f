import { type Html, html } from './html.js';

/** Where the forms lead. */
export const FAIL_PATH = '/__emulator/page/fail';
export const LATENCY_PATH = '/__emulator/page/latency';
export const ROTATE_PATH = '/__emulator/page/rotate-keys';

const ENDPOINTS = [
  ['api', 'an emulated API'],
  ['app-token', "an app's token"],
  ['tenant-token', "a technical user's token"],
  ['token-keys', 'a key set'],
  ['user-tenants', 'the list of user tenants'],
] as const;

const STATUSES = [500, 503, 429, 404, 403, 401] as const;

/** Buttons that make things go wrong. */
export function faultForms(latencyMs: number): Html {
  return html`<section>
    <h2>Make something go wrong</h2>
    <form method="post" action="${FAIL_PATH}" class="fault">
      <label
        >Next requests for
        <select name="endpoint">
          ${ENDPOINTS.map(option)}
        </select></label
      >
      <label
        >get
        <select name="status">
          ${STATUSES.map((status) => option([status, status]))}
        </select></label
      >
      <label><input name="times" type="number" min="1" max="1000" value="1" required /> times</label>
      <button>Fail next</button>
    </form>
    <form method="post" action="${LATENCY_PATH}" class="fault">
      <label
        >Hold every request for
        <input name="ms" type="number" min="0" max="60000" value="${latencyMs}" required /> ms</label
      >
      <button>Set latency</button>
    </form>
    <form method="post" action="${ROTATE_PATH}" class="fault">
      <span>Sign with a new key from now on</span>
      <button>Rotate keys</button>
    </form>
  </section>`;
}

function option([value, words]: readonly [string | number, string | number]): Html {
  return html`<option value="${value}">${words}</option>`;
}
