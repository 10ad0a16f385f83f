import { applyDecorators, SetMetadata } from '@nestjs/common';
import { contradiction, hasOwnMark, IS_PUBLIC, markedBy, REQUIRED_SCOPES } from './route-rules.js';

/**
 * Marks a handler, or all handlers of a class, as needing no token. A handler's own mark counts more than its class's.
 * Throws `options_invalid` at start together with `@RequireScopes` on one handler or class.
 */
export function Public(): MethodDecorator & ClassDecorator {
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (hasOwnMark(REQUIRED_SCOPES, markedBy(target, descriptor))) {
      contradiction('@Public() and @RequireScopes() contradict each other.');
    }
    applyDecorators(SetMetadata(IS_PUBLIC, true))(target, key, descriptor);
  };
}
