import type { AppCredentialsOptions } from '../config/sections/credentials.options.js';
import type { MindsphereCredentialsModuleOptions } from '../config/sections/module.options.js';
import { controlOf, EmulatorCore } from './emulator/emulator-core.js';
import type { EmulatorEndpoint } from './emulator/http/route.js';
import type {
  EmulatedApp,
  EmulatedTechnicalUser,
  MindsphereEmulatorOptions,
  PlatformSettings,
} from './emulator/options/emulator-options.interface.js';
import { resolveSettings } from './emulator/options/emulator-settings.js';
import type { EmulatedPlatform } from './emulator/platforms/emulated-platform.js';
import type { UserTokenRequest } from './emulator/tokens/token-issuer.js';
import type { StubResponse } from './emulator/stubs/stub-answer.js';
import type { EmulatorFault } from './emulator/traffic/fault-queue.js';
import type { RecordedRequest } from './emulator/traffic/recorded-request.interface.js';
import { ApplicationGateway } from './gateway/application-gateway.js';
import type { ApplicationGatewayOptions } from './gateway/application-gateway-options.interface.js';

/** Credentials of a technical user, as module options take them. */
type TechnicalUserOptions = Pick<EmulatedTechnicalUser, 'clientId' | 'clientSecret' | 'tenant'>;

/** Module options that point the library at an emulated `siemens.app`. */
export interface EmulatorXceleratorOptions {
  /** Its core tenant. */
  coreTenant: string;
  /** URL of its gateway. */
  gatewayUrl: string;
  /** Template of its OAuth servers. */
  oauthUrl: string;
  /** The app that it knows. */
  app: EmulatedApp;
  /** A technical user that it knows. */
  tenant: TechnicalUserOptions;
  /** Client ids of the users' tokens that it issues. */
  clientIds: readonly string[];
}

/** Module options that point the library at an emulator. */
export interface EmulatorModuleOptions extends MindsphereCredentialsModuleOptions {
  gatewayUrl: string;
  oauthUrl: string;
  app: EmulatedApp & Pick<AppCredentialsOptions, 'authKeyScheme'>;
  tenant: TechnicalUserOptions;
  /** Set where the emulator emulates `siemens.app`, too. */
  xcelerator?: EmulatorXceleratorOptions | undefined;
}

/**
 * The gateway and the tenants' OAuth servers of MindSphere, on this machine, for tests; with `xcelerator` those of
 * `siemens.app`, too. It accepts what the real servers accept, or with `strict` only what is documented, and answers in
 * the documented shapes; time is `Date.now()`.
 *
 * The gateway answers at {@link origin}; a tenant's OAuth server at `/piam/{tenant}` there, and for the host names
 * `{tenant}.piam.…`. `siemens.app` is at `/xcelerator` and `/sws/{tenant}`, and at the host names `api.{region}.…` and
 * `{tenant}.{region}.sws.…`. `iss` follows the address that was asked. Anything else under `/api/` demands a token of
 * this emulator and answers what is in it.
 */
export class MindsphereEmulator {
  readonly #core: EmulatorCore;

  private constructor(core: EmulatorCore) {
    this.#core = core;
  }

  /**
   * Starts an emulator. The first one in a process makes its RSA keys, which takes some tenths of a second.
   *
   * @throws Error under `NODE_ENV=production`, where nothing may trust its tokens
   * @throws TypeError for an option that no emulator could work with
   * @throws Node's error, such as `EADDRINUSE`, where it cannot listen
   */
  static async start(options: MindsphereEmulatorOptions = {}): Promise<MindsphereEmulator> {
    if (process.env['NODE_ENV']?.trim().toLowerCase() === 'production') {
      throw new Error('MindsphereEmulator is for tests and does not start under NODE_ENV=production');
    }
    return new MindsphereEmulator(await EmulatorCore.start(resolveSettings(options)));
  }

  /** The port it listens, or has listened, on. */
  get port(): number {
    return this.#core.port;
  }

  /** Its URL, without a slash at the end; the loopback address where it listens on all. */
  get origin(): string {
    return this.#core.origin;
  }

