import { ForbiddenException } from '@nestjs/common';
import type { Platform, UserToken } from 'nestjs-mindsphere-credentials';

/** The tenant that hosts the app, by its id on each platform. */
export const OPERATOR_TENANTS: Readonly<Record<Platform, string>> = {
  mindsphere: 'operator',
  xcelerator: '1000000350',
};

/** The app's scope for its operator's own people. */
export const OPERATOR_SCOPE = 'myapp.operator';

/**
 * The platform of the operator's user. Throws for users of other tenants: a scope says what users may do, but every tenant's
 * administrator can give it out. Platform and tenant count together, because an id means nothing on the other platform.
 */
export function demandOperator({ platform, tenant }: UserToken): Platform {
  if (platform === undefined || tenant !== OPERATOR_TENANTS[platform]) throw new ForbiddenException();
  return platform;
}
