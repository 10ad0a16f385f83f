import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { IS_PUBLIC_KEY, REGISTRATION_KEY, REQUIRED_SCOPES_KEY } from './route-rules.js';
import { UserTokenGuard } from './user-token.guard.js';

/** `scope-token` of RFC 6749, section 3.3: without a quote that would end the `scope` of a challenge. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Marks a handler, or all handlers of a class, as needing no token. A handler's own mark counts more than its class's.
 * Subclasses inherit the mark of a class: on a base class it opens their handlers, too, unless they are marked
 * otherwise. Throws `options_invalid` at start together with `@RequireScopes` on one handler or class.
 */
export function Public(): MethodDecorator & ClassDecorator {
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (Reflect.hasOwnMetadata(REQUIRED_SCOPES_KEY, decorated(target, descriptor))) throw contradiction();
    applyDecorators(SetMetadata(IS_PUBLIC_KEY, true))(target, key, descriptor);
  };
}

/**
 * Demands all of these scopes, e.g. `myapp.user`, and applies `UserTokenGuard` itself. The scopes of class and handler
 * are united. Throws `options_invalid` at start without arguments, for a value that is no scope, for several scopes in
 * one string, and together with `@Public()` on one handler or class.
 */
export function RequireScopes(...scopes: string[]): MethodDecorator & ClassDecorator {
  const fault = faultOf(scopes);
  if (fault !== undefined) throw invalid(`@RequireScopes() ${fault}`);
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const marked = decorated(target, descriptor);
    if (Reflect.getOwnMetadata(IS_PUBLIC_KEY, marked) === true) throw contradiction();
    const earlier = (Reflect.getMetadata(REQUIRED_SCOPES_KEY, marked) as readonly string[] | undefined) ?? [];
    const decorate = applyDecorators(
      SetMetadata(REQUIRED_SCOPES_KEY, [...earlier, ...scopes]),
      // A handler that demands scopes is not public, even if its class is.
      SetMetadata(IS_PUBLIC_KEY, false),
      UseGuards(UserTokenGuard),
    );
    decorate(target, key, descriptor);
  };
}

/**
 * Names the registration that verifies the users of a handler, or of all handlers of a class: `UserTokenGuard` and
 * `@RequireScopes()` then use the registration of `forRoot({ name })`, wherever it is imported, instead of the one
 * without a name. A handler's own name counts more than its class's. It applies no guard. Without it, a route belongs
 * to the registration of its guard, or to the only one there is. Throws `options_invalid` for a name that is empty or
 * no string; the start fails with the same code where no registration has this name.
 */
export function UseRegistration(name: string): MethodDecorator & ClassDecorator {
  const given: unknown = name;
  if (typeof given !== 'string' || given === '') {
    throw invalid('@UseRegistration() needs the name of a registration, as in forRoot({ name }).');
  }
  return SetMetadata(REGISTRATION_KEY, name);
}

/** What a decorator is written on: the handler, else the class. */
function decorated(target: object, descriptor: PropertyDescriptor | undefined): object {
  return (descriptor?.value as object | undefined) ?? target;
}

function faultOf(scopes: readonly unknown[]): string | undefined {
  if (scopes.length === 0) return 'needs at least one scope, each a string without spaces or quotes.';
  return scopes.map(faultOfScope).find((fault) => fault !== undefined);
}

function faultOfScope(scope: unknown): string | undefined {
  if (scope === undefined) {
    return (
      'got undefined for a scope: the constant is not set when the decorator runs, as happens where two files import ' +
      'each other. Move the constant to a file that imports neither.'
    );
  }
  if (Array.isArray(scope)) return 'got a list: needs at least one scope, each an argument of its own.';
  if (typeof scope !== 'string' || !SCOPE.test(scope)) {
    return `needs at least one scope, each a string without spaces or quotes${separatorHint(scope)}.`;
  }
  if (scope.includes(',')) return `needs each scope as an argument of its own${separatorHint(scope)}.`;
  return undefined;
}

/** How to write several scopes that were given as one string. */
function separatorHint(scope: unknown): string {
  if (typeof scope !== 'string') return '';
  const parts = scope.split(/[\s,]+/, 10).filter((part) => SCOPE.test(part));
  return parts.length < 2 ? '' : `: write @RequireScopes(${parts.map((part) => `'${part}'`).join(', ')})`;
}

function contradiction(): MindsphereCredentialsError {
  return invalid('@Public() and @RequireScopes() contradict each other.');
}

/** Thrown while decorators run, that is, before the application starts. */
function invalid(message: string): MindsphereCredentialsError {
  return new MindsphereCredentialsError('options_invalid', message);
}
