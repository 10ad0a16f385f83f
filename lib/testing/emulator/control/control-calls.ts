import type { IncomingMessage } from 'node:http';
import { type Answer, answer, platformError } from '../http/answer.js';
import { hostOf, pathOf, queryOf, readRequest } from '../http/emulated-request.js';
import { type HostCheck, isLoopback } from '../http/host-check.js';
import type { EmulatedPlatform } from '../platforms/emulated-platform.js';
import type { UserTokenRequest } from '../tokens/token-issuer.js';
import type { EmulatorFault } from '../traffic/fault-queue.js';
import type { EmulatorEndpoint } from '../http/route.js';
import type { RecordedRequest } from '../traffic/recorded-request.interface.js';
import { FAIL_FIELDS, readFields, ROTATE_FIELDS, USER_TOKEN_FIELDS } from './control-fields.js';

/** What the calls do. */
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
 * Control over HTTP, for tests in other languages. Whoever may call this can sign tokens, so it answers connections of this
 * machine alone, and no page in a browser but its own.
 */
export class ControlCalls {
  readonly #hosts: HostCheck;
  readonly #controlled: Controlled;

  constructor(hosts: HostCheck, controlled: Controlled) {
    this.#hosts = hosts;
    this.#controlled = controlled;
  }

  /** Whether a request is for it. */
  has(message: IncomingMessage): boolean {
    return Object.hasOwn(CALLS, pathOf(message.url ?? ''));
  }

  /** Answers a request that is for it; rejects if the client leaves before its request is whole. */
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
