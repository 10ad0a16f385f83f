const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const CLIENT_ID = /^[\x20-\x39\x3b-\x7e]{1,256}$/;
const APP_PART = /^[a-z0-9][a-z0-9._~+-]{0,127}$/i;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Whether a text is one DNS label. A tenant becomes part of a host name, so nothing else may stand for one
 * (protocol page, section 3).
 */
export function isDnsLabel(text: unknown): text is string {
  return typeof text === 'string' && DNS_LABEL.test(text);
}

/** Whether a text is dot-separated DNS labels. */
export function isDomain(text: unknown): text is string {
  return typeof text === 'string' && text.length <= 253 && text.split('.').every(isDnsLabel);
}

/** Whether a text can be an app name or version: it appears in bodies, log lines and client ids. */
export function isAppPart(text: unknown): text is string {
  return typeof text === 'string' && APP_PART.test(text);
}

/** Whether a text can be a client id: printable ASCII (RFC 6749, appendix A.1), no colon (RFC 7617, section 2). */
export function isClientId(text: unknown): text is string {
  return typeof text === 'string' && CLIENT_ID.test(text);
}

/** Whether a text can be a client secret: not empty, no control character, such as the line break a file ends with. */
export function isClientSecret(text: unknown): text is string {
  return typeof text === 'string' && text !== '' && text.length <= 4096 && !CONTROL.test(text);
}

/** Whether a host, as `URL` spells it, is this machine. */
export function isLoopbackHost(hostname: string): boolean {
  return (
    /^127\.\d+\.\d+\.\d+$/.test(hostname) ||
    hostname === '[::1]' ||
    hostname === 'localhost' ||
    hostname.endsWith('.localhost')
  );
}
