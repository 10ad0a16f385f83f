import type { ResolvedPlatform } from '../../config/resolved-options.interface.js';
import { isValues, parseValues } from '../../util/json.js';
import { decodeJwt } from '../../util/jwt.js';
import type { CheckReport } from './check.js';
import type { DoctorContext } from './doctor-context.js';
import type { Observation, ObservedToken, Seen } from './observation.interface.js';
import { PROTOCOL_FACTS } from './protocol-facts.js';
import type { RecordedAnswer } from './recorder.js';
import { formOf, shapeOf } from './shapes.js';

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
  const serverUrl = oauthUrl?.for(tenant?.tokenTenant ?? tenant?.tenant ?? '-');
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
  return {
    status: answer.status,
    headers: headerNames(answer),
    body: shapeOf(body),
    header: shapeOf(jwt.header),
    claims: shapeOf(jwt.claims),
    iss: formOf(jwt.claims['iss']),
    client: formOf(jwt.claims['client_id'] ?? jwt.claims['cid']),
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
