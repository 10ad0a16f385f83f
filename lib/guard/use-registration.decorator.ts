import { SetMetadata } from '@nestjs/common';
import { contradiction, REGISTRATION_KEY } from './route-rules.js';

/**
 * Names the registration that verifies the users of a handler, or of all handlers of a class: `UserTokenGuard` and
 * `@RequireScopes()` then use the registration of `forRoot({ name })`, wherever it is imported, instead of the one
 * without a name. A handler's own name counts more than its class's. It applies no guard. Without it, a route belongs to
 * the registration of its guard, or to the only one there is. Throws `options_invalid` for a name that is empty or no
 * string; the start fails with the same code where no registration has this name.
 */
export function UseRegistration(name: string): MethodDecorator & ClassDecorator {
  const given: unknown = name;
  if (typeof given !== 'string' || given === '') {
    contradiction('@UseRegistration() needs the name of a registration, as in forRoot({ name }).');
  }
  return SetMetadata(REGISTRATION_KEY, name);
}
