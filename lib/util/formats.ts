const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const CLIENT_ID = /^[\x20-\x39\x3b-\x7e]{1,256}$/;
const APP_PART = /^[a-z0-9][a-z0-9._~+-]{0,127}$/i;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Whether a value is one DNS label. A tenant becomes part of a host name, so it must not be anything else
 * (protocol page, section 3).
 */
export function isDnsLabel(value: unknown): value is string {
  return typeof value === 'string' && DNS_LABEL.test(value);
}

/** Whether a value is dot-separated DNS labels. */
export function isDomain(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 253 && value.split('.').every(isDnsLabel);
}

/** Whether a value can be an app name or version: it appears in bodies, log lines and client ids. */
export function isAppPart(value: unknown): value is string {
  return typeof value === 'string' && APP_PART.test(value);
}

/** Whether a value can be a client id: printable ASCII (RFC 6749, appendix A.1), no colon (RFC 7617, section 2). */
export function isClientId(value: unknown): value is string {
  return typeof value === 'string' && CLIENT_ID.test(value);
}

/** Whether a value can be a client secret: not empty, no control character, such as the line break a file ends with. */
export function isClientSecret(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 4096 && !CONTROL.test(value);
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
