import type { ResolvedPlatform } from '../../config/resolved-options.interface.js';
import { tenantOfAny } from '../../config/tenant-urls.js';
import type { Platform } from '../../platform/platform.interface.js';
import { PLATFORMS } from '../../platform/platforms.js';
import type { Values } from '../../util/json.js';
import type { DecodedJwt } from '../../util/jwt.js';
import type { CheckReport } from './check.js';
import type { RecordedAnswer } from './recorder.js';

/** A token from a server of the platform, decoded. */
export interface ObservedToken {
  readonly answer: RecordedAnswer;
  readonly body: Values;
  readonly jwt: DecodedJwt;
}

/** The answers of one platform, from which facts are derived. Not for printing: it holds tokens. */
export interface Observation {
  readonly site: ResolvedPlatform;
  readonly tokens: { readonly app?: ObservedToken; readonly tenant?: ObservedToken };
  /** Key sets that could be read, by tenant. */
  readonly keySets: ReadonlyMap<string, { readonly answer: RecordedAnswer; readonly keys: readonly Values[] }>;
  /** Answers of token servers with another status than 2xx. */
  readonly refusals: readonly RecordedAnswer[];
  readonly reports: readonly CheckReport[];
}

/** Whether a fact holds (`true`), does not hold (`false`), or was not observed. */
export type Seen = boolean | undefined;

/** A statement of docs/protocol.md that has yet to be confirmed. */
export interface ProtocolFact {
  readonly id: string;
  readonly platform: Platform;
  /** Section of docs/protocol.md. */
  readonly section: number;
  readonly fact: string;
  readonly judge: (observation: Observation) => Seen;
}

const { mindsphere, xcelerator } = PLATFORMS;

