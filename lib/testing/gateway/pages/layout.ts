import type { ServerResponse } from 'node:http';
import { type Html, html } from './html.js';

/** Where the pages' own files are. */
export const STYLE_PATH = '/__emulator/assets/gateway.css';
export const SCRIPT_PATH = '/__emulator/assets/gateway.js';

/** Nothing from outside, nothing inline, no frame around it, and forms that lead nowhere else. */
const POLICY = [
  "default-src 'none'",
  'img-src data:',
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of the gateway's own answers. With `no-referrer`, browsers would send `Origin: null` with our own forms. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': POLICY,
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** What a page consists of. */
export interface Page {
  readonly title: string;
  readonly main: Html;
  /** Whether the page keeps itself up to date by its script. Default: no. */
  readonly isLive?: boolean;
  /** Loads itself again after so many seconds. Default: never. */
  readonly reloadAfterSeconds?: number;
}

/** Sends a page. */
export function sendPage(response: ServerResponse, status: number, page: Page): void {
  sendText(response, status, 'text/html; charset=utf-8', `<!doctype html>\n${documentOf(page).markup}\n`);
}

/** Sends anything else that the pages load. */
export function sendText(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { ...HEADERS, 'content-type': type });
  response.end(text);
}

function documentOf({ title, main, isLive = false, reloadAfterSeconds }: Page): Html {
  return html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      ${reloadAfterSeconds === undefined ? undefined : html`<meta http-equiv="refresh" content="${reloadAfterSeconds}" />`}
      <title>${title}</title>
      <link rel="icon" href="data:," />
      <link rel="stylesheet" href="${STYLE_PATH}" />
      ${isLive ? html`<script src="${SCRIPT_PATH}" defer></script>` : undefined}
    </head>
    <body>
      ${main}
      <footer>
        <p>MindSphere emulator of nestjs-mindsphere-credentials. Its users and tokens are for this machine only.</p>
      </footer>
    </body>
  </html>`;
}
