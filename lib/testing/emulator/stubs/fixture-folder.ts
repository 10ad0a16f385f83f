import { statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Answer, type AnswerHeaders, JSON_TYPE } from '../http/answer.js';
import { EmulatorOptionError } from '../options/checks.js';
import { parameterOf } from './stub-table.js';
import { checkedAnswer, type StubAnswer } from './stub-answer.js';

/** A fixture: `assets.get.json` is a body, `assets.get.meta.json` beside it the status and the headers. */
interface Fixture {
  readonly folder: string;
  /** `assets.get`. */
  readonly name: string;
  readonly hasBody: boolean;
  readonly hasMeta: boolean;
}

const META_FIELDS: readonly string[] = ['status', 'headers'];

/**
 * A folder of answers, whose folders and files have the names of path segments. It is read at each request, so that
 * changes take effect at once. Only names that a folder lists are opened, so no request can read files outside of it.
 */
export class FixtureFolder {
  readonly #root: string;

  /** @throws EmulatorOptionError where there is no such folder */
  constructor(root: string) {
    if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
      throw new EmulatorOptionError('fixtures', 'must name a folder');
    }
    this.#root = root;
  }

  /**
   * The answer to a request; `undefined` where no file has one.
   *
   * @throws Error that names the file, where it does not hold what it should
   */
  async find(method: string, segments: readonly string[]): Promise<Answer | undefined> {
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
    const fixture = await findFixture(this.#root, segments, verb);
    if (!fixture) return undefined;
    const meta = fixture.hasMeta ? await this.#read(fixture, 'meta.json') : {};
    const body = fixture.hasBody ? { value: await this.#read(fixture, 'json') } : undefined;
    try {
      const { status, headers } = readMeta(meta);
      // Serialized here, because a body that is a string would be sent as plain text.
      const json: AnswerHeaders = body === undefined ? {} : { 'content-type': JSON_TYPE };
      return checkedAnswer({ status, headers: { ...json, ...headers }, body: body && JSON.stringify(body.value) });
    } catch (error) {
      throw new Error(`${this.#pathOf(fixture, 'meta.json')}: ${messageOf(error)}`, { cause: error });
    }
  }

  async #read(fixture: Fixture, ending: string): Promise<unknown> {
    try {
      return JSON.parse(await readFile(join(fixture.folder, `${fixture.name}.${ending}`), 'utf8'));
    } catch (error) {
      throw new Error(`${this.#pathOf(fixture, ending)} is not JSON: ${messageOf(error)}`, { cause: error });
    }
  }

  /** The path of the file below the folder, for messages. */
  #pathOf({ folder, name }: Fixture, ending: string): string {
    return join(folder.slice(this.#root.length), `${name}.${ending}`).replace(/^[\\/]+/, '');
  }
}

/** An exact name comes before `{name}`; where it leads nowhere, the other is tried. */
async function findFixture(
  folder: string,
  [segment = '', ...rest]: readonly string[],
  verb: string,
): Promise<Fixture | undefined> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  if (rest.length === 0) return fixtureIn(folder, new Set(entries.map(({ name }) => name)), segment, verb);
  const folders = entries.filter((entry) => !entry.isFile()).map(({ name }) => name);
  const wildcards = folders.filter((name) => parameterOf(name) !== undefined && name !== segment).toSorted();
  const candidates = [...folders.filter((name) => name === segment), ...wildcards];
  return firstFound(candidates, (name) => findFixture(join(folder, name), rest, verb));
}

function fixtureIn(folder: string, files: ReadonlySet<string>, segment: string, verb: string): Fixture | undefined {
  const wildcards = [...files].map((file) => file.slice(0, file.indexOf('.'))).filter((name) => parameterOf(name));
  for (const stem of [segment, ...wildcards.toSorted()]) {
    const name = `${stem}.${verb}`;
    const [hasBody, hasMeta] = [files.has(`${name}.json`), files.has(`${name}.meta.json`)];
    if (hasBody || hasMeta) return { folder, name, hasBody, hasMeta };
  }
  return undefined;
}

function readMeta(meta: unknown): Omit<StubAnswer, 'body'> {
  if (typeof meta !== 'object' || meta === null || Array.isArray(meta)) throw new TypeError('must be an object');
  const unknown = Object.keys(meta).find((name) => !META_FIELDS.includes(name));
  if (unknown !== undefined) throw new TypeError('may hold status and headers, nothing else');
  if ('headers' in meta && typeof meta.headers !== 'object') throw new TypeError('headers must be an object');
  return meta;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The first result that is one, of candidates that are tried one after the other. */
export async function firstFound<T, R>(
  [candidate, ...others]: readonly T[],
  find: (candidate: T) => Promise<R | undefined>,
): Promise<R | undefined> {
  if (candidate === undefined) return undefined;
  return (await find(candidate)) ?? firstFound(others, find);
}