  /**
   * Options for the library, a new object each time. Beyond loopback addresses the library also wants
   * `allowInsecureHttp`.
   */
  get moduleOptions(): EmulatorModuleOptions {
    const { authKeyScheme, platforms } = this.#core.settings;
    const [mindsphere, xcelerator] = platforms;
    const { app, ...others } = this.#optionsOf(mindsphere);
    return {
      ...others,
      app: authKeyScheme === 'Basic' ? app : { ...app, authKeyScheme },
      ...(xcelerator && { xcelerator: this.#xceleratorOptions(xcelerator) }),
    };
  }

  /** A user's token, signed at once by the key that signs now. No request is made. */
  issueUserToken(request: UserTokenRequest = {}): string {
    return this.#core.issueUserToken(request);
  }

  /**
   * Signs with a new key, under a new id, from now on: on the named platform, or on all. The last three former keys
   * stay in the key sets.
   *
   * @throws TypeError for a platform that there is not
   */
  rotateKeys(platform?: EmulatedPlatform): void {
    this.#core.rotateKeys(platform);
  }

  /**
   * Makes the next requests of an endpoint fail, or wait; see {@link EmulatorFault}. Calls add up, in their order.
   *
   * @throws TypeError for a fault that could not be carried out
   */
  failNext(endpoint: EmulatorEndpoint, fault: EmulatorFault = {}): void {
    this.#core.failNext(endpoint, fault);
  }

  /**
   * What has arrived at an endpoint, or at all of them, on a platform, or on both: in order and with secrets cut; faulted
   * requests as well.
   */
  requests(
    endpoint?: EmulatorEndpoint,
    { platform }: { platform?: EmulatedPlatform | undefined } = {},
  ): RecordedRequest[] {
    return this.#core.requests({ endpoint, platform });
  }

  /**
   * Answers an emulated API from now on, on both platforms: requests of a method to a path, whatever their query says.
   * A token is demanded all the same. The path is written as for `mindsphere.io`, is exact or has segments such as
   * `{id}`, and the most exact one counts. The answer is a body; or an object with nothing but `status`, `headers` and
   * `body`; or a function that returns one of these, or a promise of one. A function that throws is answered by status
   * 500.
   *
   * @example emulator.respond('GET', '/api/assetmanagement/v3/assets/{id}', ({ params }) => ({ assetId: params.id }));
   *
   * @throws TypeError for a path that is not below `/api/`, and for an answer that cannot be sent
   */
  respond(method: string, path: string, response: StubResponse): void {
    this.#core.stubs.add(method, path, response);
  }

  /** Forgets what {@link respond} was given. */
  resetResponses(): void {
    this.#core.stubs.clear();
  }

  /** The technical users of a platform, whose credentials its OAuth servers accept; new objects each time. */
  technicalUsers(platform: EmulatedPlatform = 'mindsphere'): EmulatedTechnicalUser[] {
    return this.#core.platform(platform).settings.technicalUsers.map((user) => ({ ...user }));
  }

  /**
   * Plays the gateway in front of an application, too, at its own origin, for browsers: users choose who they are on a
   * page, and each of their requests goes on with a token of theirs. `/api/…` stays with the emulated APIs;
   * `/__emulator/` is a page about it. A later call replaces an earlier one. It makes no request.
   *
   * @throws TypeError for an option that no gateway could work with, and where the emulator listens beyond loopback
   * @throws Error where the optional peer `httpxy` is not installed
   */
  async serveApplication(options: ApplicationGatewayOptions): Promise<void> {
    this.#core.setFront(await ApplicationGateway.open(options, controlOf(this.#core)));
  }

  /** Forgets what has arrived. */
  clearRequests(): void {
    this.#core.log.clear();
  }

  /** Stops it: connections are destroyed, held answers dropped. May be called again. */
  close(): Promise<void> {
    return this.#core.close();
  }

  #optionsOf({ profile, app, technicalUsers }: PlatformSettings) {
    const [{ clientId, clientSecret, tenant }] = technicalUsers;
    return {
      gatewayUrl: `${this.origin}${profile.gatewayPath}`,
      oauthUrl: `${this.origin}${profile.oauthPath}/{tenant}`,
      app: { ...app },
      tenant: { clientId, clientSecret, tenant },
    };
  }

  #xceleratorOptions(platform: PlatformSettings): EmulatorXceleratorOptions {
    const { profile, app } = platform;
    return {
      coreTenant: profile.issuerOfUsers(app.userTenant),
      ...this.#optionsOf(platform),
      clientIds: [profile.userClientId(app)],
    };
  }
}
