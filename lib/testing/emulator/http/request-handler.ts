import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { EmulatorFront, PassedAs } from '../control/emulator-control.interface.js';
import type { PlatformEndpoints } from '../endpoints/platform-endpoints.js';
import type { RequestLog } from '../traffic/request-log.js';
import type { Traffic } from '../traffic/traffic.js';
import { type Answer, oauthError, platformError } from './answer.js';
import { writeAnswer } from './answer-writer.js';
import { hostOf, pathOf, readRequest } from './emulated-request.js';
import type { HostCheck } from './host-check.js';
import { findRoute, type Route } from './route.js';
import { refuseUpgrade } from './upgrade-refusal.js';

/** Largest body of a token request. Bytes. Inferred: the platform's own limit is not documented. */
const TOKEN_BODY_LIMIT = 65_536;
/** Largest body of a call of an API, as `siemens.app` documents it. Bytes. */
const API_BODY_LIMIT = 10_000_000;

/** The parts that requests meet. */
export interface RequestHandlerParts {
  readonly hosts: HostCheck;
  /** The platforms in the order in which addresses are tried. */
  readonly platforms: readonly PlatformEndpoints[];
  readonly traffic: Traffic;
  readonly log: RequestLog;
}

/** Takes a request to its endpoint, past the log and the faults. */
export class RequestHandler {
  readonly #parts: RequestHandlerParts;
  #front: EmulatorFront | undefined;

  constructor(parts: RequestHandlerParts) {
    this.#parts = parts;
  }

  /** Reads a request and answers it; rejects if the client leaves before its request is whole. */
  async handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.#refuseAddress(message);
    if (refusal) return refuse(message, response, refusal);
    const front = this.#isForFront(message) ? this.#front : undefined;
    if (!front) return this.#answer(message, response);
    return front.handle(message, response, (as) => {
      this.#readdress(message, as);
      return this.#answer(message, response);
    });
  }

  /** Answers a request to upgrade the connection, which only a front may accept. */
  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Of a client that leaves: there is nobody to answer.
    socket.on('error', () => socket.destroy());
    const refusal = this.#refuseAddress(message);
    if (refusal) return refuseUpgrade(socket, refusal.status);
    if (this.#front && this.#isForFront(message)) return this.#front.upgrade(message, socket, head);
    refuseUpgrade(socket, 404);
  }

  /** Places something before the endpoints, in the place of what stood there. */
  setFront(front: EmulatorFront | undefined): void {
    this.#front?.close();
    this.#front = front;
  }

  #isForFront(message: IncomingMessage): boolean {
    const { hosts, platforms } = this.#parts;
    if (!hosts.isOwn(hostOf(message))) return false;
    const path = pathOf(message.url ?? '');
    const folders = platforms.flatMap(({ settings: { profile } }) => [profile.oauthPath, profile.gatewayPath]);
    const isByPath = folders.some((folder) => folder !== '' && path.startsWith(`${folder}/`));
    return !isByPath && this.#route(message)?.endpoint !== 'app-token';
  }

  /** Makes a request at the emulator's own address one to a platform's gateway, with another token. */
  #readdress(message: IncomingMessage, { authorization, platform }: PassedAs = {}): void {
    if (authorization !== undefined) {
      message.headersDistinct = { ...message.headersDistinct, authorization: [authorization] };
    }
    const found = this.#parts.platforms.find(({ settings }) => settings.profile.name === platform);
    if (!found) return;
    const { profile } = found.settings;
    const path = pathOf(message.url ?? '');
    message.url = profile.gatewayPath + profile.gatewayApiPath(path) + (message.url ?? '').slice(path.length);
  }

  #refuseAddress(message: IncomingMessage): Answer | undefined {
    const { hosts } = this.#parts;
    const host = hostOf(message);
    if (!hosts.isWellFormed(host) || !message.url?.startsWith('/')) {
      return platformError(400, 'badrequest', 'Malformed host or path');
    }
    if (hosts.isAnswered(host)) return undefined;
    return platformError(421, 'misdirected', 'The emulator does not answer to this host name; see its option domains');
  }

  #route(message: IncomingMessage): Route | undefined {
    const { platforms } = this.#parts;
    const profiles = platforms.map(({ settings }) => settings.profile);
    const route = findRoute(profiles, hostOf(message), pathOf(message.url ?? ''));
    return route && (route.tenant === '' || this.#endpointsOf(route).hasTenant(route.tenant)) ? route : undefined;
  }

  async #answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = this.#route(message);
    if (!route) return refuse(message, response, platformError(404, 'notfound', 'Not found'));
    const { log, traffic } = this.#parts;
    const request = await readRequest(message, route.endpoint === 'api' ? API_BODY_LIMIT : TOKEN_BODY_LIMIT);
    const finish = log.add(route.endpoint, route.profile.name, request);
    response.once('finish', () => finish(response.statusCode)).once('close', () => finish(undefined));
    const outcome = await traffic.meet(route, message);
    if (outcome === 'gone') return;
    if (outcome) return writeAnswer(response, outcome);
    if (request.tooLarge) return writeAnswer(response, oauthError(413, 'invalid_request', 'The body is too large'));
    const port = message.socket.localPort ?? 0;
    writeAnswer(response, this.#endpointsOf(route).answer(route, request, port));
  }

  #endpointsOf({ profile }: Route): PlatformEndpoints {
    const found = this.#parts.platforms.find(({ settings }) => settings.profile === profile);
    if (!found) throw new Error(`No endpoints of ${profile.name}`);
    return found;
  }
}

/** Answers without looking at the body, which is read to its end all the same, so that the client gets to read the answer. */
function refuse(message: IncomingMessage, response: ServerResponse, answer: Answer): void {
  message.resume();
  writeAnswer(response, answer);
}
