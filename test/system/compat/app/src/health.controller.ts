import { Controller, Get } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { Public } from 'nestjs-mindsphere-credentials';
import { MindsphereHealthIndicator } from 'nestjs-mindsphere-credentials/terminus';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly mindsphere: MindsphereHealthIndicator,
  ) {}

  @Public()
  @HealthCheck()
  @Get()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.mindsphere.check('mindsphere')]);
  }
}
