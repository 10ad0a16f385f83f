import type { EmulatorControl } from '../emulator/control/emulator-control.interface.js';
import type { EmulatedPlatform } from '../emulator/platforms/emulated-platform.js';
import type { UserTokenRequest } from '../emulator/tokens/token-issuer.js';

/** Claims of a user's token. */
export type UserClaims = Readonly<Record<string, unknown>>;

/** Claims that may name a user, the best first. */
const NAMES: readonly string[] = ['user_name', 'email', 'user_id', 'sws.samauth.ten.user'];

const DOMAINS = { mindsphere: 'mindsphere.io', xcelerator: 'siemens.app' } as const;

/** A user who may sign in. What the pages show is read from a token of the user, so the application sees the same. */
export class GatewayUser {
  readonly name: string;
  readonly tenant: string;
  /** On `siemens.app`, where the tenant is an id. */
  readonly tenantName: string | undefined;
  readonly subtenant: string | undefined;
  readonly scopes: readonly string[];
  readonly platform: EmulatedPlatform;
  /** The domain that the platform is known by. */
  readonly domain: string;
  readonly #request: UserTokenRequest;
  readonly #emulator: Pick<EmulatorControl, 'issueUserToken'>;

  constructor(request: UserTokenRequest, platform: EmulatedPlatform, emulator: EmulatorControl) {
    this.platform = request.platform ?? platform;
    this.#request = { ...request, platform: this.platform };
    this.#emulator = emulator;
    this.domain = DOMAINS[this.platform];
    const claims = this.claims();
    this.name = NAMES.map((claim) => stringOf(claims[claim])).find(Boolean) ?? 'a user without a name';
    this.tenant = stringOf(claims['ten'] ?? claims['sws.samauth.ten']);
    this.tenantName = stringOf(claims['sws.samauth.ten.name']) || undefined;
    this.subtenant = stringOf(claims['subtenant']) || undefined;
    this.scopes = [claims['scope'] ?? []].flat().map(stringOf);
  }

  /** The value of an `Authorization` header, with a token that is signed now. */
  authorization(): string {
    return `Bearer ${this.#emulator.issueUserToken(this.#request)}`;
  }

  /** What a token that is signed now says. */
  claims(): UserClaims {
    const [, payload = ''] = this.#emulator.issueUserToken(this.#request).split('.');
    return JSON.parse(Buffer.from(payload, 'base64url').toString()) as UserClaims;
  }
}

function stringOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
