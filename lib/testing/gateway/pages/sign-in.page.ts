import type { GatewayUser } from '../gateway-user.js';
import { html } from './html.js';
import type { Page } from './layout.js';
import { userList } from './user-list.js';

/** Asks who one wants to be. `to` is where a choice leads, `notice` what has happened before. */
export function signInPage(users: readonly GatewayUser[], to: string, notice?: string): Page {
  return {
    title: 'Sign in',
    main: html`<main class="narrow">
      ${notice === undefined ? undefined : html`<p class="notice" role="status">${notice}</p>`}
      <h1>Who do you want to be?</h1>
      <p>
        The platform's gateway would ask for a password here. This one lets you choose, and then adds that user's token
        to each request.
      </p>
      ${userList(users, to)}
      <p class="more">
        ${to === '/' ? undefined : html`You will continue at <code>${to}</code>. `}<a href="/__emulator/"
          >Requests and faults</a
        >
      </p>
    </main>`,
  };
}