/** The statements of docs/protocol.md that can be checked by the answers of the platform. */
export const PROTOCOL_FACTS: readonly ProtocolFact[] = [
  {
    id: 'core-keys',
    platform: 'mindsphere',
    section: 6,
    fact: "the key set of core holds the keys of the tenant's own set",
    judge: ({ keySets, site }) => {
      const core = keySets.get(site.rules.keySetTenant ?? '');
      const [own] = [...keySets].filter(([tenant]) => tenant !== site.rules.keySetTenant);
      if (core === undefined || own === undefined) return undefined;
      const moduli = new Set(core.keys.map(modulusOf));
      return own[1].keys.every((key) => moduli.has(modulusOf(key)));
    },
  },
  {
    id: 'key-set-etag',
    platform: 'mindsphere',
    section: 6,
    fact: 'the answer with a key set has an ETag',
    judge: ({ keySets }) => first([...keySets.values()], ({ answer }) => answer.headers.etag !== undefined),
  },
  {
    id: 'modulus-leading-zero',
    platform: 'mindsphere',
    section: 6,
    fact: 'the modulus of a key has a leading zero byte',
    judge: ({ keySets }) => first([...keySets.values()], ({ keys }) => keys.some(({ n }) => /^A[A-P]/.test(String(n)))),
  },
  {
    id: 'manager-timestamp',
    platform: 'mindsphere',
    section: 4,
    fact: 'the answer of the Token Manager has a timestamp in milliseconds',
    judge: ({ tokens: { app } }) => app && Number(app.body['timestamp']) > 1e12,
  },
  {
    id: 'manager-scheme',
    platform: 'mindsphere',
    section: 4,
    fact: 'the Token Manager accepts the scheme that is configured (authKeyScheme)',
    judge: ({ tokens: { app }, refusals }) => (app === undefined ? (refusals.length > 0 ? false : undefined) : true),
  },
  {
    id: 'no-authorities',
    platform: 'mindsphere',
    section: 7,
    fact: 'a technical token has no claim authorities',
    judge: ({ tokens: { app, tenant } }) => claim(app ?? tenant, (claims) => claims['authorities'] === undefined),
  },
  {
    id: 'technical-ten',
    platform: 'mindsphere',
    section: 7,
    fact: `a technical token names its tenant in the claim ${mindsphere.claims.tenant}`,
    judge: ({ tokens: { app, tenant } }) =>
      claim(tenant ?? app, (claims) => claims[mindsphere.claims.tenant] !== undefined),
  },
  {
    id: 'subtenant-named',
    platform: 'mindsphere',
    section: 5,
    fact: `a token limited to a subtenant names it, in the body or in the claim ${mindsphere.claims.subtenant}`,
    judge: ({ site, tokens: { tenant } }) => {
      const { subtenant } = site.rules.claims;
      const asked = site.tenant?.subTenant;
      if (asked === undefined || tenant === undefined || subtenant === undefined) return undefined;
      return [tenant.body[subtenant], tenant.jwt.claims[subtenant]].includes(asked);
    },
  },
  {
    id: 'error-generation',
    platform: 'mindsphere',
    section: 5,
    fact: 'an error of the OAuth server is unauthorized (before UAA 76.26), not invalid_client',
    judge: ({ refusals }) =>
      first(refusals, ({ status, body }) => (status === 401 ? body().includes('"unauthorized"') : undefined)),
  },
  {
    id: 'user-tenants-page',
    platform: 'mindsphere',
    section: 4,
    fact: 'the list of user tenants accepts a page of 100',
    judge: ({ reports }) => statusOf(reports, 'user-tenants.mindsphere'),
  },
  {
    id: 'xcelerator-tenant-claim',
    platform: 'xcelerator',
    section: 8,
    fact: `${xcelerator.claims.tenant} is a string`,
    judge: ({ tokens: { app, tenant } }) =>
      claim(app ?? tenant, (claims) => typeof claims[xcelerator.claims.tenant] === 'string'),
  },
  {
    id: 'xcelerator-tenant-name',
    platform: 'xcelerator',
    section: 8,
    fact: `${xcelerator.claims.tenantName} is there`,
    judge: ({ tokens: { app, tenant } }) =>
      claim(app ?? tenant, (claims) => claims[xcelerator.claims.tenantName] !== undefined),
  },
  {
    id: 'xcelerator-token-server',
    platform: 'xcelerator',
    section: 8,
    fact: 'the token server that is configured (tenant or tokenTenant) issues tokens to the technical user',
    judge: ({ reports }) => statusOf(reports, 'token.xcelerator.tenant'),
  },
  {
    id: 'xcelerator-manager-path',
    platform: 'xcelerator',
    section: 8,
    fact: `the Token Manager answers at ${xcelerator.tokenManager.tokenPath('{core tenant}')}`,
    judge: ({ reports }) => statusOf(reports, 'token.xcelerator.app'),
  },
  {
    id: 'xcelerator-user-tenants',
    platform: 'xcelerator',
    section: 8,
    fact: 'the list of user tenants is there',
    judge: ({ reports }) => statusOf(reports, 'user-tenants.xcelerator'),
  },
  {
    id: 'xcelerator-issuer',
    platform: 'xcelerator',
    section: 8,
    fact: 'iss is the token endpoint of the tenant that was asked',
    judge: ({ site, tokens: { tenant } }) =>
      claim(tenant, ({ iss }) => tenantOfAny(site.issuerUrls, iss) !== undefined),
  },
];

function modulusOf({ n }: Readonly<Record<string, unknown>>): string {
  return Buffer.from(String(n), 'base64url')
    .toString('hex')
    .replace(/^(?:00)+/, '');
}

function claim(token: ObservedToken | undefined, test: (claims: Readonly<Record<string, unknown>>) => boolean): Seen {
  return token === undefined ? undefined : test(token.jwt.claims);
}

function first<T>(items: readonly T[], test: (item: T) => Seen): Seen {
  return items.map(test).find((seen) => seen !== undefined);
}

/** `undefined` for a check that was skipped. */
function statusOf(reports: Observation['reports'], id: string): Seen {
  const status = reports.find((report) => report.id === id)?.status;
  return status === undefined || status === 'skipped' ? undefined : status === 'ok';
}
