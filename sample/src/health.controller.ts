import { Controller, Get } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { ApiSecurity } from '@nestjs/swagger';
import { Public } from 'nestjs-mindsphere-credentials';
import { MindsphereHealthIndicator } from 'nestjs-mindsphere-credentials/terminus';

/** For probes of the operator, which have no user's token. */
@Public()
@ApiSecurity({})
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly credentials: MindsphereHealthIndicator,
  ) {}

  /** Liveness: the process answers. It checks nothing else, because a restart would mend nothing else. */
  @HealthCheck()
  @Get()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** Readiness: requests may come. A token is asked for where none is held, else an instance would never come back. */
  @HealthCheck()
  @Get('ready')
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.credentials.check('mindsphere', { request: true })]);
  }
}
