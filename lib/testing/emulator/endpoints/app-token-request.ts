import { type EmulatedRequest, queryOf } from '../http/emulated-request.js';

const FIELDS = ['appName', 'appVersion', 'hostTenant', 'userTenant'] as const;
/** The documents spell the two fields both ways; the request parameters use the underscores. */
const CONTEXT = { value: 'caller_context', type: 'caller_context_type' } as const;
const TOLERATED_CONTEXT = { value: 'callercontext', type: 'callercontexttype' } as const;
const DOCUMENTED: readonly string[] = [...FIELDS, ...Object.values(CONTEXT)];

/** The user that a token is to act for. */
interface UserContext {
  readonly type: 'email' | 'accesstoken';
  readonly value: string;
}

/** A request to the Token Manager. */
export type TokenRequest = Record<(typeof FIELDS)[number], string> & { readonly context?: UserContext };

/**
 * Reads the parameters of a token request, or says what is wrong with them. Where it is strict, only the documented fields
 * of a JSON body count, and no others may stand there.
 */
export function readTokenRequest(request: EmulatedRequest, strict: boolean): TokenRequest | string {
  const content = strict ? parseObject(request.body) : parametersOf(request);
  if (typeof content === 'string') return content;
  if (strict && Object.keys(content).some((name) => !DOCUMENTED.includes(name))) {
    return 'The body holds a field that is not known';
  }
  const { appName, appVersion, hostTenant, userTenant } = content;
  if (!isText(appName) || !isText(appVersion)) return 'appName and appVersion are required strings';
  if (!isText(hostTenant) || !isText(userTenant)) return 'hostTenant and userTenant are required strings';
  const context = contextOf(content);
  if (typeof context === 'string') return context;
  return { appName, appVersion, hostTenant, userTenant, ...(context && { context }) };
}

/** The parameters stand in the body or in the query, not in both. */
function parametersOf(request: EmulatedRequest): Record<string, unknown> | string {
  const query = queryOf(request);
  if (query === '') return parseObject(request.body);
  if (request.body === '') return Object.fromEntries(new URLSearchParams(query));
  const body = parseObject(request.body);
  if (typeof body === 'string') return body;
  const doubled = [...new URLSearchParams(query).keys()].some((name) => DOCUMENTED.includes(name));
  return doubled ? 'The parameters stand in the query and in the body' : body;
}

function contextOf(content: Readonly<Record<string, unknown>>): UserContext | string | undefined {
  const value = content[CONTEXT.value] ?? content[TOLERATED_CONTEXT.value];
  const type = content[CONTEXT.type] ?? content[TOLERATED_CONTEXT.type];
  if (value === undefined && type === undefined) return undefined;
  if (!isText(value)) return `${CONTEXT.value} is required beside its type`;
  if (type !== 'email' && type !== 'accesstoken') return `${CONTEXT.type} is email or accesstoken`;
  return { type, value };
}

function parseObject(body: string): Record<string, unknown> | string {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // As any other body that is no object.
  }
  return 'The body is not a JSON object';
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
