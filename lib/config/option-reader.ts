import type { Faults } from './faults.js';
import { isValues, type Values } from '../util/json.js';

/** What a value must be, and what to say where it is not. */
export interface Rule<T> {
  readonly test: (value: unknown) => value is T;
  readonly demand: string;
}

export interface NumberRange {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** Reads the values of one options object, noting every fault under its path. */
export class OptionReader {
  constructor(
    readonly values: Values,
    private readonly faults: Faults,
    private readonly path: string = '',
    private readonly variables: Readonly<Record<string, string>> = {},
  ) {}

  /** The value, or `undefined` where it is not set or (noted) wrong. */
  optional<T>(name: string, rule: Rule<T>): T | undefined {
    const value = this.values[name];
    if (value === undefined || value === null) return undefined;
    if (rule.test(value)) return value;
    this.fault(name, rule.demand);
    return undefined;
  }

  /** The value, or `undefined` where it is (noted) missing or wrong. */
  required<T>(name: string, rule: Rule<T>): T | undefined {
    if (isSet(this.values[name])) return this.optional(name, rule);
    this.fault(name, 'is missing');
    return undefined;
  }

  /** A number within its range, or the default. */
  number(name: string, range: NumberRange, integer = false): number {
    const fits = (value: unknown): value is number =>
      typeof value === 'number' && value >= range.min && value <= range.max && (!integer || Number.isInteger(value));
    const demand = `must be ${integer ? 'a whole number' : 'a number'} from ${range.min} to ${range.max}`;
    return this.optional(name, { test: fits, demand }) ?? range.default;
  }

  /** An options object inside this one; empty where it is not set or (noted) wrong. */
  section(name: string, known: readonly string[], variables?: Readonly<Record<string, string>>): OptionReader {
    const values = this.optional(name, { test: isValues, demand: 'must be an object' }) ?? {};
    const section = new OptionReader(values, this.faults, `${this.path}${name}.`, variables);
    section.refuseUnknown(known);
    return section;
  }

  /** A misspelt option would silently leave its default in force, which matters most for the ones that protect. */
  refuseUnknown(known: readonly string[]): void {
    for (const name of Object.keys(this.values)) {
      // Without a variable: the one that goes by such a name belongs to another option.
      if (!known.includes(name)) this.faults.add(this.path + name, `is not an option; there are ${known.join(', ')}`);
    }
  }

  fault(name: string, message: string): void {
    this.faults.add(this.path + name, message, this.variables[name]);
  }
}

/** `''` is how an environment says that a variable is not set. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
