import { Controller, Get } from '@nestjs/common';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  type HealthIndicatorFunction,
} from '@nestjs/terminus';
import { ApiSecurity } from '@nestjs/swagger';
import { Public } from 'nestjs-mindsphere-credentials';

/**
 * What must be up before requests are sent to this instance. The place for the indicators of whatever it cannot do
 * without, such as that of the credentials.
 */
const READINESS_INDICATORS: readonly HealthIndicatorFunction[] = [];

/** Asked by whoever runs the application, who has no user. */
@Public()
@ApiSecurity({})
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthCheckService) {}

  /** Liveness: the process answers. It looks at nothing else, as a restart would help nobody else. */
  @HealthCheck()
  @Get()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** Readiness: requests may come. */
  @HealthCheck()
  @Get('ready')
  ready(): Promise<HealthCheckResult> {
    return this.health.check([...READINESS_INDICATORS]);
  }
}
