import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { EmulatorEndpoint } from '../http/route.js';
import type { EmulatedPlatform } from '../platforms/emulated-platform.js';
import type { UserTokenRequest } from '../tokens/token-issuer.js';
import type { EmulatorFault } from '../traffic/fault-queue.js';
import type { FrontEndpoint, RecordedRequest } from '../traffic/recorded-request.interface.js';
import type { Finish } from '../traffic/request-log.js';

/** As what a request counts that goes on to an emulated API. */
export interface PassedAs {
  /** Value of `Authorization`, in the place of the request's own. */
  readonly authorization?: string | undefined;
  /** Platform whose API it is for. Default: the one that the address names. */
  readonly platform?: EmulatedPlatform | undefined;
}

/** Handles requests before the emulator, as a gateway does: those that are not for a server of the platform itself. */
export interface EmulatorFront {
  /**
   * Answers a request, or lets the emulator do it with `pass`. It gets what came by one of the emulator's own hosts,
   * except what is for the OAuth servers, for the Token Manager's tokens, and below the gateways that are addressed by
   * path.
   */
  handle(message: IncomingMessage, response: ServerResponse, pass: (as?: PassedAs) => Promise<void>): Promise<void>;
  /** Answers a request to upgrade the connection, by one of the emulator's own hosts. */
  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Releases what it holds; afterwards the connections are destroyed. */
  close(): void;
}

/** As what a request counts that a front answers, or passes on to an application. */
export interface RecordedAs {
  readonly endpoint: FrontEndpoint;
  readonly platform: EmulatedPlatform;
}

/** The part of the emulator that a front uses. */
export interface EmulatorControl {
  /** URL of the emulator, without a slash at the end. */
  readonly origin: string;
  /** Address that it listens on. */
  readonly host: string;
  /** How long every answer is held, in milliseconds; a TypeError for a value that is out of range. */
  latencyMs: number;
  issueUserToken(request: UserTokenRequest): string;
  failNext(endpoint: EmulatorEndpoint, fault: EmulatorFault): void;
  rotateKeys(platform?: EmulatedPlatform): void;
  /** What has arrived, in order and with secrets cut. */
  requests(): RecordedRequest[];
  /** Records a request that a front answers; the returned function is called at its end. */
  record(message: IncomingMessage, as: RecordedAs): Finish;
}
