import { isValues, ownValue, type Values } from '../util/json.js';
import type { KindContext, Option, Options, Resolved, Section } from './descriptor.js';
import { disfigurement } from './disfigurement.js';
import type { Findings } from './findings.js';
import { originOf } from './origin.js';

/** What reading the sections of one registration has in common. */
export interface Reading extends KindContext {
  readonly findings: Findings;
  /** What stands before the variables of sections that were not read from any. */
  readonly prefix: string;
}

/**
 * Reads a section by its descriptor: frozen values, defaults filled in. What does not fit is noted in the findings; its
 * default stands for it until these are thrown.
 */
export function readSection<O extends Options>(section: Section<O>, given: unknown, reading: Reading) {
  const values = sectionValues(section, given, reading);
  const entries = Object.entries(section.options).map(([name, option]) => {
    return [name, readOption(section, name, option, values, reading)] as const;
  });
  // Every name is there, also those without a value: nothing shines through from Object.prototype.
  return Object.freeze(Object.fromEntries(entries)) as Resolved<Section<O>>;
}

/** The place of an option as messages name it: its path, with its variable in brackets. */
export function placeOf(section: Section<Options>, name: string, prefix = ''): string {
  const [variable] = section.options[name]?.variables ?? [];
  return `${pathOf(section, name)}${variable === undefined ? '' : ` (${prefix}${variable})`}`;
}

/** `''` is how an environment says that a variable is not set. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** Whether one of the options that make a group of credentials is set. */
export function isConfigured(section: Section<Options>, given: unknown): boolean {
  return isValues(given) && (section.identity ?? []).some((name) => isSet(ownValue(given, name)));
}

/** The object of a section; an empty one where none is given or (noted) it is no object. */
function sectionValues(section: Section<Options>, given: unknown, { findings }: Reading): Values {
  if (given === undefined || given === null) return {};
  if (!isValues(given)) {
    findings.fault(section.path === '' ? 'options' : section.path, 'must be an object');
    return {};
  }
  refuseUnknown(section, given, findings);
  return given;
}

/** A misspelt option would silently leave its default in force, which matters most for the ones that protect. */
function refuseUnknown(section: Section<Options>, values: Values, findings: Findings): void {
  const known = [...Object.keys(section.options), ...(section.sections ?? [])];
  for (const name of Object.keys(values)) {
    if (known.includes(name)) continue;
    const hint = new Map(Object.entries(section.misplaced ?? {})).get(name);
    // Without a variable: the one that goes by such a name belongs to another option.
    findings.fault(pathOf(section, name), hint ?? `is not an option; there are ${known.join(', ')}`);
  }
  for (const name of known) {
    const isInherited = !Object.hasOwn(values, name) && name in values && !(name in {});
    if (isInherited)
      findings.fault(pathOf(section, name), 'is inherited: only properties of the options object itself are read');
  }
}

function readOption(
  section: Section<Options>,
  name: string,
  option: Option<unknown>,
  values: Values,
  reading: Reading,
) {
  const value = ownValue(values, name);
  const place = placeOf(section, name, originOf(values).prefix || reading.prefix);
  const { kind } = option;
  if (option.required ? !isSet(value) : value === undefined || value === null) {
    const missing = lack(section, name, values);
    if (missing !== undefined) reading.findings.fault(place, missing);
    return option.default;
  }
  const read = kind.read(value, reading);
  if (read === undefined) {
    reading.findings.fault(place, `${kind.demand}${hintOf(value, kind.isString)}`);
    return option.default;
  }
  const { warning: warningOf } = { warning: undefined, ...kind };
  const warning = warningOf?.(value);
  if (warning !== undefined) reading.findings.warn(place, `${warning}: is that meant?`);
  return read;
}

/** What to say of an option that is not set; nothing where nobody needs it. */
function lack(section: Section<Options>, name: string, values: Values): string | undefined {
  const { identity, options, needs = {} } = section;
  const needy = Object.keys(needs).find((other) => needs[other] === name && isSet(ownValue(values, other)));
  if (needy !== undefined) return `is missing: ${pathOf(section, needy)} demands it`;
  // A group without its id and secret is no group of credentials, so it lacks nothing.
  const isDemanded = options[name]?.required === true && (identity === undefined || isConfigured(section, values));
  return isDemanded ? 'is missing' : undefined;
}

/** What may have happened to a value that does not fit, without a word of it. */
function hintOf(value: unknown, isString = false): string {
  if (isString && typeof value === 'number') return '; it is a number: in YAML and JSON, write it in quotes';
  const found = disfigurement(value);
  return found === undefined ? '' : `; it ${found}`;
}

function pathOf({ path }: Section<Options>, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
