import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

/**
 * Metadata key of `@Public()`: `true` on a handler or class that needs no token. Guards of your own honour the mark by
 * `reflector.getAllAndOverride<boolean>(IS_PUBLIC_KEY, [context.getHandler(), context.getClass()])`.
 */
export const IS_PUBLIC_KEY = 'mindsphere-credentials:is-public';

/**
 * Metadata key of `@RequireScopes(…)`: the scopes, as a list of strings, that a handler or class demands; those of both
 * count: `reflector.getAllAndMerge<string[]>(REQUIRED_SCOPES_KEY, [context.getHandler(), context.getClass()])`.
 */
export const REQUIRED_SCOPES_KEY = 'mindsphere-credentials:required-scopes';

/** Metadata key of `@UseRegistration(name)`: the name, on a handler or class; the handler's counts more. */
export const REGISTRATION_KEY = 'mindsphere-credentials:registration';

/** What the decorators of a handler and its class demand. */
export interface RouteRules {
  readonly isPublic: boolean;
  readonly scopes: readonly string[];
  /** The name of the registration that verifies the route's users; `undefined` where the route names none. */
  readonly registration: string | undefined;
}

type Class = ReturnType<ExecutionContext['getClass']>;
type Handler = ReturnType<ExecutionContext['getHandler']>;

/** The rules of a handler as a method of a class. */
export function rulesOfHandler(type: Class, handler: Handler): RouteRules {
  const reflector = new Reflector();
  const targets = [handler, type];
  const scopes = [type, handler].flatMap((target) => reflector.get<string[]>(REQUIRED_SCOPES_KEY, target) ?? []);
  return Object.freeze({
    isPublic: reflector.getAllAndOverride<boolean | undefined>(IS_PUBLIC_KEY, targets) ?? false,
    registration: reflector.getAllAndOverride<string | undefined>(REGISTRATION_KEY, targets),
    scopes: Object.freeze([...new Set(scopes)]),
  });
}

/** Reads the rules of routes, once for each: decorators run at import, so the rules never change. */
export class RouteRulesReader {
  /** By class first: several classes may inherit one handler. */
  readonly #known = new WeakMap<Class, WeakMap<Handler, RouteRules>>();

  /** The rules of a context's route. */
  of(context: ExecutionContext): RouteRules {
    const [type, handler] = [context.getClass(), context.getHandler()];
    const known = this.#known.get(type)?.get(handler);
    if (known !== undefined) return known;
    const rules = rulesOfHandler(type, handler);
    const ofType = this.#known.get(type) ?? new WeakMap<Handler, RouteRules>();
    this.#known.set(type, ofType.set(handler, rules));
    return rules;
  }
}
