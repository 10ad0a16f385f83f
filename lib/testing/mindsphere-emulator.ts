import { isIPv6 } from 'node:net';
import type { AppCredentialsOptions } from '../config/sections/credentials.options.js';
import type { MindsphereCredentialsModuleOptions } from '../config/sections/module.options.js';
import type {
  EmulatedApp,
  EmulatedTechnicalUser,
  EmulatorSettings,
  MindsphereEmulatorOptions,
} from './emulator/emulator-options.interface.js';
import { EmulatorServer } from './emulator/emulator-server.js';
import { resolveSettings } from './emulator/emulator-settings.js';
import { type EmulatorFault, FaultQueue } from './emulator/fault-queue.js';
import { fillKeyPool } from './emulator/key-pool.js';
import { KeyRing } from './emulator/key-ring.js';
import { RequestHandler } from './emulator/request-handler.js';
import { type RecordedRequest, RequestLog } from './emulator/request-log.js';
import type { EmulatorEndpoint } from './emulator/route.js';
import { TokenIssuer, type UserTokenRequest } from './emulator/token-issuer.js';

/** Module options that point the library at an emulator. */
export interface EmulatorModuleOptions extends MindsphereCredentialsModuleOptions {
  gatewayUrl: string;
  oauthUrl: string;
  app: EmulatedApp & Pick<AppCredentialsOptions, 'authKeyScheme'>;
  tenant: Pick<EmulatedTechnicalUser, 'clientId' | 'clientSecret' | 'tenant'>;
}

/**
 * The gateway and the tenants' OAuth servers of MindSphere, on this machine, for tests. It checks what arrives as
 * strictly as the protocol is documented and answers in the documented shapes; time is `Date.now()`.
 *
 * The gateway answers at {@link origin}; a tenant's OAuth server at `/piam/{tenant}` there, and for any host name
 * `{tenant}.piam.…` that leads here. `iss` follows the address that was asked. Anything else under `/api/` demands a
 * token of this emulator and answers what it says.
 */
export class MindsphereEmulator {
  readonly #settings: EmulatorSettings;
  readonly #keys: KeyRing;
  readonly #issuer: TokenIssuer;
  readonly #faults = new FaultQueue();
  readonly #log: RequestLog;
  readonly #server: EmulatorServer;
  #port = 0;

  private constructor(settings: EmulatorSettings) {
    this.#settings = settings;
    this.#keys = new KeyRing(settings.signingKeyPosition);
    this.#issuer = new TokenIssuer(settings, this.#keys);
    this.#log = new RequestLog(settings);
    const parts = { settings, keys: this.#keys, issuer: this.#issuer, faults: this.#faults, log: this.#log };
    const handler = new RequestHandler(parts);
    this.#server = new EmulatorServer((message, response) => handler.handle(message, response));
  }

  /**
   * Starts an emulator. The first one in a process makes its RSA keys, which takes some tenths of a second.
   *
   * @throws Error under `NODE_ENV=production`, where nothing may trust its tokens
   * @throws TypeError for an option that no emulator could work with
   * @throws Node's error, such as `EADDRINUSE`, where it cannot listen
   */
  static async start(options: MindsphereEmulatorOptions = {}): Promise<MindsphereEmulator> {
    if (process.env['NODE_ENV'] === 'production') {
      throw new Error('MindsphereEmulator is for tests and does not start under NODE_ENV=production');
    }
    const settings = resolveSettings(options);
    await fillKeyPool();
    const emulator = new MindsphereEmulator(settings);
    await emulator.#server.listen(settings.port, settings.host);
    emulator.#port = emulator.#server.port;
    return emulator;
  }

  /** The port it listens, or has listened, on. */
  get port(): number {
    return this.#port;
  }

  /** Its URL, without a slash at the end; the loopback address where it listens on all. */
  get origin(): string {
    return `http://${reachableHost(this.#settings.host)}:${this.#port}`;
  }

  /**
   * Options for the library, a new object each time. Beyond loopback addresses the library also wants
   * `allowInsecureHttp`.
   */
  get moduleOptions(): EmulatorModuleOptions {
    const { app, authKeyScheme, technicalUsers } = this.#settings;
    const [{ clientId, clientSecret, tenant }] = technicalUsers;
    return {
      gatewayUrl: this.origin,
      oauthUrl: `${this.origin}/piam/{tenant}`,
      app: authKeyScheme === 'Basic' ? { ...app } : { ...app, authKeyScheme },
      tenant: { clientId, clientSecret, tenant },
    };
  }

  /** A user's token, signed at once by the key that signs now. No request is made. */
  issueUserToken(request: UserTokenRequest = {}): string {
    return this.#issuer.user(request, this.origin);
  }

  /** Signs with a new key, under a new id, from now on. The last three former keys stay in the key sets. */
  rotateKeys(): void {
    this.#keys.rotate();
  }

  /**
   * Makes the next requests of an endpoint fail, or wait; see {@link EmulatorFault}. Calls add up, in their order.
   *
   * @throws TypeError for a fault that could not be carried out
   */
  failNext(endpoint: EmulatorEndpoint, fault: EmulatorFault = {}): void {
    this.#faults.add(endpoint, fault);
  }

  /** What has arrived at an endpoint, or at all of them, in order and with secrets cut; faulted requests as well. */
  requests(endpoint?: EmulatorEndpoint): RecordedRequest[] {
    return this.#log.list(endpoint);
  }

  /** Forgets what has arrived. */
  clearRequests(): void {
    this.#log.clear();
  }

  /** Stops it: connections are destroyed, held answers dropped. May be called again. */
  close(): Promise<void> {
    return this.#server.close();
  }
}

function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return isIPv6(host) ? `[${host}]` : host;
}
