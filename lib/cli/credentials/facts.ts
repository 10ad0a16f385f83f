import type { ResolvedPlatform } from '../../config/resolved-options.interface.js';
import { COMMON_CLAIMS } from '../../platform/siemens-iam.js';
import { isValues, parseValues } from '../../util/json.js';
import { decodeJwt } from '../../util/jwt.js';
import type { CheckReport } from './check.js';
import { type Observation, type ObservedToken, PROTOCOL_FACTS, type Seen } from './protocol-facts.js';
import type { RecordedAnswer } from './recorder.js';
import type { DoctorContext } from './registration.js';

/**
 * A record of what the platform answered, to attach to an issue. It has names, types, shapes, statuses and numbers; in
 * values every letter is `a` and every digit is `9`.
 */
export function factsOf(context: DoctorContext, reports: readonly CheckReport[]): object {
  return {
    node: process.version,
    platforms: context.sites.map((site) => {
      const observation = observe(site, context, reports);
      return { platform: site.rules.platform, observed: redacted(observation), facts: judged(observation) };
    }),
  };
}

function observe(site: ResolvedPlatform, { recorder }: DoctorContext, reports: readonly CheckReport[]): Observation {
  const { rules, gatewayUrl, coreTenant, oauthUrl, tenant } = site;
  const managerUrl = gatewayUrl + rules.tokenManager.tokenPath(coreTenant);
  const serverUrl = oauthUrl?.for(tenant?.tokenTenant ?? '-');
  const toManager = recorder.at(managerUrl);
  const toServer = serverUrl === undefined ? [] : recorder.at(serverUrl + rules.oauthServer.tokenPath);
  return {
    site,
    tokens: { app: tokenIn(toManager), tenant: tokenIn(toServer) },
    keySets: keySetsIn(site, recorder.answers),
    refusals: [...toManager, ...toServer].filter(({ status }) => status >= 300),
    reports,
  };
}

function tokenIn(answers: readonly RecordedAnswer[]): ObservedToken | undefined {
  for (const answer of answers) {
    const body = parseValues(answer.body());
    const jwt = typeof body?.['access_token'] === 'string' ? decodeJwt(body['access_token']) : undefined;
    if (body !== undefined && jwt !== undefined) return { answer, body, jwt };
  }
  return undefined;
}

function keySetsIn({ oauthUrl, rules }: ResolvedPlatform, answers: readonly RecordedAnswer[]): Observation['keySets'] {
  const found = answers.flatMap((answer) => {
    const { keySetPath } = rules.oauthServer;
    const url = answer.origin + answer.path;
    const tenant = url.endsWith(keySetPath) ? oauthUrl?.tenantOf(url.slice(0, -keySetPath.length)) : undefined;
    const keys = parseValues(answer.body())?.['keys'];
    return tenant === undefined || !Array.isArray(keys)
      ? []
      : [[tenant, { answer, keys: keys.filter(isValues) }] as const];
  });
  return new Map(found);
}

function redacted({ tokens, keySets, refusals }: Observation): object {
  return {
    tokens: Object.fromEntries(
      Object.entries(tokens).map(([kind, token]) => [kind, token === undefined ? 'not seen' : tokenRecord(token)]),
    ),
    keySets: [...keySets].map(([tenant, { answer, keys }]) => ({
      tenant: formOf(tenant),
      headers: headerNames(answer),
      keys: keys.map((key) => ({
        ...Object.fromEntries(Object.keys(key).map((name) => [name, formOf(name === 'kid' ? key[name] : '')])),
        shape: shapeOf(key),
      })),
    })),
    refusals: refusals.map((answer) => ({
      status: answer.status,
      headers: headerNames(answer),
      body: shapeOf(parseValues(answer.body())),
    })),
  };
}

function tokenRecord({ answer, body, jwt }: ObservedToken): object {
  const { clientId, clientIdAlias } = COMMON_CLAIMS;
  return {
    status: answer.status,
    headers: headerNames(answer),
    body: shapeOf(body),
    header: shapeOf(jwt.header),
    claims: shapeOf(jwt.claims),
    iss: formOf(jwt.claims['iss']),
    client: formOf(jwt.claims[clientIdAlias] ?? jwt.claims[clientId]),
  };
}

function headerNames({ headers }: RecordedAnswer): string[] {
  return Object.keys(headers).toSorted();
}

function judged(observation: Observation): object[] {
  const { platform } = observation.site.rules;
  return PROTOCOL_FACTS.filter((fact) => fact.platform === platform).map(({ id, section, fact, judge }) => {
    const seen: Seen = judge(observation);
    return { id, section, fact, seen: seen === undefined ? 'not seen' : seen ? 'seen so' : 'seen otherwise' };
  });
}

const DEEPEST = 4;
const MOST_NAMES = 100;
const LONGEST_FORM = 200;

/** A value with every letter replaced by `a` and every digit by `9`. Not for secrets, because lengths stay. */
function formOf(value: unknown): string {
  if (typeof value !== 'string') return typeof value;
  const form = value.slice(0, LONGEST_FORM).replaceAll(/\p{L}/gu, 'a');
  return form.replaceAll(/\p{N}/gu, '9');
}

/** Names and types of a value made by `JSON.parse`, without the values. */
function shapeOf(value: unknown, depth: number = DEEPEST): unknown {
  if (Array.isArray(value))
    return value.length === 0 ? 'list (empty)' : [depth === 0 ? '…' : shapeOf(value[0], depth - 1)];
  if (!isValues(value)) return value === null ? 'null' : typeof value;
  if (depth === 0) return 'object';
  const entries = Object.entries(value).slice(0, MOST_NAMES);
  return Object.fromEntries(entries.map(([name, item]) => [nameOf(name), shapeOf(item, depth - 1)]));
}

/** A name that may be data, such as a tenant's id, is replaced by its form. */
function nameOf(name: string): string {
  return /^[A-Za-z_.#-]{1,40}$/.test(name) ? name : formOf(name);
}
