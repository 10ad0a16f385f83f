import type { EmulatedPlatform } from '../emulator/platforms/emulated-platform.js';
import type { UserTokenRequest } from '../emulator/tokens/token-issuer.js';

/** What {@link MindsphereEmulator.serveApplication} takes. Everything but `url` has a default. */
export interface ApplicationGatewayOptions {
  /** Where the application is, as `'http://127.0.0.1:3000'`: `http:` or `https:`, host and port, without a path. */
  url: string;
  /**
   * Who may be chosen on the sign-in page, as `issueUserToken` takes them; at least one. A user without a `platform` is on
   * the option's below. Default: that call's default user.
   */
  users?: readonly UserTokenRequest[] | undefined;
  /** Life of a session. Minutes, more than 0, at most 10,080 (a week); fractions count. Default 30. */
  sessionMinutes?: number | undefined;
  /**
   * Paths below `/api/` that belong to the application, as `['/api/mine']`. Whole segments count: `/api/mine` and
   * `/api/mine/…`, not `/api/mine2`. Default: none, so that all of `/api/` goes to the emulated APIs.
   */
  ownApi?: readonly string[] | undefined;
  /**
   * Platform of the users that name none. A user's platform decides whose tokens they have, which gateway's APIs answer them,
   * and the name of the session cookie: `SESSION`, on `siemens.app` `gw_session`. Default `'mindsphere'`.
   */
  platform?: EmulatedPlatform | undefined;
}
