import type { EmulatorEndpoint } from '../http/route.js';
import type { EmulatedPlatform } from '../platforms/emulated-platform.js';

/** Who answered a request that came for an application. */
export type FrontEndpoint = 'application' | 'gateway';

/** A request that arrived, secrets cut: where one stood there is `***`. */
export interface RecordedRequest {
  /** Platform whose server it was for. */
  readonly platform: EmulatedPlatform;
  /**
   * What of the emulator it was for. With an application behind it, `'application'`: passed on to the application;
   * `'gateway'`: answered by the gateway, as sign-in, sign-out and refusals are. `'unknown'`: nothing that it has; only
   * option `onRequest` gets those.
   */
  readonly endpoint: EmulatorEndpoint | FrontEndpoint | 'unknown';
  /** In upper case. */
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** By their names in lower case; of credentials only the scheme is left. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as a string, up to 64 kB; empty if there was none. */
  readonly body: string;
  /** When its first bytes arrived, by `Date.now()`. */
  readonly receivedAt: Date;
  /** Status of the answer; `undefined` until it is over, and for good where the connection ended without an answer. */
  readonly status?: number;
  /** Milliseconds until it was over; `undefined` before. */
  readonly durationMs?: number;
}
