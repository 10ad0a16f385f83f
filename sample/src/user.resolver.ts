import { Query, Resolver } from '@nestjs/graphql';
import { AppCredentials, CurrentUserToken, RequireScopes, type UserToken } from 'nestjs-mindsphere-credentials';
import type { Observable } from 'rxjs';
import { Assets } from './assets.model.js';
import { demandOperator, OPERATOR_SCOPE, OPERATOR_TENANTS } from './operator.js';
import { PlatformService } from './platform.service.js';
import { User, userOf } from './user.model.js';

/**
 * The same for GraphQL. The global guard counts for each field of `Query`; what it refuses has `extensions.code`:
 * `UNAUTHENTICATED`, `FORBIDDEN` or `SERVICE_UNAVAILABLE`.
 */
@Resolver()
export class UserResolver {
  constructor(
    private readonly credentials: AppCredentials,
    private readonly platform: PlatformService,
  ) {}

  /** What the verified token says. */
  @Query(() => User)
  me(@CurrentUserToken() user: UserToken): User {
    return userOf(user);
  }

  /** As the app, for the user's tenant: `forUser` needs no request scope. */
  @RequireScopes('myapp.user')
  @Query(() => Assets)
  assets(@CurrentUserToken() user: UserToken): Observable<Assets> {
    return this.platform.assets(this.credentials.forUser(user));
  }

  /** As the app, for its operator. */
  @RequireScopes(OPERATOR_SCOPE)
  @Query(() => Assets)
  operatorAssets(@CurrentUserToken() user: UserToken): Observable<Assets> {
    const platform = demandOperator(user);
    const tenant = OPERATOR_TENANTS[platform];
    return this.platform.assets(this.credentials.on(platform).forUserTenant(tenant, tenant));
  }
}
