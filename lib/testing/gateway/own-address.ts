import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../emulator/http/addresses.js';

/** Whether a host, without a port, is this machine, so that no other machine reaches it. */
export function isOwnMachine(host: string): boolean {
  return host === 'localhost' || isLoopback(host.replace(/^\[(.*)\]$/, '$1'));
}

/**
 * Whether a request that changes something comes from a page of ours, or from a program that is no browser. Browsers send
 * `Origin` with every such request, and `Sec-Fetch-Site` with all of them.
 */
export function isFromOwnPage({ headers }: IncomingMessage): boolean {
  const { host = '', origin } = headers;
  const site = headers['sec-fetch-site'];
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none';
  return isOwnSite && (origin === undefined || origin.toLowerCase() === `http://${host.toLowerCase()}`);
}
