import { Controller, type ExecutionContext, Get, Injectable, UseGuards } from '@nestjs/common';
import { Public, RequireScopes, UserTokenGuard } from 'nestjs-mindsphere-credentials';
import { describe, expect, it, vi } from 'vitest';
import { APP, failureOf, fakeTime } from '../support/application.js';
import { settle, testKey } from '../support/key-server.js';
import { serve } from '../support/key-server-http.js';
import { verifierLab } from '../support/key-server-verifier.js';
import { json } from '../support/stub-platform.js';

const FIRST = testKey('key-id-1', 0);
const SECOND = testKey('key-id-2', 1);
const absent = json({ error: 'not_found' }, 404);

describe('a server without the key set', () => {
  it.each([
    ['of a tenant nobody has heard of means a forged issuer', 'stranger', {}, 'token_issuer'],
    ['of the configured tenant means a failure that may pass', 'acme', {}, 'key_set_unavailable'],
    ['of a tenant in issuers, too', 'globex', { verification: { issuers: ['GLOBEX'] } }, 'key_set_unavailable'],
  ])('%s', async (_, ten, options, code) => {
    const { server, verdict } = await verifierLab([FIRST], options);
    server.platform.keys.next(absent);
    expect(await verdict(server.token(FIRST, { ten }))).toBe(code);
  });
});

describe('a key set without a single key to use', () => {
  it('does not push out good keys', async () => {
    const { server, verdict } = await verifierLab([FIRST]);
    expect(await verdict(server.token(FIRST))).toBe('ok');
    server.platform.keys.next(json({ keys: [null, { kid: 'key-id-1' }] }));
    expect(await verdict(server.forged('invented'))).toBe('key_set_unavailable');
    expect(await verdict(server.token(FIRST))).toBe('ok');
  });
});

describe('issuers', () => {
  it('may be configured with capitals, as host names may be', async () => {
    const { server, verdict } = await verifierLab([FIRST], { verification: { issuers: ['ACME'] } });
    expect(await verdict(server.token(FIRST))).toBe('ok');
  });
});

describe('Retry-After', () => {
  it('names the time after which an unknown key id is looked up again', async () => {
    const { server, verify, verdict } = await verifierLab([FIRST]);
    fakeTime();
    await verify(server.token(FIRST));
    server.platform.keys.next(json({}, 500));
    expect(await verdict(server.token(SECOND))).toBe('key_set_unavailable');
    server.publish([FIRST, SECOND]);
    vi.advanceTimersByTime(1_000);
    const { retryAfterMs = 0 } = await failureOf(verify(server.token(SECOND)));
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(5_000);
    vi.advanceTimersByTime(retryAfterMs + 1);
    expect(await verdict(server.token(SECOND))).toBe('ok');
  });
});

describe('a module that is destroyed while it reads a key set', () => {
  it('says so to those who wait', async () => {
    const { server, verifier, verify } = await verifierLab([FIRST]);
    server.platform.keys.hold();
    const failure = failureOf(verify(server.token(FIRST)));
    await server.platform.keys.arrived();
    verifier.onApplicationShutdown();
    await settle();
    expect((await failure).code).toBe('module_destroyed');
  });
});

@Injectable()
class FrozenRequestGuard extends UserTokenGuard {
  protected override getRequest(context: ExecutionContext): unknown {
    const { headers } = context.switchToHttp().getRequest<{ headers: object }>();
    return Object.freeze({ headers });
  }
}

@Controller()
class FrozenController {
  @Get()
  @UseGuards(FrozenRequestGuard)
  get(): string {
    return 'ok';
  }
}

describe('a request that takes no property', () => {
  it('is accepted like any other', async () => {
    const { server } = await verifierLab([FIRST]);
    const options = { ...server.platform.urls, app: APP, tenant: false as const };
    const { get } = await serve('Express', { options, controllers: [FrozenController] });
    expect(await get('/', server.token(FIRST))).toMatchObject({ status: 200 });
  });
});

describe('@Public() on a subclass', () => {
  it('of a class that demands scopes is no contradiction', () => {
    @RequireScopes('myapp.user')
    class Scoped {}
    expect(() => {
      @Public()
      class Open extends Scoped {}
      return Open;
    }).not.toThrow();
  });
});
