import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import {
  contradiction,
  hasOwnMark,
  IS_PUBLIC,
  markedBy,
  publicMark,
  REQUIRED_SCOPES,
  scopesMark,
} from './route-rules.js';
import { UserTokenGuard } from './user-token.guard.js';

/** `scope-token` of RFC 6749, section 3.3: what can stand in a challenge without breaking out of it. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Demands all of these scopes, e.g. `myapp.user`, and applies `UserTokenGuard` itself. The scopes of class and handler
 * are united. Throws `options_invalid` at start without arguments, for a text that is no scope, and together with
 * `@Public()` on one handler or class.
 */
export function RequireScopes(...scopes: string[]): MethodDecorator & ClassDecorator {
  if (scopes.length === 0 || !scopes.every((scope: unknown) => typeof scope === 'string' && SCOPE.test(scope))) {
    contradiction('@RequireScopes() needs at least one scope, each a text without spaces or quotes.');
  }
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const marked = markedBy(target, descriptor);
    if (hasOwnMark(IS_PUBLIC, marked) && publicMark(marked) === true)
      contradiction('@Public() and @RequireScopes() contradict each other.');
    const all = [...(scopesMark(marked) ?? []), ...scopes];
    // A handler that demands scopes is not public, whatever its class says.
    const decorate = applyDecorators(
      SetMetadata(REQUIRED_SCOPES, all),
      SetMetadata(IS_PUBLIC, false),
      UseGuards(UserTokenGuard),
    );
    decorate(target, key, descriptor);
  };
}
