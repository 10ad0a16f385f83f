import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ControlCalls } from '../control/control-calls.js';
import type { EmulatorFront } from '../control/emulator-control.interface.js';
import type { RequestLog } from '../traffic/request-log.js';
import type { Traffic } from '../traffic/traffic.js';
import type { Addresses } from './addresses.js';
import { type Answer, oauthError, platformError, refuseUpgrade, writeAnswer } from './answer.js';
import { readRequest } from './emulated-request.js';

/** Largest body of a token request. Bytes. Inferred: the platform's own limit is not documented. */
const TOKEN_BODY_LIMIT = 65_536;
/** Largest body of a call of an API, as `siemens.app` documents it. Bytes. */
const API_BODY_LIMIT = 10_000_000;

/** The parts of the emulator that handle requests. */
export interface RequestHandlerParts {
  readonly addresses: Addresses;
  readonly control: ControlCalls;
  readonly traffic: Traffic;
  readonly log: RequestLog;
}

/** Records a request, applies faults to it, and passes it to its endpoint. */
export class RequestHandler {
  readonly #parts: RequestHandlerParts;
  #front: EmulatorFront | undefined;

  constructor(parts: RequestHandlerParts) {
    this.#parts = parts;
  }

  /** Reads a request and answers it; rejects if the client closes the connection before its request is complete. */
  async handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { addresses, control } = this.#parts;
    const refusal = addresses.refuse(message);
    if (refusal) return this.#refuse(message, response, refusal);
    if (control.has(message)) return writeAnswer(response, await control.handle(message));
    const front = addresses.isForFront(message) ? this.#front : undefined;
    if (!front) return this.#answer(message, response);
    return front.handle(message, response, (as) => {
      addresses.readdress(message, as);
      return this.#answer(message, response);
    });
  }

  /** Answers a request to upgrade the connection, which only a front may accept. */
  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    // The client has closed the connection, so no answer can be sent.
    socket.on('error', () => socket.destroy());
    const refusal = this.#parts.addresses.refuse(message);
    if (refusal) return refuseUpgrade(socket, refusal.status);
    if (this.#front && this.#parts.addresses.isForFront(message)) return this.#front.upgrade(message, socket, head);
    refuseUpgrade(socket, 404);
  }

  /** Sets the front, instead of the former one. */
  setFront(front: EmulatorFront | undefined): void {
    this.#front?.close();
    this.#front = front;
  }

  async #answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { addresses, log, traffic } = this.#parts;
    const route = addresses.route(message);
    if (!route) return this.#refuse(message, response, platformError(404, 'notfound', 'Not found'));
    const request = await readRequest(message, route.endpoint === 'api' ? API_BODY_LIMIT : TOKEN_BODY_LIMIT);
    const finish = log.add(route.endpoint, route.profile.name, request);
    response.once('finish', () => finish(response.statusCode)).once('close', () => finish(undefined));
    const outcome = await traffic.apply(route, message);
    if (outcome === 'closed') return;
    if (outcome) return writeAnswer(response, outcome);
    if (request.tooLarge) return writeAnswer(response, oauthError(413, 'invalid_request', 'The body is too large'));
    const port = message.socket.localPort ?? 0;
    writeAnswer(response, await addresses.endpointsOf(route).answer(route, request, port));
  }

  /** Answers without using the body. The body is still read to its end, so that the client can receive the answer. */
  #refuse(message: IncomingMessage, response: ServerResponse, answer: Answer): void {
    message.resume();
    const finish = this.#parts.log.addUnknown(message);
    response.once('finish', () => finish(answer.status)).once('close', () => finish(undefined));
    writeAnswer(response, answer);
  }
}
