import { isIP, isIPv6 } from 'node:net';
import type { EmulatorSettings } from '../options/emulator-options.interface.js';

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

  /** Whether a host is this emulator itself: a loopback address, `localhost`, or the address it was told to listen on. */
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
