import type { EmulatedRequest } from './emulated-request.js';
import type { EmulatorSettings } from './emulator-options.interface.js';
import type { EmulatorEndpoint } from './route.js';

/** A request that arrived, secrets cut: where one stood there is `***`. */
export interface RecordedRequest {
  /** What of the emulator it was for. */
  readonly endpoint: EmulatorEndpoint;
  /** In upper case. */
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** By their names in lower case; of credentials only the scheme is left. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as text, up to 64 kB; empty if there was none. */
  readonly body: string;
  /** When its first bytes arrived, by `Date.now()`. */
  readonly receivedAt: Date;
}

const CUT = '***';
const SECRET_HEADERS = /authorization|auth-key|cookie|secret|token/i;
const SECRET_FIELD = /((?:^|[?&])[^=&?]*(?:secret|password|token|assertion)[^=&?]*=)[^&]*/gi;
const SECRET_MEMBER = /("[^"]*(?:secret|password|token|assertion|context)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"/gi;
const JWT = /eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g;

/** What arrived, in order. */
export class RequestLog {
  readonly #secrets: readonly string[];
  readonly #limit: number;
  #entries: RecordedRequest[] = [];

  constructor({ app, technicalUsers, rememberedRequests }: EmulatorSettings) {
    this.#secrets = [app.keyStoreClientSecret, ...technicalUsers.map((user) => user.clientSecret)];
    this.#limit = rememberedRequests;
  }

  /** Keeps what may be kept of a request. */
  add(endpoint: EmulatorEndpoint, request: EmulatedRequest): void {
    if (this.#limit === 0) return;
    if (this.#entries.length >= this.#limit) this.#entries.shift();
    const { method, target, receivedAt } = request;
    const headers: Record<string, string> = {};
    for (const [name, values] of Object.entries(request.headers)) headers[name] = this.#cutHeader(name, values);
    this.#entries.push({
      endpoint,
      method,
      path: this.#cut(target),
      headers: Object.freeze(headers),
      body: this.#cut(request.body),
      receivedAt,
    });
  }

  /** The requests of an endpoint, or all. */
  list(endpoint?: EmulatorEndpoint): RecordedRequest[] {
    return this.#entries
      .filter((entry) => endpoint === undefined || entry.endpoint === endpoint)
      .map((entry) => ({ ...entry, receivedAt: new Date(entry.receivedAt) }));
  }

  /** Forgets them all. */
  clear(): void {
    this.#entries = [];
  }

  #cutHeader(name: string, values: readonly string[]): string {
    return values.map((value) => (SECRET_HEADERS.test(name) ? cutCredentials(value) : this.#cut(value))).join(', ');
  }

  #cut(text: string): string {
    const named = text.replace(SECRET_FIELD, `$1${CUT}`).replace(SECRET_MEMBER, `$1"${CUT}"`).replace(JWT, CUT);
    return this.#secrets.reduce((left, secret) => left.replaceAll(secret, CUT), named);
  }
}

function cutCredentials(value: string): string {
  const [scheme] = /^(?:basic|bearer)(?= )/i.exec(value) ?? [];
  return scheme ? `${scheme} ${CUT}` : CUT;
}
