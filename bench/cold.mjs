import vendor from '@mindconnect/mindconnect-nodejs';
import { firstValueFrom } from 'rxjs';
import { startApplication } from './application.mjs';
import { APP, optionsFor, startPlatform } from './platform.mjs';
import { Report } from './report.mjs';

const CALLERS = 1_000;
const platform = await startPlatform();
const { counts, gatewayUrl } = platform;
const report = new Report('cold', `${CALLERS} callers at once, nothing cached`);

const { application, credentials } = await startApplication(optionsFor(platform));
report.row('token requests of this library', await requests(() => firstValueFrom(credentials.getToken())), 'requests', {
  most: 1,
});
await application.close();

const basic = `Basic ${Buffer.from(`${APP.keyStoreClientId}:${APP.keyStoreClientSecret}`).toString('base64')}`;
const client = new vendor.TokenManagerAuth(gatewayUrl, basic, APP.hostTenant, APP.userTenant, APP.appName, '1.0.0');
report.row('token requests of the vendor client', await requests(() => client.GetToken()), 'requests');
report.row('its requests for the key set besides', counts.keySets, 'requests');
report.save();
await platform.close();

async function requests(call) {
  counts.tokens = 0;
  await Promise.all(Array.from({ length: CALLERS }, call));
  return counts.tokens;
}
