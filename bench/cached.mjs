import vendor from '@mindconnect/mindconnect-nodejs';
import { firstValueFrom, of } from 'rxjs';
import { startApplication } from './application.mjs';
import { APP, optionsFor, startPlatform } from './platform.mjs';
import { Report } from './report.mjs';
import { brief, interleave, median, ratio, timed, timedSync } from './rounds.mjs';

const calls = brief ? 2_000 : 200_000;
const vendorCalls = brief ? 20 : 300;
const platform = await startPlatform();
const { application, credentials } = await startApplication(optionsFor(platform));
const tenants = Array.from({ length: 10 }, (_, at) => `customer${at}`);
const token = await firstValueFrom(credentials.getToken());
for (const tenant of tenants) await firstValueFrom(credentials.forUserTenant(tenant).getToken());

const basic = `Basic ${Buffer.from(`${APP.keyStoreClientId}:${APP.keyStoreClientSecret}`).toString('base64')}`;
const { gatewayUrl } = platform;
const client = new vendor.TokenManagerAuth(gatewayUrl, basic, APP.hostTenant, APP.userTenant, APP.appName, '1.0.0');
await client.GetToken();

// Nothing is asked of the token, so that the cost is that of getting it.
const take = () => undefined;
const results = await interleave({
  of: timedSync(calls, () => of(token).subscribe(take)),
  subscribed: timedSync(calls, () => credentials.getToken().subscribe(take)),
  forUserTenant: timedSync(calls, (call) =>
    credentials
      .forUserTenant(tenants[call % 10])
      .getToken()
      .subscribe(take),
  ),
  ofAwaited: timed(calls, () => firstValueFrom(of(token))),
  awaited: timed(calls, () => firstValueFrom(credentials.getToken())),
  vendor: timed(vendorCalls, () => client.GetToken()),
});

const report = new Report('cached', 'A cached token');
const of$ = 'of(x).subscribe()';
report.row(`getToken() subscribed / ${of$}`, ratio(results, 'subscribed', 'of'), '×', { most: 1.8 });
report.row('getToken() awaited / firstValueFrom(of(x))', ratio(results, 'awaited', 'ofAwaited'), '×', { most: 1.5 });
const derived = ratio(results, 'forUserTenant', 'subscribed');
report.row('through forUserTenant() of 10 tenants / without', derived, '×', { most: 4 });
const faster = ratio(results, 'vendor', 'awaited');
report.row("the vendor client's GetToken() / getToken() awaited", faster, '×', { least: 400 });
const labels = {
  of: of$,
  subscribed: 'getToken() subscribed',
  forUserTenant: 'forUserTenant(tenant).getToken() subscribed',
  ofAwaited: 'firstValueFrom(of(x))',
  awaited: 'getToken() awaited',
  vendor: 'vendor client, GetToken() awaited',
};
for (const [name, label] of Object.entries(labels)) report.row(label, median(results[name]), 'µs');
report.save();

await application.close();
await platform.close();
