import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { Cron, CronExpression } from '@nestjs/schedule';
import { AppCredentials, type AccessToken } from 'nestjs-mindsphere-credentials';
import { firstValueFrom } from 'rxjs';

/** What runs without a user. */
@Injectable()
export class HourlyJob {
  constructor(
    private readonly credentials: AppCredentials,
    private readonly config: ConfigService,
  ) {}

  @Cron(CronExpression.EVERY_HOUR)
  run(): Promise<AccessToken> {
    const tenant = this.config.get<string>('JOB_TENANT') ?? 'plantco';
    return firstValueFrom(this.credentials.forUserTenant(tenant).getToken());
  }
}
