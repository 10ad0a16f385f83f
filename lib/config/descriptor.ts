import type { Values } from '../util/json.js';

/*
 * What describes an option. One descriptor per section of the options drives how it is read, its range and default, its
 * variable, the words of its errors, the type of what was read, and its row in docs/options.md.
 */

/** A kind of value: which values fit, how they are kept, and the words for it. */
export interface Kind<T> {
  /** The value as it is kept: checked, normalized, secrets sealed. `undefined` where the value does not fit. */
  readonly read: (value: unknown, context: KindContext) => T | undefined;
  /** What a value must be, as it follows the option's path in an error: `must be one DNS label`. */
  readonly demand: string;
  /** The same for the table of options: `DNS label`. */
  readonly type: string;
  /** Whether a string is wanted, so that a number is a value whose quotes YAML or JSON lost. */
  readonly isString?: boolean;
  /** The value that the string in an environment variable stands for. Default: the string itself. */
  readonly parse?: (variable: string) => unknown;
  /** What is suspicious about a value that fits. */
  readonly warning?: (value: unknown) => string | undefined;
}

/** What the check of a value depends on beside the value. */
export interface KindContext {
  /** Whether plain `http:` is permitted beyond loopback addresses. */
  readonly allowInsecureHttp: boolean;
}

/** One option of a section. `T` is what is read, `undefined` included where the option has no default. */
export interface Option<T> {
  readonly kind: Kind<NonNullable<T>>;
  readonly required: boolean;
  readonly default: T | undefined;
  /** The default in words, where it is no constant. */
  readonly defaultText?: string;
  /** Its environment variables, the first that is set counts. */
  readonly variables: readonly string[];
}

export type Options = Readonly<Record<string, Option<unknown>>>;

/** The descriptor of the options that stand in one object. */
export interface Section<O extends Options> {
  /** Where they stand, as in `verification` or `xcelerator.app`; empty for those at the top. */
  readonly path: string;
  /** The public interface that the application sees, for the table of options. */
  readonly of: string;
  readonly options: O;
  /** Names in the same object that are sections of their own. */
  readonly sections?: readonly string[];
  /** Names that users write here by mistake, and the hint in the error. */
  readonly misplaced?: Readonly<Record<string, string>>;
  /** A group of credentials counts as configured once one of these options is set. */
  readonly identity?: readonly string[];
  /** Options that are of no use without another one of the section: its name by theirs. */
  readonly needs?: Readonly<Record<string, string>>;
  /** The booleans that may stand for the whole object: `false` switches the section off, `true` on with its defaults. */
  readonly switches?: readonly boolean[];
  /** What is suspicious about options together: a warning by the name of an option. */
  readonly warnings?: (given: Values, section: Section<Options>) => Readonly<Record<string, string>>;
}

/** What was read of a section. */
export type Resolved<S> = S extends Section<infer O> ? ResolvedValues<O> : never;

/** What was read of these options. */
export type ResolvedValues<O> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

interface OptionDetails {
  readonly variable?: string | readonly string[];
  readonly defaultText?: string;
}

/** An option that may be left out and has no default value. */
export function optional<T>(kind: Kind<T & {}>, details: OptionDetails = {}): Option<T | undefined> {
  return { ...describe(kind as Kind<NonNullable<T>>, details), default: undefined, required: false };
}

/** An option with a default value. */
export function withDefault<T>(kind: Kind<T & {}>, value: NoInfer<T>, details: OptionDetails = {}): Option<T> {
  return { ...describe(kind as Kind<NonNullable<T>>, details), default: value, required: false };
}

/** An option that must be set where its section is used. */
export function required<T>(kind: Kind<T & {}>, details: OptionDetails = {}): Option<T> {
  return { ...describe(kind as Kind<NonNullable<T>>, details), default: undefined, required: true };
}

function describe<T>(kind: Kind<T>, { variable = [], defaultText }: OptionDetails) {
  return { kind, variables: typeof variable === 'string' ? [variable] : variable, defaultText };
}

/** Every member is present, so that none is read from a polluted `Object.prototype`. */
const NOTHING_ELSE = {
  sections: undefined,
  misplaced: undefined,
  identity: undefined,
  needs: undefined,
  switches: undefined,
  warnings: undefined,
};

type Rest = Omit<Section<Options>, 'path' | 'options'>;

/**
 * Describes the options of the public interface `Given`: the compiler demands a descriptor for each of its members, and
 * permits none for anything else.
 */
export function sectionOf<Given>() {
  return <O extends { readonly [K in keyof Required<Given>]: Option<unknown> } & Options>(
    path: string,
    options: O & { readonly [K in Exclude<keyof O, keyof Given>]: never },
    rest: Rest,
  ): Section<O> => Object.freeze({ ...NOTHING_ELSE, ...rest, path, options });
}

/** The place of an option as messages name it: its path, with its variable in brackets. */
export function placeOf(section: Section<Options>, name: string, prefix = ''): string {
  const [variable] = section.options[name]?.variables ?? [];
  return `${pathOf(section, name)}${variable === undefined ? '' : ` (${prefix}${variable})`}`;
}

/** The path of an option: the section's, with the option's name. */
export function pathOf({ path }: Section<Options>, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
