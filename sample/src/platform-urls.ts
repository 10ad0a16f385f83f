import type { ConfigService } from '@nestjs/config';

/** Where an emulator is, of the sample alone. Without them the platform's own URLs follow from the documented variables. */
export function urlsFrom(config: ConfigService): { gatewayUrl?: string; oauthUrl?: string } {
  return { gatewayUrl: config.get('SAMPLE_GATEWAY_URL'), oauthUrl: config.get('SAMPLE_OAUTH_URL') };
}
