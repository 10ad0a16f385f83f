import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { importJWK, jwtVerify } from 'jose';
import { MindsphereCredentialsModule, TokenVerifier } from 'nestjs-mindsphere-credentials';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { firstValueFrom, of } from 'rxjs';
import { interleave, median, ratio, show, timed } from './rounds.mjs';

const brief = process.argv.includes('--brief');
const rounds = brief ? 5 : 9;
const warmCalls = brief ? 5_000 : 50_000;
const coldCalls = brief ? 200 : 1_500;

const emulator = await MindsphereEmulator.start({ port: 0, signingKeyPosition: Infinity });
const options = { ...emulator.moduleOptions, cache: { maxVerifiedTokens: 10 } };
const module = await Test.createTestingModule({ imports: [MindsphereCredentialsModule.forRoot(options)] })
  .setLogger(false)
  .compile();
const verifier = module.get(TokenVerifier);

/** A flat string of its own, as it would come from a socket. */
const fresh = (text) => Buffer.from(text, 'latin1').toString('latin1');
const scopes = Array.from({ length: 40 }, (_, at) => `myapp.scope-${at}`);
const token = () => emulator.issueUserToken({ scopes });
const issuer = emulator.moduleOptions.oauthUrl.replace('{tenant}', 'customer');
const { keys } = await (await fetch(`${issuer}/token_keys`)).json();
const cryptoKeys = new Map(await Promise.all(keys.map(async (key) => [key.kid, await importJWK(key, 'RS256')])));
const keyOf = ({ kid }) => cryptoKeys.get(kid);
const expected = { issuer: `${issuer}/oauth/token`, algorithms: ['RS256'], typ: 'JWT' };

const known = token();
await firstValueFrom(verifier.verify(known));
const copies = Array.from({ length: warmCalls }, () => fresh(known));
// More distinct tokens than are remembered, so that each is verified anew.
const many = Array.from({ length: coldCalls }, token);

const results = await interleave(rounds, {
  of: timed(warmCalls, () => firstValueFrom(of(known))),
  warm: timed(warmCalls, (call) => firstValueFrom(verifier.verify(copies[call]))),
  jose: timed(coldCalls, (call) => jwtVerify(many[call], keyOf, expected)),
  cold: timed(coldCalls, (call) => firstValueFrom(verifier.verify(many[call]))),
});

show('warm verify() of a fresh string / firstValueFrom(of(x))', ratio(results, 'warm', 'of').toFixed(2), 'at most 5');
show('cold verify() / bare jose.jwtVerify', ratio(results, 'cold', 'jose').toFixed(2), 'at most 1.25');
for (const [name, values] of Object.entries(results)) show(`  ${name}`, `${median(values).toFixed(2)} µs`, '');

await module.close();
await emulator.close();
