import { of, type Observable } from 'rxjs';
import type { TokenVerifier } from '../../users/token-verifier.js';
import type { UserToken } from '../../users/user-token.js';
import { fakeUserToken } from './fake-user-token.js';

/**
 * A double for `overrideProvider(TokenVerifier)`: every request is the given user's, whatever token it presents, even
 * none. The guard, wherever it is applied, goes on checking scopes. No network I/O.
 */
export function fakeTokenVerifier(user: UserToken = fakeUserToken()): Pick<TokenVerifier, 'verify'> {
  const double: Pick<
    TokenVerifier,
    'verify' | 'recall' | 'hasTenantRule' | 'presented' | 'acceptsUntil' | 'platformOf'
  > = {
    hasTenantRule: false,
    presented: () => user.value,
    recall: () => user,
    acceptsUntil: () => Infinity,
    platformOf: () => user.platform,
    verify: (): Observable<UserToken> => of(user),
  };
  return double;
}
