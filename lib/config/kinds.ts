import { isAppPart, isClientId, isClientSecret, isDnsLabel, isDomain } from '../util/formats.js';
import type { Kind } from './descriptor.js';
import { type ClientSecret, SealedSecret } from './sealed-secrets.js';

/** The value of a variable that holds a list. */
const commaSeparated = (variable: string) => variable.split(',').map((item) => item.trim());

/** A host label has no letter case (RFC 4343), and the platform writes tenants in lower case: so are they kept. */
export const label: Kind<string> = {
  read: (value) => (isDnsLabel(value) && isHostName(`${value}.a`) ? value.toLowerCase() : undefined),
  demand: 'must be one DNS label (letters, digits and inner dashes, at most 63)',
  type: 'DNS label',
  isString: true,
};

export const labels: Kind<readonly string[]> = {
  read: (value, context) => listOf(value, (item) => label.read(item, context)),
  demand: 'must be a list of DNS labels',
  type: 'list of DNS labels',
  parse: commaSeparated,
};

export const domain: Kind<string> = {
  read: (value) => (isDomain(value) && isHostName(`a.${value}`) ? value.toLowerCase() : undefined),
  demand: 'must be a domain name',
  type: 'domain name',
  isString: true,
};

/** App names and versions. */
export const appPart: Kind<string> = {
  read: (value) => (isAppPart(value) ? value : undefined),
  demand: 'must be letters, digits and . _ ~ + - (at most 128)',
  type: 'letters, digits and `. _ ~ + -`, up to 128',
  isString: true,
};

export const clientId: Kind<string> = {
  read: (value) => (isClientId(value) ? value : undefined),
  demand: 'must be printable ASCII without a colon (at most 256)',
  type: 'printable ASCII without `:`, up to 256 characters',
  isString: true,
  warning: disfigurement,
};

export const clientSecret: Kind<SealedSecret> = {
  read: (value) => (isClientSecret(value) || isSecretFunction(value) ? new SealedSecret(value) : undefined),
  demand: 'must be a string without control characters such as line breaks (at most 4096), or a function',
  type: 'string, up to 4,096 characters, or a function',
  isString: true,
  warning: disfigurement,
};

export const clientIds: Kind<readonly string[] | 'any'> = {
  read: (value) => {
    if (value === 'any') return value;
    const ids = listOf(value, (item) => (typeof item === 'string' && item !== '' ? item : undefined));
    return ids?.length === 0 ? undefined : ids;
  },
  demand: "must be a list of strings or 'any'",
  type: "list of strings, or `'any'`",
  parse: (variable) => (variable.trim() === 'any' ? 'any' : commaSeparated(variable)),
  warning: (value) =>
    Array.isArray(value) ? value.map(disfigurement).find((found) => found !== undefined) : undefined,
};

export const boolean: Kind<boolean> = {
  read: (value) => (typeof value === 'boolean' ? value : undefined),
  demand: 'must be true or false',
  type: 'boolean',
};

/** A string that is compared and never sent. */
export const nonEmpty: Kind<string> = {
  read: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
  demand: 'must be a string that is not empty',
  type: 'string',
  isString: true,
};

/** One of a few strings. */
export function oneOf<const T extends string>(...values: readonly T[]): Kind<T> {
  return {
    read: (value) => values.find((one) => one === value),
    demand: `must be ${values.map((one) => `'${one}'`).join(' or ')}`,
    type: values.map((one) => `\`'${one}'\``).join(' or '),
  };
}

/** A function of the application. Its signature cannot be checked. */
export function functionLike<T extends (...args: never[]) => unknown>(type: string): Kind<T> {
  return {
    read: (value) => (typeof value === 'function' ? (value as T) : undefined),
    demand: 'must be a function',
    type,
  };
}

export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

export function milliseconds(range: NumberRange): Kind<number> {
  return numberOf(range, 'ms, ', 'must be a number', () => true);
}

export function count(range: NumberRange): Kind<number> {
  return numberOf(range, '', 'must be a whole number', Number.isInteger);
}

function numberOf({ from, to }: NumberRange, unit: string, demand: string, fits: (value: number) => boolean) {
  const isInRange = (value: unknown): value is number => typeof value === 'number' && value >= from && value <= to;
  return {
    read: (value: unknown) => (isInRange(value) && fits(value) ? value : undefined),
    demand: `${demand} from ${from} to ${to}`,
    type: `${unit}${from.toLocaleString('en-US')} to ${to.toLocaleString('en-US')}`,
  };
}

/** Whether URLs accept it: they refuse invalid `xn--` labels, and names that end with a number. */
function isHostName(name: string): boolean {
  return URL.canParse(`https://${name}`);
}

/** A frozen list, or `undefined` where the value is no list or one of its items does not fit. */
export function listOf<T>(value: unknown, read: (item: unknown) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map((item: unknown) => read(item)).filter((item) => item !== undefined);
  return items.length === value.length ? Object.freeze(items) : undefined;
}

/** Whether an object has these methods, of its own or of its class. */
export function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    names.every((method) => typeof Reflect.get(value, method) === 'function')
  );
}

function isSecretFunction(value: unknown): value is Exclude<ClientSecret, string> {
  return typeof value === 'function';
}

/** Invisible characters that copying leaves behind: zero-width ones and the byte order mark. */
const INVISIBLE = /[\u200b-\u200d\u2060\ufeff]/;
const QUOTES: readonly string[] = ['"', "'", '`', '\u201c', '\u2018'];

/**
 * What is probably a mistake in a string: blanks or quotes around it, or an invisible character. The description reveals
 * nothing of the string; `undefined` where nothing is wrong.
 */
export function disfigurement(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  if (value.charCodeAt(0) === 0xfeff) return 'begins with a byte order mark (U+FEFF)';
  if (INVISIBLE.test(value)) return 'holds a zero-width character, which cannot be seen';
  if (value.trim() !== value) return 'has blanks around it';
  const isQuoted =
    value.length > 1 && QUOTES.some((quote) => value.startsWith(quote)) && /["'`\u201d\u2019]$/.test(value);
  return isQuoted ? 'has quotes around it' : undefined;
}
