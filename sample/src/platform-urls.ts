import type { ConfigService } from '@nestjs/config';
import { mindsphereOptionsFromConfig } from 'nestjs-mindsphere-credentials';

/** Where an emulator is, of the sample alone. Without them the platform's own URLs follow from the documented variables. */
export function urlsFrom(config: ConfigService): { gatewayUrl?: string; oauthUrl?: string } {
  return { gatewayUrl: config.get('SAMPLE_GATEWAY_URL'), oauthUrl: config.get('SAMPLE_OAUTH_URL') };
}

/** The gateway that the sample calls. */
export function gatewayFrom(config: ConfigService): string {
  const { region = 'eu1', baseDomain = region === 'cn1' ? 'mindsphere-in.cn' : 'mindsphere.io' } =
    mindsphereOptionsFromConfig(config);
  return urlsFrom(config).gatewayUrl ?? `https://gateway.${region}.${baseDomain}`;
}
