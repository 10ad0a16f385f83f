import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import {
  contradiction,
  hasOwnMark,
  IS_PUBLIC_KEY,
  markedBy,
  publicMark,
  REQUIRED_SCOPES_KEY,
  scopesMark,
} from './route-rules.js';
import { UserTokenGuard } from './user-token.guard.js';

/** `scope-token` of RFC 6749, section 3.3: what can stand in a challenge without breaking out of it. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Demands all of these scopes, e.g. `myapp.user`, and applies `UserTokenGuard` itself. The scopes of class and handler
 * are united. Throws `options_invalid` at start without arguments, for a value that is no scope, for several scopes in
 * one string, and together with `@Public()` on one handler or class.
 */
export function RequireScopes(...scopes: string[]): MethodDecorator & ClassDecorator {
  const fault = faultOf(scopes);
  if (fault !== undefined) contradiction(`@RequireScopes() ${fault}`);
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const marked = markedBy(target, descriptor);
    if (hasOwnMark(IS_PUBLIC_KEY, marked) && publicMark(marked) === true)
      contradiction('@Public() and @RequireScopes() contradict each other.');
    const decorate = applyDecorators(
      SetMetadata(REQUIRED_SCOPES_KEY, [...scopesMark(marked), ...scopes]),
      // A handler that demands scopes is not public, whatever its class says.
      SetMetadata(IS_PUBLIC_KEY, false),
      UseGuards(UserTokenGuard),
    );
    decorate(target, key, descriptor);
  };
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

/** How to write several scopes that stand in one string. */
function separatorHint(scope: unknown): string {
  if (typeof scope !== 'string') return '';
  const parts = scope.split(/[\s,]+/, 10).filter((part) => SCOPE.test(part));
  return parts.length < 2 ? '' : `: write @RequireScopes(${parts.map((part) => `'${part}'`).join(', ')})`;
}
