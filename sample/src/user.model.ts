import { Field, ObjectType } from '@nestjs/graphql';

/** What the verified token says of the user who asks. */
@ObjectType()
export class User {
  @Field(() => String, { nullable: true })
  tenant?: string;

  @Field(() => String, { nullable: true })
  userName?: string;

  @Field(() => [String])
  scopes!: readonly string[];
}

/** What the emulated API answers: as whom it was called. */
@ObjectType()
export class Assets {
  @Field(() => String)
  tenant!: string;

  @Field(() => String)
  clientId!: string;

  @Field(() => String)
  grantType!: string;
}
