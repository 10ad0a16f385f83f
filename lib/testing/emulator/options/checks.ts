import { isDnsLabel, isDomain } from '../../../util/formats.js';

/** An invalid start option, or an invalid argument of a method. */
export class EmulatorOptionError extends TypeError {
  override readonly name = 'EmulatorOptionError';

  /**
   * @param option path of the option, such as `app.hostTenant`
   * @param problem the fault, as the rest of a sentence that begins with the option
   */
  constructor(
    readonly option: string,
    readonly problem: string,
  ) {
    super(`${option} ${problem}`);
  }
}

/*
 * Checks of start options. Each returns its value, or throws an `EmulatorOptionError` that names the option.
 */

export function wholeNumber(option: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new EmulatorOptionError(option, `must be a whole number from ${least} to ${most}`);
}

export function share(option: string, value: number): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw new EmulatorOptionError(option, 'must be a number from 0 to 1');
}

export function oneOf<T extends string>(option: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw new EmulatorOptionError(option, `must be one of ${allowed.join(', ')}`);
}

export function nonEmpty(option: string, value: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new EmulatorOptionError(option, 'must be a string that is not empty');
}

/** In Basic credentials the first colon ends the client id. */
export function clientId(option: string, value: string): string {
  if (nonEmpty(option, value).includes(':')) throw new EmulatorOptionError(option, 'must not contain a colon');
  return value;
}

export function label(option: string, value: string): string {
  if (isDnsLabel(nonEmpty(option, value))) return value;
  throw new EmulatorOptionError(option, 'must be one DNS label');
}

export function labels(option: string, values: readonly string[]): readonly string[] {
  return values.map((value) => label(option, value));
}

/** A host name of one label or more, or an IPv4 address; in lower case, without a dot at its ends. */
export function domain(option: string, value: string): string {
  const name = nonEmpty(option, value).toLowerCase();
  if (isDomain(name)) return name;
  throw new EmulatorOptionError(option, 'must be a domain name');
}
