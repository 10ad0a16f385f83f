import { Axios, type InternalAxiosRequestConfig, isAxiosError } from 'axios';
import { requestRefused } from './request-refused.js';

/** What a URL parser drops or repairs, so that a text could mean one thing to a reader and another to it. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const REPAIRED = /[\u0000-\u001f\u007f]|^[^?#]*\\/;

/** `.` or `..` as a segment of a path; Tomcat cuts off what stands behind a semicolon. */
const DOT_SEGMENT = /(?:^|[/\\])\.{1,2}(?:[/\\;]|$)/;
/** Escapes that may spell such a segment. The last one is the percent sign: servers may decode twice. */
const OF_SEGMENTS = /%(?:2e|2f|5c|3b|25)/gi;
const DECODE_ROUNDS = 3;
/** Scheme and authority of a URL. */
const AUTHORITY = /^(?:[a-z][a-z\d+.-]*:)?\/\/[^/?#]*/i;

const LONGEST_ORIGIN = 100;
/** No server takes a longer one, and judging it takes time. */
const LONGEST_URL = 65_536;
/** A domain name has 253 characters at most; a user, who is refused, may stand before it, and a port behind it. */
const LONGEST_AUTHORITY = 600;

const joiner = new Axios({});

/** Where requests with tokens may go. */
export class RequestTarget {
  readonly #gatewayUrl: string;
  readonly #origins: ReadonlySet<string>;

  constructor(gatewayUrl: string, allowedOrigins: readonly string[]) {
    this.#gatewayUrl = gatewayUrl;
    this.#origins = new Set([new URL(gatewayUrl).origin, ...allowedOrigins]);
  }

  /**
   * Where Axios would send a request: base URL, URL and parameters joined as it joins them, judged, and spelled so that
   * there is nothing left to interpret. Throws `options_invalid`.
   */
  of(request: InternalAxiosRequestConfig): string {
    const text = joined(request, this.#gatewayUrl);
    if (text.length > LONGEST_URL) throw requestRefused(`its URL is longer than ${LONGEST_URL} characters`);
    if (REPAIRED.test(text)) throw requestRefused('its URL holds a backslash or a control character');
    if (hasDotSegment(pathOf(text.trim()))) {
      throw requestRefused('its path holds a dot segment, which would lead to another path');
    }
    if (authorityOf(text).length > LONGEST_AUTHORITY) throw requestRefused('the host in its URL is too long for one');
    if (!URL.canParse(text, this.#gatewayUrl)) throw requestRefused('its URL is none');
    const target = new URL(text, this.#gatewayUrl);
    if (!this.#origins.has(target.origin)) throw requestRefused(leads(target));
    // Axios would send it instead of the token.
    if (hasUserInfo(target)) throw requestRefused('its URL holds user info');
    return target.href;
  }

  /** Where a redirect leads; `undefined` where a token must not follow. */
  redirected(location: unknown, from: string): string | undefined {
    if (typeof location !== 'string' || !URL.canParse(location, from)) return undefined;
    const target = new URL(location, from);
    return this.#origins.has(target.origin) && !hasUserInfo(target) ? target.href : undefined;
  }
}

function joined(
  { baseURL, url, allowAbsoluteUrls, params, paramsSerializer }: InternalAxiosRequestConfig,
  gateway: string,
) {
  try {
    return joiner.getUri({ baseURL: baseURL ?? gateway, url: url ?? '', allowAbsoluteUrls, params, paramsSerializer });
  } catch (failure) {
    // A serializer's own failure is the caller's.
    throw isAxiosError(failure) ? requestRefused('its URL is none') : failure;
  }
}

/** What stands behind scheme and authority, before query and fragment. */
function pathOf(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(AUTHORITY, '');
}

function authorityOf(url: string): string {
  return AUTHORITY.exec(url)?.[0] ?? '';
}

/** A URL parser would silently follow such a segment, so that a token goes to another API than the one that is written. */
function hasDotSegment(path: string): boolean {
  let spelled = path;
  for (let round = 0; round <= DECODE_ROUNDS; round += 1) {
    if (DOT_SEGMENT.test(spelled)) return true;
    const decoded = spelled.replace(OF_SEGMENTS, decodeURIComponent);
    if (decoded === spelled) return false;
    spelled = decoded;
  }
  return false;
}

function hasUserInfo({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

function leads({ origin, protocol }: URL): string {
  const where = origin === 'null' ? protocol : origin;
  const shown = where.length > LONGEST_ORIGIN ? `${where.slice(0, LONGEST_ORIGIN)}…` : where;
  return `its URL leads to ${shown}, which is neither the gateway nor in http.allowedOrigins`;
}
