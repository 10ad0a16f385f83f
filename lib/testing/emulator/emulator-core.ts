import { ControlCalls } from './control/control-calls.js';
import type { EmulatorControl, EmulatorFront } from './control/emulator-control.interface.js';
import { PlatformEndpoints } from './endpoints/platform-endpoints.js';
import { Addresses, HostCheck, urlHost } from './http/addresses.js';
import { EmulatorServer } from './http/emulator-server.js';
import { RequestHandler } from './http/request-handler.js';
import type { EmulatorEndpoint } from './http/route.js';
import { KeyChain } from './keys/key-chain.js';
import { EmulatorOptionError, oneOf } from './options/checks.js';
import type { EmulatorSettings } from './options/emulator-options.interface.js';
import type { EmulatedPlatform } from './platforms/emulated-platform.js';
import { FixtureFolder } from './stubs/fixture-folder.js';
import { StubTable } from './stubs/stub-table.js';
import { TokenChecker } from './tokens/token-checker.js';
import type { UserTokenRequest } from './tokens/token-issuer.js';
import { demandPlatform, type EmulatorFault } from './traffic/fault-queue.js';
import type { RecordedRequest } from './traffic/recorded-request.interface.js';
import { type RequestFilter, RequestLog } from './traffic/request-log.js';
import { Traffic } from './traffic/traffic.js';

/** Constructs and connects the parts of an emulator. */
export class EmulatorCore {
  readonly settings: EmulatorSettings;
  readonly log: RequestLog;
  readonly traffic: Traffic;
  readonly stubs = new StubTable();
  readonly #keys: KeyChain;
  readonly #platforms: readonly PlatformEndpoints[];
  readonly #handler: RequestHandler;
  readonly #server: EmulatorServer;
  #hasFront = false;
  #port = 0;

  private constructor(settings: EmulatorSettings, keys: KeyChain) {
    this.settings = settings;
    this.#keys = keys;
    this.log = new RequestLog(settings);
    this.traffic = new Traffic(settings);
    const tokens = new TokenChecker(
      settings.platforms.map(({ profile }) => profile),
      keys,
    );
    const fixtures = settings.fixtures === undefined ? undefined : new FixtureFolder(settings.fixtures);
    const shared = { keys, tokens, answers: { stubs: this.stubs, fixtures } };
    this.#platforms = settings.platforms.map((platform) => new PlatformEndpoints(settings, platform, shared));
    const hosts = new HostCheck(settings);
    const addresses = new Addresses(hosts, this.#platforms);
    const control = new ControlCalls(hosts, this);
    this.#handler = new RequestHandler({ addresses, control, traffic: this.traffic, log: this.log });
    this.#server = new EmulatorServer((message, response) => this.#handler.handle(message, response));
  }

  /** Makes or reads the keys and starts to listen; rejects with Node's error, such as `EADDRINUSE`. */
  static async start(settings: EmulatorSettings): Promise<EmulatorCore> {
    const core = new EmulatorCore(settings, await KeyChain.open(settings));
    await core.#server.listen(settings.port, settings.host);
    core.#port = core.#server.port;
    return core;
  }

  /** The port it listens, or has listened, on. */
  get port(): number {
    return this.#port;
  }

  /** Its URL, without a slash at the end; the loopback address where it listens on all. */
  get origin(): string {
    return `http://${reachableHost(this.settings.host)}:${this.#port}`;
  }

  /** The emulated platforms, `mindsphere` first. */
  get platforms(): readonly EmulatedPlatform[] {
    return this.#platforms.map(({ settings }) => settings.profile.name);
  }

  /**
   * One platform.
   *
   * @throws EmulatorOptionError for a platform that is not emulated
   */
  platform(name: EmulatedPlatform): PlatformEndpoints {
    const found = this.#platforms.find(({ settings }) => settings.profile.name === name);
    if (found) return found;
    oneOf('platform', name, ['mindsphere', 'xcelerator']);
    throw new EmulatorOptionError('platform', `${name} is not emulated; start the emulator with { xcelerator: true }`);
  }

  /** A user's token, signed synchronously with the present signing key. */
  issueUserToken(request: UserTokenRequest): string {
    return this.platform(request.platform ?? 'mindsphere').issuer.user(request, this.origin);
  }

  /** Makes the next requests of an endpoint fail, or wait. */
  failNext(endpoint: EmulatorEndpoint, fault: EmulatorFault): void {
    this.traffic.faults.add(endpoint, fault);
  }

  /** Signs with new keys from now on: on the named platform, or on all. */
  rotateKeys(platform?: EmulatedPlatform): void {
    demandPlatform(platform);
    this.#keys.rotate(platform);
  }

  /** The recorded requests that match the filter. */
  requests(filter: RequestFilter = {}): RecordedRequest[] {
    return this.log.list(filter);
  }

  /** Sets the front, instead of the former one. */
  setFront(front: EmulatorFront): void {
    if (!this.#hasFront)
      this.#server.onUpgrade((message, socket, head) => this.#handler.upgrade(message, socket, head));
    this.#hasFront = true;
    this.#handler.setFront(front);
  }

  /** Stops it: connections are destroyed, delayed answers are not sent. */
  close(): Promise<void> {
    this.#handler.setFront(undefined);
    return this.#server.close();
  }
}

function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '[::1]' : urlHost(host);
}

/** The control of an emulator. */
export function controlOf(core: EmulatorCore): EmulatorControl {
  return {
    get origin() {
      return core.origin;
    },
    host: core.settings.host,
    get latencyMs() {
      return core.traffic.latencyMs;
    },
    set latencyMs(value: number) {
      core.traffic.latencyMs = value;
    },
    issueUserToken: (request) => core.issueUserToken(request),
    failNext: (endpoint, fault) => core.failNext(endpoint, fault),
    rotateKeys: (platform) => core.rotateKeys(platform),
    requests: () => core.requests(),
    record: (message, { endpoint, platform }) => core.log.addMessage(endpoint, platform, message),
  };
}
