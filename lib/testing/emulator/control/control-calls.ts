import type { IncomingMessage } from 'node:http';
import { type Answer, answer, platformError } from '../http/answer.js';
import { hostOf, pathOf, queryOf, readRequest } from '../http/emulated-request.js';
import { type HostCheck, isLoopback } from '../http/addresses.js';
import type { EmulatedPlatform } from '../platforms/emulated-platform.js';
import type { UserTokenRequest } from '../tokens/token-issuer.js';
import type { EmulatorFault } from '../traffic/fault-queue.js';
import type { EmulatorEndpoint } from '../http/route.js';
import type { RecordedRequest } from '../traffic/recorded-request.interface.js';
import { EmulatorOptionError } from '../options/checks.js';

/** The methods that the calls invoke. */
export interface Controlled {
  issueUserToken(request: UserTokenRequest): string;
  failNext(endpoint: EmulatorEndpoint, fault: EmulatorFault): void;
  rotateKeys(platform?: EmulatedPlatform): void;
  requests(filter: { endpoint?: RecordedRequest['endpoint']; platform?: EmulatedPlatform }): RecordedRequest[];
}

interface Call {
  readonly method: 'GET' | 'POST';
  run(controlled: Controlled, body: string, query: URLSearchParams): Answer;
}

const BODY_LIMIT = 65_536;
const DONE: Answer = { status: 204 };

const CALLS: Readonly<Record<string, Call>> = {
  '/__emulator/user-token': {
    method: 'POST',
    run: (controlled, body) => answer({ token: controlled.issueUserToken(readFields(body, USER_TOKEN_FIELDS)) }),
  },
  '/__emulator/fail': {
    method: 'POST',
    run(controlled, body) {
      const { endpoint, ...fault } = readFields(body, FAIL_FIELDS) as EmulatorFault & { endpoint: EmulatorEndpoint };
      controlled.failNext(endpoint, fault);
      return DONE;
    },
  },
  '/__emulator/rotate-keys': {
    method: 'POST',
    run(controlled, body) {
      const { platform } = readFields(body, ROTATE_FIELDS) as { platform?: EmulatedPlatform };
      controlled.rotateKeys(platform);
      return DONE;
    },
  },
  '/__emulator/requests': {
    method: 'GET',
    run(controlled, _body, query) {
      const [endpoint, platform] = [query.get('endpoint'), query.get('platform')];
      return answer(
        controlled.requests({
          ...(endpoint !== null && { endpoint: endpoint as EmulatorEndpoint }),
          ...(platform !== null && { platform: platform as EmulatedPlatform }),
        }),
      );
    },
  },
};

/**
 * Control over HTTP, for tests in other languages. A caller can have tokens signed, so it answers only connections from
 * this machine, and in a browser only its own pages.
 */
export class ControlCalls {
  readonly #hosts: HostCheck;
  readonly #controlled: Controlled;

  constructor(hosts: HostCheck, controlled: Controlled) {
    this.#hosts = hosts;
    this.#controlled = controlled;
  }

  /** Whether a request is a control call. */
  has(message: IncomingMessage): boolean {
    return Object.hasOwn(CALLS, pathOf(message.url ?? ''));
  }

  /** Answers a control call; rejects if the client closes the connection before its request is complete. */
  async handle(message: IncomingMessage): Promise<Answer> {
    const request = await readRequest(message, BODY_LIMIT);
    const call = CALLS[request.path];
    if (!this.#isAllowed(message)) return platformError(403, 'forbidden', 'Only this machine, and no other page');
    if (request.method !== call?.method) {
      return platformError(405, 'method', 'Method not allowed', { allow: call?.method ?? '' });
    }
    if (request.tooLarge) return platformError(413, 'toolarge', 'The body is too large');
    try {
      return call.run(this.#controlled, request.body, new URLSearchParams(queryOf(request)));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return platformError(400, 'badrequest', error.message);
    }
  }

  #isAllowed(message: IncomingMessage): boolean {
    const host = hostOf(message);
    const { origin = [], 'sec-fetch-site': site = [] } = message.headersDistinct;
    return (
      isLoopback(message.socket.remoteAddress ?? '') &&
      this.#hosts.isOwn(host) &&
      origin.every((one) => one.toLowerCase() === `http://${host}`) &&
      site.every((one) => one === 'same-origin' || one === 'none')
    );
  }
}

/** Form of a field. */
type FieldKind = 'string' | 'number' | 'boolean' | 'strings' | 'object' | 'any';

/** The fields that a body may hold. */
type Fields = Readonly<Record<string, FieldKind>>;

/** As `UserTokenRequest`. */
const USER_TOKEN_FIELDS: Fields = {
  platform: 'string',
  tenant: 'string',
  tenantName: 'string',
  subtenant: 'string',
  userName: 'string',
  scopes: 'strings',
  appName: 'string',
  hostTenant: 'string',
  expiresInSeconds: 'number',
  issuerTenant: 'string',
  issuer: 'string',
  claims: 'object',
};

/** The endpoint, and the fields of `EmulatorFault`. */
const FAIL_FIELDS: Fields = {
  endpoint: 'string',
  platform: 'string',
  times: 'number',
  status: 'number',
  headers: 'object',
  body: 'any',
  delayMs: 'number',
  reset: 'boolean',
};

const ROTATE_FIELDS: Fields = { platform: 'string' };

/**
 * Reads a JSON object of optional fields; an empty body holds none.
 *
 * @throws EmulatorOptionError for anything else
 */
function readFields(body: string, fields: Fields): object {
  const content = body.trim() === '' ? {} : parse(body);
  for (const [name, value] of Object.entries(content)) {
    const kind = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (kind === undefined) throw new EmulatorOptionError('body', `may hold ${Object.keys(fields).join(', ')}`);
    if (!isOf(kind, value)) throw new EmulatorOptionError(name, MISTAKES[kind]);
  }
  return content;
}

const MISTAKES: Readonly<Record<FieldKind, string>> = {
  string: 'must be a string',
  number: 'must be a number',
  boolean: 'must be true or false',
  strings: 'must be an array of strings',
  object: 'must be an object',
  any: 'must be JSON',
};

function isOf(kind: FieldKind, value: unknown): boolean {
  switch (kind) {
    case 'any':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return isObject(value);
    case 'strings':
      return Array.isArray(value) && value.every((one) => typeof one === 'string');
    default:
      return typeof value === kind;
  }
}

function parse(body: string): object {
  try {
    const value: unknown = JSON.parse(body);
    if (isObject(value)) return value;
  } catch {
    // The same error as for JSON that is not an object.
  }
  throw new EmulatorOptionError('body', 'must be a JSON object');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
