import type { MindsphereEmulator, UserTokenRequest } from 'nestjs-mindsphere-credentials/testing';

const USER = ['myapp.user'];
const OPERATOR = ['myapp.user', 'myapp.operator'];

/** The users: customers, and the operator's own people, on each platform. They may sign in at the gateway. */
export const USERS = {
  ann: { tenant: 'customer', userName: 'ann@example.com', scopes: USER },
  ben: { tenant: 'customer2', userName: 'ben@example.com', scopes: USER },
  olga: { tenant: 'operator', userName: 'olga@example.com', scopes: OPERATOR },
  cara: { platform: 'xcelerator', tenant: '1000000351', userName: 'cara@example.com', scopes: USER },
  oskar: { platform: 'xcelerator', tenant: '1000000350', userName: 'oskar@example.com', scopes: OPERATOR },
} as const satisfies Record<string, UserTokenRequest>;

type UserName = keyof typeof USERS;

/** Tokens of the users, and three more. */
export interface Tokens extends Readonly<Record<UserName, string>> {
  /** Says what Ann's says, but was signed by the other platform. */
  readonly forgedAnn: string;
  /** Says what Cara's says, but was signed by the other platform. */
  readonly forgedCara: string;
  /** Of a customer on `siemens.app` that claims to be the operator in the other platform's way, too. */
  readonly otto: string;
}

/** Variables of a shell, to write in the place of the tokens. */
export const VARIABLES: Tokens = {
  ann: '$ANN',
  ben: '$BEN',
  olga: '$OLGA',
  cara: '$CARA',
  oskar: '$OSKAR',
  forgedAnn: '$FORGED_ANN',
  forgedCara: '$FORGED_CARA',
  otto: '$OTTO',
};

/** Signs the tokens, as the platforms' gateways would add them to the users' requests. */
export function issueTokens(emulator: MindsphereEmulator, expiresInSeconds?: number): Tokens {
  const issue = (user: UserTokenRequest) => emulator.issueUserToken({ ...user, expiresInSeconds });
  const [ann, cara] = [issue(USERS.ann), issue(USERS.cara)];
  return {
    ann,
    ben: issue(USERS.ben),
    olga: issue(USERS.olga),
    cara,
    oskar: issue(USERS.oskar),
    forgedAnn: issue({ platform: 'xcelerator', claims: claimsOf(ann) }),
    forgedCara: issue({ platform: 'mindsphere', claims: claimsOf(cara) }),
    otto: issue({ ...USERS.cara, scopes: OPERATOR, claims: { ten: USERS.olga.tenant } }),
  };
}

/** All claims that another token would have are replaced, or removed. */
function claimsOf(token: string): Record<string, unknown> {
  const [, payload = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const others = ['ten', 'sws.samauth.ten', 'sws.samauth.ten.name', 'sws.samauth.ten.user'];
  return { ...Object.fromEntries(others.map((name) => [name, undefined])), ...claims };
}
