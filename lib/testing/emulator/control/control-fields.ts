import { EmulatorOptionError } from '../options/option-error.js';

/** Form of a field. */
type FieldKind = 'string' | 'number' | 'boolean' | 'strings' | 'object' | 'any';

/** The fields that a body may hold. */
export type Fields = Readonly<Record<string, FieldKind>>;

/** As `UserTokenRequest`. */
export const USER_TOKEN_FIELDS: Fields = {
  platform: 'string',
  tenant: 'string',
  tenantName: 'string',
  subtenant: 'string',
  userName: 'string',
  scopes: 'strings',
  appName: 'string',
  hostTenant: 'string',
  expiresInSeconds: 'number',
  issuerTenant: 'string',
  issuer: 'string',
  claims: 'object',
};

/** The endpoint, and the fields of `EmulatorFault`. */
export const FAIL_FIELDS: Fields = {
  endpoint: 'string',
  platform: 'string',
  times: 'number',
  status: 'number',
  headers: 'object',
  body: 'any',
  delayMs: 'number',
  reset: 'boolean',
};

export const ROTATE_FIELDS: Fields = { platform: 'string' };

/**
 * Reads a JSON object of optional fields; an empty body holds none.
 *
 * @throws EmulatorOptionError for anything else
 */
export function readFields(body: string, fields: Fields): object {
  const content = body.trim() === '' ? {} : parse(body);
  for (const [name, value] of Object.entries(content)) {
    const kind = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (kind === undefined) throw new EmulatorOptionError('body', `may hold ${Object.keys(fields).join(', ')}`);
    if (!isOf(kind, value)) throw new EmulatorOptionError(name, MISTAKES[kind]);
  }
  return content;
}

const MISTAKES: Readonly<Record<FieldKind, string>> = {
  string: 'must be a string',
  number: 'must be a number',
  boolean: 'must be true or false',
  strings: 'must be an array of strings',
  object: 'must be an object',
  any: 'must be JSON',
};

function isOf(kind: FieldKind, value: unknown): boolean {
  switch (kind) {
    case 'any':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return isObject(value);
    case 'strings':
      return Array.isArray(value) && value.every((one) => typeof one === 'string');
    default:
      return typeof value === kind;
  }
}

function parse(body: string): object {
  try {
    const value: unknown = JSON.parse(body);
    if (isObject(value)) return value;
  } catch {
    // As any other body that is no object.
  }
  throw new EmulatorOptionError('body', 'must be a JSON object');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
