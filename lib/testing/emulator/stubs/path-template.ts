import { EmulatorOptionError } from '../options/option-error.js';

/** A segment of a template that stands for any one. */
const PARAMETER = /^\{([\w-]+)\}$/;

/** The name in a segment `{name}`; `undefined` for any other segment. */
export function parameterOf(segment: string): string | undefined {
  return PARAMETER.exec(segment)?.[1];
}

/** The segments of a path, percent-decoded; `undefined` where one cannot be decoded. */
export function segmentsOf(path: string): readonly string[] | undefined {
  try {
    return path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** The path of an API, some of whose segments may stand for any. */
export class PathTemplate {
  readonly #segments: readonly string[];

  /**
   * Reads a path such as `/api/assetmanagement/v3/assets/{id}`; what follows a question mark does not count.
   *
   * @throws EmulatorOptionError for a path that is none of an API
   */
  constructor(path: string) {
    const [route = ''] = typeof path === 'string' ? path.split('?') : [];
    const segments = route.startsWith('/api/') ? segmentsOf(route) : undefined;
    if (!segments) throw new EmulatorOptionError('path', 'must begin with /api/ and be percent-encoded where needed');
    const names = segments.map(parameterOf).filter((name) => name !== undefined);
    if (new Set(names).size < names.length) throw new EmulatorOptionError('path', 'must not name a parameter twice');
    this.#segments = segments;
  }

  /** The same for two templates that match the same paths. */
  get key(): string {
    return JSON.stringify(this.#segments.map((segment) => (parameterOf(segment) === undefined ? segment : 0)));
  }

  /** What stands in the place of each parameter; `undefined` where the path does not match. */
  match(segments: readonly string[]): Record<string, string> | undefined {
    if (segments.length !== this.#segments.length) return undefined;
    const params: Record<string, string> = {};
    for (const [at, segment] of segments.entries()) {
      const wanted = this.#segments[at] ?? '';
      const name = parameterOf(wanted);
      if (name !== undefined && segment !== '') params[name] = segment;
      else if (wanted !== segment) return undefined;
    }
    return params;
  }

  /** Whether this one is preferred where both match: the first segment in which one is exact decides. */
  isMoreExactThan(other: PathTemplate): boolean {
    const isExact = (template: PathTemplate, at: number) => parameterOf(template.#segments[at] ?? '') === undefined;
    const at = this.#segments.findIndex((_, index) => isExact(this, index) !== isExact(other, index));
    return at >= 0 && isExact(this, at);
  }
}
