import type { IncomingMessage } from 'node:http';
import { isIP, isIPv6 } from 'node:net';
import type { PassedAs } from '../control/emulator-control.interface.js';
import type { PlatformEndpoints } from '../endpoints/platform-endpoints.js';
import { type Answer, platformError } from './answer.js';
import { hostOf, pathOf } from './emulated-request.js';
import { findRoute, type Route } from './route.js';
import type { EmulatorSettings } from '../options/emulator-options.interface.js';

/** Finds the endpoint of a request by its address. */
export class Addresses {
  readonly #hosts: HostCheck;
  readonly #platforms: readonly PlatformEndpoints[];

  /** @param platforms in the order in which addresses are tried */
  constructor(hosts: HostCheck, platforms: readonly PlatformEndpoints[]) {
    this.#hosts = hosts;
    this.#platforms = platforms;
  }

  /** The error for an address that the emulator does not answer. */
  refuse(message: IncomingMessage): Answer | undefined {
    const host = hostOf(message);
    if (!this.#hosts.isWellFormed(host) || !message.url?.startsWith('/')) {
      return platformError(400, 'badrequest', 'Malformed host or path');
    }
    if (this.#hosts.isAnswered(host)) return undefined;
    return platformError(421, 'misdirected', 'The emulator does not answer to this host name; see its option domains');
  }

  /** The route to an endpoint, if the address is that of one. */
  route(message: IncomingMessage): Route | undefined {
    const profiles = this.#platforms.map(({ settings }) => settings.profile);
    const route = findRoute(profiles, hostOf(message), pathOf(message.url ?? ''));
    return route && (route.tenant === '' || this.endpointsOf(route).hasTenant(route.tenant)) ? route : undefined;
  }

  /** The platform of a route. */
  endpointsOf({ profile }: Route): PlatformEndpoints {
    const found = this.#platforms.find(({ settings }) => settings.profile === profile);
    if (!found) throw new Error(`No endpoints of ${profile.name}`);
    return found;
  }

  /**
   * Whether a request came by the emulator's own host and is not for an OAuth server, a Token Manager or `/xcelerator`.
   */
  isForFront(message: IncomingMessage): boolean {
    if (!this.#hosts.isOwn(hostOf(message))) return false;
    const path = pathOf(message.url ?? '');
    const folders = this.#platforms.flatMap(({ settings: { profile } }) => [profile.oauthPath, profile.gatewayPath]);
    const isByPath = folders.some((folder) => folder !== '' && path.startsWith(`${folder}/`));
    return !isByPath && this.route(message)?.endpoint !== 'app-token';
  }

  /** Changes the address of a request from the emulator's own to that of a platform's gateway, and replaces its token. */
  readdress(message: IncomingMessage, { authorization, platform }: PassedAs = {}): void {
    if (authorization !== undefined) {
      message.headersDistinct = { ...message.headersDistinct, authorization: [authorization] };
    }
    const found = this.#platforms.find(({ settings }) => settings.profile.name === platform);
    if (!found) return;
    const { profile } = found.settings;
    const path = pathOf(message.url ?? '');
    message.url = profile.gatewayPath + profile.gatewayApiPath(path) + (message.url ?? '').slice(path.length);
  }
}

const HOST = /^(?:[a-z\d._-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/;
const PORT = /:\d{1,5}$/;
/** Names that the public DNS never resolves (RFC 6761): no page on the web can have them. */
const RESERVED_DOMAINS: readonly string[] = ['localhost', 'test'];

/**
 * Decides which `Host` headers the emulator answers. A page in a browser can make a name of its own resolve to a loopback
 * address (DNS rebinding); with such a name it must not reach the emulator.
 */
export class HostCheck {
  readonly #settings: EmulatorSettings;
  readonly #ownHost: string;

  constructor(settings: EmulatorSettings) {
    this.#settings = settings;
    this.#ownHost = urlHost(settings.host.toLowerCase());
  }

  /** Whether a header's value has the form of a host, perhaps with a port. */
  isWellFormed(host: string): boolean {
    return HOST.test(host);
  }

  /** Whether a host is this emulator itself: a loopback address, `localhost`, or the address that it listens on. */
  isOwn(host: string): boolean {
    const name = host.replace(PORT, '');
    return name === 'localhost' || name === this.#ownHost || isLoopback(name.replaceAll(/[[\]]/g, ''));
  }

  /** Whether a host is answered: its own, an emulated name under a domain that counts, or such a domain itself. */
  isAnswered(host: string): boolean {
    const name = host.replace(PORT, '');
    if (this.isOwn(host) || this.#settings.domains.includes(name)) return true;
    const domains = [...RESERVED_DOMAINS, ...this.#settings.domains];
    return domains.some((domain) => name.endsWith(`.${domain}`)) && this.#isEmulated(name);
  }

  #isEmulated(name: string): boolean {
    return this.#settings.platforms.some(
      ({ profile }) => profile.gatewayDomain(name) !== undefined || profile.tenantHost(name) !== undefined,
    );
  }
}

/** Whether an address is one of this machine that no other machine can reach. */
export function isLoopback(address: string): boolean {
  if (isIPv6(address)) return address === '::1' || /^::ffff:127\.\d+\.\d+\.\d+$/i.test(address);
  return isIP(address) === 4 && address.startsWith('127.');
}

/** A host as it stands in a URL: an IPv6 address in brackets. */
export function urlHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
