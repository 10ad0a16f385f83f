import { Field, ObjectType } from '@nestjs/graphql';
import { ApiProperty } from '@nestjs/swagger';
import type { Platform } from 'nestjs-mindsphere-credentials';
import { PLATFORMS } from './platforms.js';

/** Of an asset, what the app shows. */
@ObjectType()
export class Asset {
  @ApiProperty({ type: String })
  @Field(() => String)
  name!: string;

  @ApiProperty({ type: String })
  @Field(() => String)
  typeId!: string;
}

/** Whom the emulated API has seen: what its path and the token of the call say. */
@ObjectType()
export class CalledAs {
  @ApiProperty({ enum: PLATFORMS })
  @Field(() => String)
  platform!: Platform;

  @ApiProperty({ type: String })
  @Field(() => String)
  path!: string;

  @ApiProperty({ type: String })
  @Field(() => String)
  tenant!: string;

  @ApiProperty({ type: String, required: false })
  @Field(() => String, { nullable: true })
  subtenant?: string;

  @ApiProperty({ type: String, required: false })
  @Field(() => String, { nullable: true })
  userName?: string;

  @ApiProperty({ type: String })
  @Field(() => String)
  clientId!: string;

  @ApiProperty({ type: String })
  @Field(() => String)
  grantType!: string;
}

/** The assets of a tenant, and where they came from. */
@ObjectType()
export class Assets {
  @ApiProperty({ enum: PLATFORMS, description: 'Platform that answered' })
  @Field(() => String)
  platform!: Platform;

  @ApiProperty({ type: [Asset] })
  @Field(() => [Asset])
  assets!: readonly Asset[];

  @ApiProperty({ type: CalledAs, required: false, description: 'The emulator only: as whom it was called' })
  @Field(() => CalledAs, { nullable: true })
  calledAs?: CalledAs;
}
