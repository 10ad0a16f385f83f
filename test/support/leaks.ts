import { inspect, types } from 'node:util';

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Every spelling of a client id and its secret that gives the secret away. */
export function spellings(clientId: string, secret: string): string[] {
  const plain = [secret, encodeURIComponent(secret), new URLSearchParams({ x: secret }).toString().slice(2)];
  const encoded = [base64(secret), base64(`${clientId}:${secret}`)];
  return [...new Set([...plain, JSON.stringify(secret).slice(1, -1), ...encoded, ...encoded.map(encodeURIComponent)])];
}

/** Every part of a JWT with which somebody could do harm. */
export function partsOf(jwt: string): string[] {
  const [header, payload, signature] = jwt.split('.');
  return [jwt, `${header}.${payload}`, signature!];
}

/** The secrets that a text shows. */
export function shownIn(text: string, secrets: readonly string[]): string[] {
  return secrets.filter((secret) => text.includes(secret));
}

/**
 * Where a value gives a secret away, as `way: secret` or `held by: path`; empty if it gives none. Printing goes to the
 * given depth; the walk through properties knows no limit.
 */
export function leaksOf(value: unknown, secrets: readonly string[], depth = Infinity): string[] {
  return [...printedSecrets(value, secrets, depth), ...heldSecrets(value, secrets).map((path) => `held by: ${path}`)];
}

function printedSecrets(value: unknown, secrets: readonly string[], depth: number): string[] {
  const ways: Record<string, () => string> = {
    inspect: () => inspect(value, { depth, showHidden: true, maxArrayLength: null, maxStringLength: null }),
    'inspect with getters': () => inspect(value, { depth: Math.min(depth, 3), getters: true }),
    json: () => JSON.stringify(value, withoutCycles()) ?? '',
    'json of a field': () => JSON.stringify({ message: value }, withoutCycles()),
    // oxlint-disable-next-line typescript/no-base-to-string -- what it prints is what is tested
    string: () => String(value),
  };
  return Object.entries(ways).flatMap(([way, print]) => shownIn(print(), secrets).map((secret) => `${way}: ${secret}`));
}

function withoutCycles(): (key: string, value: unknown) => unknown {
  const seen = new WeakSet();
  return (_, value) => {
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return undefined;
    seen.add(value);
    return value;
  };
}

/**
 * The paths of data properties that hold a secret: own keys of every kind, the prototype chain, entries of maps and
 * sets, bytes of buffers, and what `inspect` sees in promises and weak maps. Getters are not called: what they return is
 * no property that holds anything.
 */
export function heldSecrets(root: unknown, secrets: readonly string[]): string[] {
  const found: string[] = [];
  const seen = new Set<unknown>([globalThis, process, process.env]);
  const pending: [path: string, value: unknown][] = [['', root]];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [path, value] = next;
    if (typeof value === 'string') {
      if (shownIn(value, secrets).length > 0) found.push(path);
    } else if (isWalkable(value) && !seen.has(value)) {
      seen.add(value);
      pending.push(...contentsOf(value).map(([key, held]): [string, unknown] => [`${path}.${key}`, held]));
    }
  }
  return found;
}

const isWalkable = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

function contentsOf(value: object): [string, unknown][] {
  if (ArrayBuffer.isView(value))
    return [['bytes', Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')]];
  const properties = Reflect.ownKeys(value).map((key): [string, unknown] => [
    String(key),
    Reflect.getOwnPropertyDescriptor(value, key)?.value,
  ]);
  const keys = Reflect.ownKeys(value).map((key): [string, unknown] => ['key', String(key)]);
  return [...properties, ...keys, ...entriesOf(value), ['[prototype]', Reflect.getPrototypeOf(value)]];
}

function entriesOf(value: object): [string, unknown][] {
  if (types.isMap(value))
    return [...value].flatMap(([key, held]) => [
      ['map key', key],
      [`map(${String(key)})`, held],
    ]);
  if (types.isSet(value)) return [...value].map((held) => ['set', held]);
  if (types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value))
    return [['inside', inspect(value, { depth: 4, showHidden: true })]];
  return [];
}
