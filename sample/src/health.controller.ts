import { Controller, Get } from '@nestjs/common';
import { Public } from 'nestjs-mindsphere-credentials';

/** Asked by the platform's health checks, which have no user. */
@Controller('health')
export class HealthController {
  @Public()
  @Get()
  health(): object {
    return { status: 'up' };
  }
}
