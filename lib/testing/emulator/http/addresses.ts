import type { IncomingMessage } from 'node:http';
import type { PassedAs } from '../control/emulator-control.interface.js';
import type { PlatformEndpoints } from '../endpoints/platform-endpoints.js';
import { type Answer, platformError } from './answer.js';
import { hostOf, pathOf } from './emulated-request.js';
import type { HostCheck } from './host-check.js';
import { findRoute, type Route } from './route.js';

/** Which part of an emulator the address of a request means. */
export class Addresses {
  readonly #hosts: HostCheck;
  readonly #platforms: readonly PlatformEndpoints[];

  /** @param platforms in the order in which addresses are tried */
  constructor(hosts: HostCheck, platforms: readonly PlatformEndpoints[]) {
    this.#hosts = hosts;
    this.#platforms = platforms;
  }

  /** The refusal of an address that the emulator does not answer. */
  refuse(message: IncomingMessage): Answer | undefined {
    const host = hostOf(message);
    if (!this.#hosts.isWellFormed(host) || !message.url?.startsWith('/')) {
      return platformError(400, 'badrequest', 'Malformed host or path');
    }
    if (this.#hosts.isAnswered(host)) return undefined;
    return platformError(421, 'misdirected', 'The emulator does not answer to this host name; see its option domains');
  }

  /** The endpoint, if the address is that of one. */
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

  /** Whether a request came by the emulator's own host and is not for an OAuth server, a Token Manager or `/xcelerator`. */
  isForFront(message: IncomingMessage): boolean {
    if (!this.#hosts.isOwn(hostOf(message))) return false;
    const path = pathOf(message.url ?? '');
    const folders = this.#platforms.flatMap(({ settings: { profile } }) => [profile.oauthPath, profile.gatewayPath]);
    const isByPath = folders.some((folder) => folder !== '' && path.startsWith(`${folder}/`));
    return !isByPath && this.route(message)?.endpoint !== 'app-token';
  }

  /** Makes a request at the emulator's own address one to a platform's gateway, with another token. */
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
