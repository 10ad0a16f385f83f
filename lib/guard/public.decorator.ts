import { applyDecorators, SetMetadata } from '@nestjs/common';
import { contradiction, hasOwnMark, IS_PUBLIC_KEY, markedBy, REQUIRED_SCOPES_KEY } from './route-rules.js';

/**
 * Marks a handler, or all handlers of a class, as needing no token. A handler's own mark counts more than its class's.
 * Subclasses inherit the mark of a class: on a base class it opens their handlers, too, unless they say otherwise.
 * Throws `options_invalid` at start together with `@RequireScopes` on one handler or class.
 */
export function Public(): MethodDecorator & ClassDecorator {
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (hasOwnMark(REQUIRED_SCOPES_KEY, markedBy(target, descriptor))) {
      contradiction('@Public() and @RequireScopes() contradict each other.');
    }
    applyDecorators(SetMetadata(IS_PUBLIC_KEY, true))(target, key, descriptor);
  };
}
