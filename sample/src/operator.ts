import { ForbiddenException } from '@nestjs/common';
import type { UserToken } from 'nestjs-mindsphere-credentials';

/** The tenant that hosts the app. */
export const OPERATOR_TENANT = 'operator';

/** The app's scope for its operator's own people. */
export const OPERATOR_SCOPE = 'myapp.operator';

/** Throws for users of other tenants: a scope says what users may do, but every tenant's administrator can give it out. */
export function demandOperator({ tenant }: UserToken): void {
  if (tenant !== OPERATOR_TENANT) throw new ForbiddenException();
}
