import { ApiProperty } from '@nestjs/swagger';
import type { Platform } from 'nestjs-mindsphere-credentials';
import { PLATFORMS } from './platforms.js';

/** Tenants that the app is provisioned to, on one platform. */
export class Tenants {
  @ApiProperty({ enum: PLATFORMS, description: 'Platform that answered' })
  platform!: Platform;

  @ApiProperty({ type: [String] })
  tenants!: readonly string[];
}
