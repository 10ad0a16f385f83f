import type { ExecutionContext } from '@nestjs/common';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';

/** Metadata key of routes that need no token. */
export const IS_PUBLIC = Symbol('mindsphere-credentials:is-public');
/** Metadata key of scopes that routes demand. */
export const REQUIRED_SCOPES = Symbol('mindsphere-credentials:required-scopes');

/** What a handler and its class demand, decided once for each. */
export interface RouteRules {
  readonly isPublic: boolean;
  readonly scopes: readonly string[];
}

type Class = ReturnType<ExecutionContext['getClass']>;
type Handler = ReturnType<ExecutionContext['getHandler']>;

// Decorators run once, so what they said can be remembered; a handler may be inherited by several classes.
const rulesOf = new WeakMap<Class, WeakMap<Handler, RouteRules>>();

/** The rules of a context's route. Handler and class are united for scopes; for `@Public()` the handler decides. */
export function routeRules(context: ExecutionContext): RouteRules {
  const [type, handler] = [context.getClass(), context.getHandler()];
  const ofType = rulesOf.get(type) ?? new WeakMap<Handler, RouteRules>();
  if (!rulesOf.has(type)) rulesOf.set(type, ofType);
  const rules = ofType.get(handler) ?? readRules(type, handler);
  if (!ofType.has(handler)) ofType.set(handler, rules);
  return rules;
}

/** Throws `options_invalid` for a decoration that contradicts itself, which stops the start. */
export function contradiction(message: string): never {
  throw new MindsphereCredentialsError('options_invalid', message);
}

/** What `@Public()` or its absence says of a class or handler; `undefined` where nothing does. */
export function publicMark(target: object): boolean | undefined {
  return Reflect.getMetadata(IS_PUBLIC, target) as boolean | undefined;
}

/** The scopes that a class or handler is marked with. */
export function scopesMark(target: object): readonly string[] | undefined {
  return Reflect.getMetadata(REQUIRED_SCOPES, target) as readonly string[] | undefined;
}

/** Whether the class or handler itself, not what it inherits from, has a mark. */
export function hasOwnMark(key: symbol, target: object): boolean {
  return Reflect.hasOwnMetadata(key, target);
}

/** What a decorator marks: the handler, else the class. */
export function markedBy(target: object, descriptor: PropertyDescriptor | undefined): object {
  return (descriptor?.value as object | undefined) ?? target;
}

function readRules(type: Class, handler: Handler): RouteRules {
  const scopes = [type, handler].flatMap((target) => scopesMark(target) ?? []);
  const isPublic = publicMark(handler) ?? publicMark(type) ?? false;
  return Object.freeze({ isPublic, scopes: Object.freeze([...new Set(scopes)]) });
}
