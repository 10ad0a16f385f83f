import { Query, Resolver } from '@nestjs/graphql';
import { AppCredentials, CurrentUserToken, RequireScopes, type UserToken } from 'nestjs-mindsphere-credentials';
import type { Observable } from 'rxjs';
import { demandOperator, OPERATOR_SCOPE, OPERATOR_TENANT } from './operator.js';
import { ASSETS, PlatformService } from './platform.service.js';
import { Assets, User } from './user.model.js';

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
  me(@CurrentUserToken() { tenant, userName, scopes }: UserToken): User {
    return { tenant, userName, scopes };
  }

  /** As the app, for the user's tenant: `forUser` needs no request scope. */
  @RequireScopes('myapp.user')
  @Query(() => Assets)
  assets(@CurrentUserToken() user: UserToken): Observable<unknown> {
    return this.platform.call(this.credentials.forUser(user), ASSETS);
  }

  /** As the app, for its operator. */
  @RequireScopes(OPERATOR_SCOPE)
  @Query(() => Assets)
  operatorAssets(@CurrentUserToken() user: UserToken): Observable<unknown> {
    demandOperator(user);
    return this.platform.call(this.credentials.forUserTenant(OPERATOR_TENANT, OPERATOR_TENANT), ASSETS);
  }
}
