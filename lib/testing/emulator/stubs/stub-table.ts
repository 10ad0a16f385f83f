import type { Answer } from '../http/answer.js';
import { EmulatorOptionError } from '../options/option-error.js';
import { PathTemplate } from './path-template.js';
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
   * Answers requests of a method to a path from now on, in the place of what answered the same before.
   *
   * @throws TypeError for a method, a path or an answer that cannot be
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

  /** Forgets them all. */
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
