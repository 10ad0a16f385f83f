import type { MindsphereEmulator, StubRequest } from 'nestjs-mindsphere-credentials/testing';
import { ASSETS, type AssetPage } from './platform.service.js';

/** The assets of each tenant, by its id; a type has the tenant's name as its prefix, which stays when the tenant moves. */
const ASSETS_OF = new Map([
  ['customer', [pump(7), pump(8)]],
  ['customer2', [{ name: 'Conveyor A', typeId: 'customer2.conveyor' }]],
  ['1000000351', [{ name: 'Turbine 3', typeId: 'customer.turbine' }]],
]);

/** Makes the emulated API of assets answer with the assets of the tenant that the token is for, and say as whom it was called. */
export function respondWithAssets(emulator: MindsphereEmulator): void {
  emulator.respond('GET', ASSETS, pageFor);
}

function pageFor({ platform, path, claims }: StubRequest): AssetPage {
  const claim = (name: string) => {
    const value = claims[name];
    return typeof value === 'string' ? value : undefined;
  };
  const tenant = claim(platform === 'xcelerator' ? 'sws.samauth.ten' : 'ten') ?? '';
  return {
    _embedded: { assets: ASSETS_OF.get(tenant) ?? [] },
    calledAs: {
      platform,
      path,
      tenant,
      subtenant: claim('subtenant'),
      userName: claim('user_name'),
      clientId: claim('client_id') ?? '',
      grantType: claim('grant_type') ?? '',
    },
  };
}

function pump(number: number) {
  return { name: `Pump ${number}`, typeId: 'customer.pump' };
}
