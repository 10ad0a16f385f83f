import { Field, ObjectType } from '@nestjs/graphql';
import { ApiProperty } from '@nestjs/swagger';
import type { Platform, UserToken } from 'nestjs-mindsphere-credentials';
import { PLATFORMS } from './platforms.js';

/** What the verified token says of the user who asks. */
@ObjectType()
export class User {
  @ApiProperty({ enum: PLATFORMS, description: 'Platform that the user has come from' })
  @Field(() => String, { nullable: true })
  platform?: Platform;

  @ApiProperty({ type: String, required: false, description: 'Id of the tenant on that platform' })
  @Field(() => String, { nullable: true })
  tenant?: string;

  @ApiProperty({ type: String, required: false, description: 'Name of the tenant, which stays when it moves' })
  @Field(() => String, { nullable: true })
  tenantName?: string;

  @ApiProperty({ type: String, required: false })
  @Field(() => String, { nullable: true })
  userName?: string;

  @ApiProperty({ type: [String] })
  @Field(() => [String])
  scopes!: readonly string[];
}

/** The user of a verified token. */
export function userOf({ platform, tenant, tenantName, userName, scopes }: UserToken): User {
  return { platform, tenant, tenantName, userName, scopes };
}
