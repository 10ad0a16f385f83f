import { EmulatorOptionError, oneOf } from '../emulator/options/checks.js';
import type { EmulatedPlatform } from '../emulator/platforms/emulated-platform.js';
import type { UserTokenRequest } from '../emulator/tokens/token-issuer.js';
import type { ApplicationGatewayOptions } from './application-gateway-options.interface.js';

/** Options with every default filled in. */
export interface GatewaySettings {
  readonly url: URL;
  readonly users: readonly UserTokenRequest[];
  readonly sessionMs: number;
  readonly ownApi: readonly string[];
  readonly platform: EmulatedPlatform;
}

const MINUTE_MS = 60_000;
const LONGEST_SESSION_MINUTES = 10_080;

/** Whole segments below `/api/`. */
const OWN_API = /^\/api(?:\/[^/?#\s]+)+$/;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws TypeError for an option that no gateway could work with
 */
export function resolveGateway(options: ApplicationGatewayOptions): GatewaySettings {
  const { users = [{}], ownApi = [], platform = 'mindsphere' } = options;
  if (users.length === 0) throw new EmulatorOptionError('users', 'must not be empty');
  oneOf('platform', platform, ['mindsphere', 'xcelerator']);
  return {
    url: applicationUrl(options.url),
    users: [...users],
    sessionMs: sessionMs(options.sessionMinutes ?? 30),
    ownApi: ownApi.map(ownApiPath),
    platform,
  };
}

function applicationUrl(given: string): URL {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  // A path, a query or credentials would be ignored, so they are refused.
  if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url;
  throw new EmulatorOptionError('url', 'must be like http://127.0.0.1:3000, without a path');
}

function sessionMs(minutes: number): number {
  if (minutes > 0 && minutes <= LONGEST_SESSION_MINUTES) return Math.ceil(minutes * MINUTE_MS);
  throw new EmulatorOptionError('sessionMinutes', `must be a number above 0, at most ${LONGEST_SESSION_MINUTES}`);
}

function ownApiPath(path: string): string {
  const withoutSlash = path.replace(/\/$/, '');
  if (OWN_API.test(withoutSlash)) return withoutSlash;
  throw new EmulatorOptionError('ownApi', 'must be a path like /api/mine');
}
