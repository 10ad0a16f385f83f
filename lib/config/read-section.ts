import { types } from 'node:util';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { isInherited, isValues, NO_VALUES, ownValue, type Values } from '../util/json.js';
import {
  type KindContext,
  type Option,
  type Options,
  pathOf,
  placeOf,
  type ResolvedValues,
  type Section,
} from './descriptor.js';
import { disfigurement } from './kinds.js';
import { originOf } from './origin.js';

/**
 * Collects the faults and warnings of one registration's options, so that one start reports all of them. Faults stop the
 * start, warnings are logged. A message must not contain the value, which may be a secret.
 */
export class Findings {
  readonly #faults = new Set<string>();
  readonly #warnings = new Set<string>();

  /** @param place the option's path, with its variable in brackets. */
  fault(place: string, message: string): void {
    this.#faults.add(`${place} ${message}`);
  }

  /** @param place the option's path, with its variable in brackets. */
  warn(place: string, message: string): void {
    this.#warnings.add(`${place} ${message}`);
  }

  /** Whether there is a fault of this option. */
  hasFaultOf(path: string): boolean {
    return [...this.#faults].some((line) => line.startsWith(`${path} `));
  }

  /** The warnings to log at start, one sentence each. */
  get warnings(): readonly string[] {
    return Object.freeze([...this.#warnings]);
  }

  /** Throws `options_invalid` with every fault; returns where there is none. */
  throwIfAny(): void {
    if (this.#faults.size === 0) return;
    throw new MindsphereCredentialsError(
      'options_invalid',
      `The options of MindsphereCredentialsModule are not valid:\n${[...this.#faults].map((line) => `  - ${line}`).join('\n')}`,
    );
  }
}

/** What the sections of one registration are read with. */
export interface Reading extends KindContext {
  readonly findings: Findings;
  /** What stands before the variables of sections that were not read from any. */
  readonly prefix: string;
}

/** A section as it was read. */
export interface ReadSection<O extends Options> {
  /** Every option; frozen, defaults filled in. */
  readonly values: ResolvedValues<O>;
  /** Whether the section was given at all, and not switched off. */
  readonly isGiven: boolean;
  /** Whether it was switched off by `false`. */
  readonly isOff: boolean;
  /** Whether its object was written in code, and not read from variables. */
  readonly isInCode: boolean;
  /** Whether one of the options that make a group of credentials is set. */
  readonly isConfigured: boolean;
  /** The place of one of its options, as messages name it. */
  readonly placeOf: (name: string) => string;
}

/** What was read of the sections of a type. */
export type ReadSections<S> = { readonly [K in keyof S]: S[K] extends Section<infer O> ? ReadSection<O> : never };

/**
 * Reads a section by its descriptor. A value that does not fit is noted in the findings; the default stands for it until
 * these are thrown.
 */
export function readSection<O extends Options>(section: Section<O>, given: unknown, reading: Reading): ReadSection<O> {
  const values = sectionValues(section, given, reading);
  const prefix = originOf(given).prefix || reading.prefix;
  const place = (name: string) => placeOf(section, name, prefix);
  const entries = Object.entries(section.options).map(([name, option]) => {
    return [name, readOption({ section, name, option, place: place(name) }, values, reading)] as const;
  });
  for (const [name, warning] of Object.entries(section.warnings?.(values, section) ?? {})) {
    reading.findings.warn(place(name), warning);
  }
  return {
    // Every name is there, also those without a value: nothing is read from Object.prototype.
    values: Object.freeze(Object.fromEntries(entries)) as ResolvedValues<O>,
    isGiven: given !== undefined && given !== null && given !== false,
    isOff: given === false,
    isInCode: isValues(given) && !originOf(given).isEnvironment,
    isConfigured: isConfigured(section, values),
    placeOf: place,
  };
}

/** A variable that is set to `''` counts as not set. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** The object of a section; an empty one where there is none. */
function sectionValues(section: Section<Options>, given: unknown, { findings }: Reading): Values {
  if (given === undefined || given === null || section.switches?.some((known) => known === given)) return NO_VALUES;
  if (!isValues(given) || types.isPromise(given)) {
    const hint = types.isPromise(given) ? '; it is a promise: await it in the useFactory of forRootAsync' : '';
    findings.fault(section.path === '' ? 'options' : section.path, `must be an object${hint}`);
    return NO_VALUES;
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
    // Its variable is not named: a variable of such a name belongs to another option.
    findings.fault(pathOf(section, name), hint ?? `is not an option; there are ${known.join(', ')}`);
  }
  const readable = [...known, ...Object.keys(section.misplaced ?? {})];
  refuseInherited(values, readable, (name) => pathOf(section, name), findings);
}

/** An inherited option would silently leave its default in force, too. */
export function refuseInherited(
  values: object,
  names: readonly string[],
  place: (name: string) => string,
  findings: Findings,
): void {
  for (const name of names.filter((one) => isInherited(values, one)))
    findings.fault(place(name), 'is inherited: only properties of the options object itself are read');
}

/** The same for names that no section has. Throws `options_invalid`. */
export function demandOwn(values: unknown, names: readonly string[]): void {
  if (!isValues(values)) return;
  const findings = new Findings();
  refuseInherited(values, names, (name) => name, findings);
  findings.throwIfAny();
}

/** An option of a section, and how messages name it. */
interface PlacedOption {
  readonly section: Section<Options>;
  readonly name: string;
  readonly option: Option<unknown>;
  readonly place: string;
}

function readOption(placed: PlacedOption, values: Values, reading: Reading): unknown {
  const { name, option, place } = placed;
  const { kind } = option;
  const value = ownValue(values, name);
  if (option.required ? !isSet(value) : value === undefined || value === null) {
    const message = missingMessage(placed, values);
    if (message !== undefined) reading.findings.fault(place, message);
    return option.default;
  }
  const read = kind.read(value, reading);
  if (read === undefined) {
    reading.findings.fault(place, `${kind.demand}${hintOf(value, kind.isString)}`);
    return option.default;
  }
  const { warning: warningOf } = { warning: undefined, ...kind };
  const warning = warningOf?.(value);
  if (warning !== undefined) reading.findings.warn(place, `${warning}: is that intended?`);
  return read;
}

/** The fault of an option that is not set; `undefined` where it need not be set. */
function missingMessage({ section, name, option }: PlacedOption, values: Values): string | undefined {
  const { identity, needs = {} } = section;
  const dependent = Object.keys(needs).find((other) => needs[other] === name && isSet(ownValue(values, other)));
  if (dependent !== undefined) return `is missing: ${pathOf(section, dependent)} demands it`;
  // A group without its id and secret is no group of credentials, so nothing is missing in it.
  const isDemanded = option.required && (identity === undefined || isConfigured(section, values));
  return isDemanded ? 'is missing' : undefined;
}

/** Whether one of the options that make a group of credentials is set. */
export function isConfigured({ identity }: Section<Options>, given: unknown): boolean {
  return isValues(given) && (identity ?? []).some((name) => isSet(ownValue(given, name)));
}

/** What may be the cause of a value that does not fit. It reveals nothing of the value. */
function hintOf(value: unknown, isString = false): string {
  if (isString && typeof value === 'number') return '; it is a number: in YAML and JSON, write it in quotes';
  const found = disfigurement(value);
  return found === undefined ? '' : `; it ${found}`;
}
