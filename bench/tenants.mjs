import { of, throwError } from 'rxjs';
import { HttpTokenEndpoint } from '../dist/token/http-token-endpoint.js';
import { startApplication } from './application.mjs';
import { optionsFor, signedToken } from './platform.mjs';
import { Report } from './report.mjs';
import { brief, interleave, median, ratio, timedSync } from './rounds.mjs';

const few = 10;
const many = brief ? 2_000 : 100_000;
const calls = brief ? 2_000 : 50_000;

// Every tenant's token is there before the look-ups are measured; 100,000 requests for them would measure HTTP.
const value = signedToken();
let filling = true;
HttpTokenEndpoint.prototype.exchange = () => ({
  grant$: filling ? of({ value, lifeMs: 1_800_000 }) : throwError(() => new Error('it was not cached')),
  forgetRefusal: () => undefined,
  refusedForMs: () => 0,
  retract: () => undefined,
});

const [ofFew, ofMany] = [await credentialsOf(few), await credentialsOf(many)];
filling = false;
const results = await interleave({ few: lookUps(ofFew), many: lookUps(ofMany) });

const report = new Report('tenants', 'A cached token of a random tenant');
report.row(`of ${many.toLocaleString('en')} tenants / of ${few}`, ratio(results, 'many', 'few'), '×', { most: 12 });
report.row(`forUserTenant(tenant).getToken() subscribed, of ${few}`, median(results.few), 'µs');
report.row(`… of ${many.toLocaleString('en')} (cache.maxTokens raised)`, median(results.many), 'µs');
report.save();
for (const { application } of [ofFew, ofMany]) await application.close();

async function credentialsOf(count) {
  const options = { ...optionsFor({ gatewayUrl: 'http://127.0.0.1:9' }), cache: { maxTokens: count + 1 } };
  const started = await startApplication(options);
  const tenants = Array.from({ length: count }, (_, at) => `customer${at}`);
  for (const tenant of tenants) started.credentials.forUserTenant(tenant).getToken().subscribe();
  return { ...started, tenants };
}

function lookUps({ credentials, tenants }) {
  // As they come in requests: strings of their own, whose hash is not computed yet.
  const order = Array.from({ length: calls }, () => tenants[Math.floor(Math.random() * tenants.length)]);
  const take = () => undefined;
  const fresh = () => order.map((tenant) => Buffer.from(tenant, 'latin1').toString('latin1'));
  return () => {
    const asked = fresh();
    return timedSync(calls, (call) => credentials.forUserTenant(asked[call]).getToken().subscribe(take))();
  };
}
