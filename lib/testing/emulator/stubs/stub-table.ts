import type { Answer } from '../http/answer.js';
import { EmulatorOptionError } from '../options/checks.js';
import { type StubRequest, type StubResponse, toAnswer } from './stub-answer.js';

const METHOD = /^[A-Z]{1,20}$/;
/** Stubs at the same time. */
const MOST_STUBS = 10_000;

interface Stub {
  readonly method: string;
  readonly template: PathTemplate;
  readonly respond: (request: StubRequest) => Answer | Promise<Answer>;
}

/** A stub and what its template found in a path. */
export interface MatchedStub {
  readonly params: Readonly<Record<string, string>>;
  readonly respond: Stub['respond'];
}

/** The answers that tests have given to emulated APIs. */
export class StubTable {
  readonly #stubs = new Map<string, Stub>();

  /**
   * Answers requests of a method to a path from now on, instead of an earlier answer for the same.
   *
   * @throws TypeError for an invalid method, path or answer
   */
  add(method: string, path: string, response: StubResponse): void {
    const name = typeof method === 'string' ? method.toUpperCase() : '';
    if (!METHOD.test(name)) throw new EmulatorOptionError('method', 'must be an HTTP method');
    const template = new PathTemplate(path);
    const key = `${name} ${template.key}`;
    if (this.#stubs.size >= MOST_STUBS && !this.#stubs.has(key)) throw new RangeError(`More than ${MOST_STUBS} stubs`);
    this.#stubs.set(key, { method: name, template, respond: responderOf(response) });
  }

  /** The stub of a request: of those that match, the most exact one. `HEAD` is answered as `GET` is. */
  find(method: string, segments: readonly string[]): MatchedStub | undefined {
    return this.#find(method, segments) ?? (method === 'HEAD' ? this.#find('GET', segments) : undefined);
  }

  /** Removes all stubs. */
  clear(): void {
    this.#stubs.clear();
  }

  #find(method: string, segments: readonly string[]): MatchedStub | undefined {
    let best: (MatchedStub & Pick<Stub, 'template'>) | undefined;
    for (const { template, respond, method: own } of this.#stubs.values()) {
      const params = own === method ? template.match(segments) : undefined;
      if (params && (!best || template.isMoreExactThan(best.template))) best = { template, respond, params };
    }
    return best;
  }
}

function responderOf(response: StubResponse): Stub['respond'] {
  if (typeof response === 'function') {
    const respond = response as (request: StubRequest) => unknown;
    return async (request) => toAnswer(await respond(request));
  }
  const answer = toAnswer(response);
  return () => answer;
}

/** A segment of a template that matches every segment. */
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

/** The path of an API, in which segments such as `{id}` match every segment. */
class PathTemplate {
  readonly #segments: readonly string[];

  /**
   * Reads a path such as `/api/assetmanagement/v3/assets/{id}`; a query is ignored.
   *
   * @throws EmulatorOptionError for a path that is not one of an API
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

  /** The values of the parameters; `undefined` where the path does not match. */
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
