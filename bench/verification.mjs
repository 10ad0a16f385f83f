import 'reflect-metadata';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Test } from '@nestjs/testing';
import { createVerifier } from 'fast-jwt';
import { exportSPKI, importJWK, jwtVerify } from 'jose';
import { passportJwtSecret } from 'jwks-rsa';
import { MindsphereCredentialsModule, TokenVerifier, UserTokenGuard } from 'nestjs-mindsphere-credentials';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { firstValueFrom, of } from 'rxjs';
import { Report } from './report.mjs';
import { brief, difference, interleave, median, ratio, timed, timedSync } from './rounds.mjs';

const warmCalls = brief ? 1_000 : 50_000;
const coldCalls = brief ? 50 : 1_000;
/** The slow peers get fewer: what is compared is the time of one. */
const peerCalls = brief ? 50 : 2_000;

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
const server = emulator.moduleOptions.oauthUrl.replace('{tenant}', 'customer');
const issuer = `${server}/oauth/token`;
const { keys } = await (await fetch(`${server}/token_keys`)).json();
const cryptoKeys = new Map(await Promise.all(keys.map(async (key) => [key.kid, await importJWK(key, 'RS256')])));
const texts = new Map(await Promise.all([...cryptoKeys].map(async ([kid, key]) => [kid, await exportSPKI(key)])));
const keyOf = ({ kid }) => cryptoKeys.get(kid);
const expected = { issuer, algorithms: ['RS256'], typ: 'JWT' };

const fastJwt = (cache) =>
  createVerifier({
    key: async ({ header }) => texts.get(header.kid),
    algorithms: ['RS256'],
    allowedIss: issuer,
    cache,
  });
const [fastCached, fastCold] = [fastJwt(10_000), fastJwt(false)];
const passport = passportVerifier();

const known = token();
await firstValueFrom(verifier.verify(known));
await fastCached(known);
await passport(known);
const copies = Array.from({ length: warmCalls }, () => fresh(known));
const guard = module.get(UserTokenGuard);
const headers = copies.map((jwt) => fresh(`Bearer ${jwt}`));
// More distinct tokens than are remembered, so that each is verified anew.
const many = Array.from({ length: coldCalls }, token);

const results = await interleave({
  of: timed(warmCalls, () => firstValueFrom(of(known))),
  warm: timed(warmCalls, (call) => firstValueFrom(verifier.verify(copies[call]))),
  // The CPU time of whole requests swings by more than the guard takes. One request at a time, as garbage collectors expect.
  unguarded: timedSync(warmCalls, (call) => contextOf(headers[call])),
  guarded: timedSync(warmCalls, (call) => guard.canActivate(contextOf(headers[call]))),
  fastWarm: timed(peerCalls, (call) => fastCached(copies[call % warmCalls])),
  jose: timed(coldCalls, (call) => jwtVerify(many[call], keyOf, expected)),
  cold: timed(coldCalls, (call) => firstValueFrom(verifier.verify(many[call]))),
  fastCold: timed(coldCalls, (call) => fastCold(many[call])),
  passport: timed(coldCalls, (call) => passport(many[call])),
});

const report = new Report('verification', "A user's token verified, 40 scopes");
const target = { warm: { most: 5 }, cold: { most: 1.25 } };
report.row('verify() again / firstValueFrom(of(x))', ratio(results, 'warm', 'of'), '×', target.warm);
report.row('verify() the first time / bare jose.jwtVerify()', ratio(results, 'cold', 'jose'), '×', target.cold);
report.row('fast-jwt with its cache, again / firstValueFrom(of(x))', ratio(results, 'fastWarm', 'of'), '×');
const labels = {
  warm: 'this library, again',
  fastWarm: 'fast-jwt with its cache, again',
  cold: 'this library, the first time',
  jose: 'bare jose.jwtVerify(), each time',
  fastCold: 'fast-jwt without its cache, each time',
  passport: 'passport-jwt with jwks-rsa, each time',
};
for (const [name, label] of Object.entries(labels)) report.row(label, median(results[name]), 'µs');
const guardLabel = 'UserTokenGuard.canActivate() for a request whose token is known';
report.row(guardLabel, difference(results, 'guarded', 'unguarded'), 'µs');
report.save();

await module.close();
await emulator.close();

function contextOf(authorization) {
  const request = { headers: { authorization }, rawHeaders: ['Host', 'localhost', 'Authorization', authorization] };
  const context = new ExecutionContextHost([request, {}], Object, contextOf);
  context.setType('http');
  return context;
}

/** A strategy called as Passport calls it. It has no cache of tokens, so warm and cold are the same. */
function passportVerifier() {
  const strategy = new Strategy(
    {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: passportJwtSecret({ cache: true, jwksUri: `${server}/token_keys` }),
      algorithms: ['RS256'],
      issuer,
    },
    (payload, done) => done(null, payload),
  );
  return (jwt) =>
    new Promise((resolve, reject) => {
      const run = Object.create(strategy);
      run.success = resolve;
      run.fail = run.error = reject;
      run.authenticate({ headers: { authorization: `Bearer ${jwt}` } });
    });
}
