import { html } from './html.js';
import type { Page } from './layout.js';

const RELOAD_SECONDS = 3;

/** The application does not answer. A page that was asked for with GET is asked for again. */
export function applicationDownPage(url: URL, reason: string, mayReload: boolean): Page {
  return {
    title: 'The application does not answer',
    reloadAfterSeconds: mayReload ? RELOAD_SECONDS : undefined,
    main: html`<main class="narrow">
      <h1>The application does not answer</h1>
      <p>The gateway is running, but nothing answered at <code>${url.origin}</code> (<code>${reason}</code>).</p>
      <ul class="hints">
        <li>Is it starting, or has it ended? Start it, and look at its log.</li>
        <li>Does it listen at another port? <code>--app</code> says where the gateway looks for it.</li>
        <li>In a container, it must listen at <code>0.0.0.0</code>, not at <code>127.0.0.1</code>.</li>
      </ul>
      ${
        mayReload
          ? html`<p role="status">This page loads itself again every ${RELOAD_SECONDS} seconds.</p>`
          : html`<p>Send the form again once it runs.</p>`
      }
      <p class="more"><a href="/__emulator/">Requests and faults</a></p>
    </main>`,
  };
}

/** Something that the gateway refused, in one sentence. */
export function refusedPage(title: string, sentence: string): Page {
  return {
    title,
    main: html`<main class="narrow">
      <h1>${title}</h1>
      <p>${sentence}</p>
      <p class="more"><a href="/">To the application</a></p>
    </main>`,
  };
}
