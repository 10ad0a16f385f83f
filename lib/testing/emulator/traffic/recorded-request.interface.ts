import type { EmulatorEndpoint } from '../http/route.js';
import type { EmulatedPlatform } from '../platforms/emulated-platform.js';

/** A request that arrived, secrets cut: where one stood there is `***`. */
export interface RecordedRequest {
  /** Platform whose server it was for. */
  readonly platform: EmulatedPlatform;
  /**
   * What of the emulator it was for; `'application'`: passed on to the application behind it; `'unknown'`: nothing that it
   * has, which only option `onRequest` is given.
   */
  readonly endpoint: EmulatorEndpoint | 'application' | 'unknown';
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
