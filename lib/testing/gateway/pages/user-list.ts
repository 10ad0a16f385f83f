import type { GatewayUser } from '../gateway-user.js';
import { type Html, html } from './html.js';

/** Where the form of the users leads. */
export const SIGN_IN_PATH = '/__emulator/sign-in';

/** The users as a form: one button each, which carries the user's place in the list. */
export function userList(users: readonly GatewayUser[], to: string, current?: GatewayUser): Html {
  return html`<form method="post" action="${SIGN_IN_PATH}">
    <input type="hidden" name="to" value="${to}" />
    <ul class="users">
      ${users.map((user, at) => html`<li>${userButton(user, at, user === current)}</li>`)}
    </ul>
  </form>`;
}

/** A name that may be wrapped behind its `@`, and elsewhere only where it would not fit. */
export function breakable(name: string): Html {
  const [first = '', ...others] = name.split('@');
  return html`${first}${others.map((part) => html`@<wbr />${part}`)}`;
}

/** The scopes as labels. */
export function scopeList({ scopes }: GatewayUser): Html {
  if (scopes.length === 0) return html`<span class="scopes"><em>no scopes</em></span>`;
  return html`<span class="scopes">${scopes.map((scope) => html`<code>${scope}</code> `)}</span>`;
}

/** Tenant, subtenant and platform, in words. */
export function homeOf({ tenant, tenantName, subtenant, domain }: GatewayUser): Html {
  const alias = tenantName === undefined ? undefined : ` (${tenantName})`;
  const below = subtenant === undefined ? undefined : html`, subtenant <b>${subtenant}</b>`;
  return html`<span class="home">tenant <b>${tenant}</b>${alias}${below} on ${domain}</span>`;
}

function userButton(user: GatewayUser, at: number, isCurrent: boolean): Html {
  const attributes = isCurrent ? html`aria-current="true"` : undefined;
  return html`<button class="user" name="user" value="${at}" ${attributes}>
    <span class="initial" aria-hidden="true">${user.name.slice(0, 1).toUpperCase()}</span>
    <span class="who">
      <span class="name">${breakable(user.name)}</span
      >${isCurrent ? html` <span class="badge">signed in</span>` : undefined} ${homeOf(user)} ${scopeList(user)}
    </span>
  </button>`;
}
