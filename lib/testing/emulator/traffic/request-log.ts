import type { IncomingMessage } from 'node:http';
import type { EmulatedRequest } from '../http/emulated-request.js';
import type { EmulatorEndpoint } from '../http/route.js';
import type { EmulatedPlatform } from '../platforms/emulated-platform.js';
import type { EmulatorSettings } from '../options/emulator-options.interface.js';
import type { FrontEndpoint, RecordedRequest } from './recorded-request.interface.js';
import { SecretCutter } from './secret-cutter.js';

/** A recorded request, which can be changed until its end. */
type Entry = { -readonly [Key in keyof RecordedRequest]: RecordedRequest[Key] } & { readonly size: number };

/** A request with its headers as they came. */
type ArrivedRequest = Omit<RecordedRequest, 'headers'> & { readonly headers: EmulatedRequest['headers'] };

/** Says that a request is over: with this status, or without an answer. */
export type Finish = (status: number | undefined) => void;

/** What is asked of the log. */
export interface RequestFilter {
  readonly endpoint?: RecordedRequest['endpoint'] | undefined;
  readonly platform?: EmulatedPlatform | undefined;
}

const LARGEST_BODY = 65_536;
/** Room behind the largest body, so that no secret is cut in half before it is looked for. */
const MARGIN = 1_024;
/** All that is remembered. Characters. */
const LARGEST_LOG = 32 * 1024 * 1024;

/** What arrived, in order: the last requests, as many as wanted and as there is room for. */
export class RequestLog {
  readonly #cutter: SecretCutter;
  readonly #limit: number;
  readonly #onRequest: EmulatorSettings['onRequest'];
  readonly #entries = new Set<Entry>();
  #size = 0;

  constructor(settings: EmulatorSettings) {
    this.#cutter = new SecretCutter(settings);
    this.#limit = settings.rememberedRequests;
    this.#onRequest = settings.onRequest;
  }

  /** Keeps what may be kept of a request to an endpoint of the emulator. */
  add(endpoint: EmulatorEndpoint, platform: EmulatedPlatform, request: EmulatedRequest): Finish {
    const { method, target, receivedAt, headers } = request;
    const body = this.#cutter.cut(request.body.slice(0, LARGEST_BODY + MARGIN)).slice(0, LARGEST_BODY);
    return this.#begin(this.#entryOf({ endpoint, platform, method, path: target, headers, body, receivedAt }));
  }

  /** Keeps what may be kept of a request whose body is not read here. */
  addMessage(endpoint: FrontEndpoint, platform: EmulatedPlatform, message: IncomingMessage): Finish {
    return this.#begin(this.#entryOf(messageOf(endpoint, platform, message)));
  }

  /** Reports a request that is for nothing that the emulator has, once it is over. It is not remembered. */
  addUnknown(message: IncomingMessage): Finish {
    const entry = this.#entryOf(messageOf('unknown', 'mindsphere', message));
    return (status) => this.#finish(entry, status);
  }

  /** The requests that a filter leaves. */
  list({ endpoint, platform }: RequestFilter = {}): RecordedRequest[] {
    return [...this.#entries]
      .filter((entry) => (endpoint ?? entry.endpoint) === entry.endpoint)
      .filter((entry) => (platform ?? entry.platform) === entry.platform)
      .map(copyOf);
  }

  /** Forgets them all. */
  clear(): void {
    this.#entries.clear();
    this.#size = 0;
  }

  #begin(entry: Entry): Finish {
    if (this.#limit > 0) this.#remember(entry);
    return (status) => this.#finish(entry, status);
  }

  #entryOf(request: ArrivedRequest): Entry {
    const headers: Record<string, string> = {};
    for (const [name, values] of Object.entries(request.headers)) headers[name] = this.#cutter.header(name, values);
    const path = this.#cutter.cut(request.path);
    const size = path.length + request.body.length + JSON.stringify(headers).length;
    return { ...request, path, headers: Object.freeze(headers), size };
  }

  #remember(entry: Entry): void {
    this.#entries.add(entry);
    this.#size += entry.size;
    for (const oldest of this.#entries) {
      if (this.#entries.size <= this.#limit && this.#size <= LARGEST_LOG) return;
      this.#entries.delete(oldest);
      this.#size -= oldest.size;
    }
  }

  #finish(entry: Entry, status: number | undefined): void {
    if (entry.durationMs !== undefined) return;
    entry.durationMs = Math.max(0, Date.now() - entry.receivedAt.getTime());
    if (status !== undefined) entry.status = status;
    this.#onRequest?.(copyOf(entry));
  }
}

/** A request whose body is not read here. */
function messageOf(
  endpoint: FrontEndpoint | 'unknown',
  platform: EmulatedPlatform,
  { method = '', url: path = '', headersDistinct }: IncomingMessage,
): ArrivedRequest {
  const headers: Record<string, readonly string[]> = {};
  for (const [name, values] of Object.entries(headersDistinct)) headers[name] = values ?? [];
  return { endpoint, platform, method, path, headers, body: '', receivedAt: new Date(Date.now()) };
}

/** A copy, so that the log cannot be changed. */
function copyOf(entry: Entry): RecordedRequest {
  const { size, ...request } = entry;
  void size;
  return { ...request, receivedAt: new Date(entry.receivedAt) };
}
