import { Controller, Get, type LoggerService, Param, type Provider, type Type, UseFilters } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import {
  AppCredentials,
  CurrentAppCredentials,
  getCredentialsToken,
  MindsphereCredentialsError,
  type MindsphereCredentialsErrorCode,
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  MindsphereExceptionFilter,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom, map, throwError } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { APP } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { ADAPTERS, type HttpAnswer, serve } from '../support/key-server-http.js';
import { json } from '../support/stub-platform.js';

const KEY = testKey('key-id-1', 0);
const SECRET = 'what only the log may tell';

const BAD_TOKEN = { status: 401, 'www-authenticate': 'Bearer error="invalid_token"', message: 'Unauthorized' };
const later = (seconds: number) => ({ status: 503, 'retry-after': `${seconds}`, message: 'Service Unavailable' });
const BAD_GATEWAY = { status: 502, message: 'Bad Gateway' };

type Details = ConstructorParameters<typeof MindsphereCredentialsError>[2];

/** Every code, with what the caller is told. */
const CASES: Record<MindsphereCredentialsErrorCode, [expected: object, details?: Details][]> = {
  options_invalid: [[later(1)]],
  credentials_missing: [[later(1)]],
  token_request_failed: [
    [BAD_GATEWAY, { retryable: false, status: 401 }],
    [later(1), { retryable: true, status: 503 }],
    [later(1), { retryable: true, retryAfterMs: 0 }],
    [later(1), { retryable: true, retryAfterMs: 1_000 }],
    [later(3), { retryable: true, status: 429, retryAfterMs: 2_001 }],
    [BAD_GATEWAY],
  ],
  token_response_invalid: [[BAD_GATEWAY, { status: 200 }]],
  token_missing: [[{ status: 401, 'www-authenticate': 'Bearer', message: 'Unauthorized' }]],
  token_malformed: [[BAD_TOKEN]],
  token_algorithm: [[BAD_TOKEN]],
  token_type: [[BAD_TOKEN]],
  token_signature: [[BAD_TOKEN]],
  token_issuer: [[BAD_TOKEN]],
  token_expired: [[BAD_TOKEN]],
  token_not_yet_valid: [[BAD_TOKEN]],
  token_client: [[BAD_TOKEN]],
  token_tenant: [[BAD_TOKEN]],
  key_set_unavailable: [[later(1)], [later(30), { retryable: true, retryAfterMs: 29_500 }]],
  module_destroyed: [[later(1)]],
};

const ALL = Object.entries(CASES).flatMap(([code, cases]) =>
  cases.map(([expected, details], index): [string, string, object, Details] => [code, `${index}`, expected, details]),
);

function errorOf(code: string, index: string): MindsphereCredentialsError {
  const known = code as MindsphereCredentialsErrorCode;
  return new MindsphereCredentialsError(known, SECRET, CASES[known][Number(index)]?.[1]);
}

@Controller()
class FailingController {
  @Get('thrown/:code/:index')
  thrown(@Param('code') code: string, @Param('index') index: string) {
    throw errorOf(code, index);
  }

  @Get('promised/:code/:index')
  async promised(@Param('code') code: string, @Param('index') index: string) {
    return Promise.reject(errorOf(code, index));
  }

  @Get('observed/:code/:index')
  observed(@Param('code') code: string, @Param('index') index: string) {
    return throwError(() => errorOf(code, index));
  }

  @Get('other')
  other() {
    throw new Error(SECRET);
  }
}

@Controller('filtered')
@UseFilters(MindsphereExceptionFilter)
class FilteredController extends FailingController {}

const GLOBAL_FILTER: Provider = { provide: APP_FILTER, useExisting: MindsphereExceptionFilter };

function told({ status, headers, body }: HttpAnswer): object {
  const names = ['www-authenticate', 'retry-after'] as const;
  const kept = names.filter((name) => headers[name] !== undefined).map((name) => [name, headers[name]]);
  return { status, ...Object.fromEntries(kept), body };
}

const complete = ({ status, message, ...headers }: { status: number; message: string }) => ({
  status,
  ...headers,
  body: { statusCode: status, message },
});

describe.each(ADAPTERS)('MindsphereExceptionFilter on %s', (adapter) => {
  async function lab(
    more: { controllers?: Type[]; providers?: Provider[]; logger?: LoggerService } = {},
    options: MindsphereCredentialsModuleOptions = {},
  ) {
    const server = await KeyServer.start(KEY);
    const all = { ...server.platform.urls, app: APP, tenant: false as const, request: { retries: 0 }, ...options };
    const controllers = [FailingController, FilteredController];
    return { server, ...(await serve(adapter, { controllers, ...more, options: all })) };
  }

  it('maps every error to its status and headers, however it comes', async () => {
    const { get } = await lab({ providers: [GLOBAL_FILTER] });
    for (const way of ['thrown', 'promised', 'observed']) {
      for (const [code, index, expected] of ALL) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const answer = await get(`/${way}/${code}/${index}`);
        expect({ code, ...told(answer) }).toEqual({ code, ...complete(expected as typeof BAD_GATEWAY) });
      }
    }
  });

  it('does so by @UseFilters as well', async () => {
    const { get } = await lab();
    for (const [code, index, expected] of ALL) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const answer = await get(`/filtered/thrown/${code}/${index}`);
      expect({ code, ...told(answer) }).toEqual({ code, ...complete(expected as typeof BAD_GATEWAY) });
    }
  });

  it('does so for a named registration', async () => {
    const server = await KeyServer.start(KEY);
    const { get } = await serve(adapter, {
      imports: [MindsphereCredentialsModule.forRoot({ ...server.platform.urls, app: APP, name: 'plant' })],
      controllers: [FailingController],
      providers: [{ provide: APP_FILTER, useExisting: getCredentialsToken(MindsphereExceptionFilter, 'plant') }],
    });
    expect(told(await get('/thrown/token_expired/0'))).toEqual(complete(BAD_TOKEN));
  });

  it('leaves other errors alone', async () => {
    const { get } = await lab({ providers: [GLOBAL_FILTER] });
    expect(told(await get('/other'))).toEqual({
      status: 500,
      body: { statusCode: 500, message: 'Internal server error' },
    });
  });

  it('is needed: without it Nest answers 500', async () => {
    const { get } = await lab();
    expect((await get('/thrown/token_expired/0')).status).toBe(500);
  });

  it('writes the reason to the log only', async () => {
    const warn = vi.fn<(...line: unknown[]) => void>();
    const logger = { log: () => undefined, error: () => undefined, warn };
    const { get } = await lab({ providers: [GLOBAL_FILTER], logger });
    warn.mockClear();
    const answer = await get('/thrown/token_expired/0');
    expect(JSON.stringify(answer)).not.toContain(SECRET);
    expect(warn.mock.calls.map((line) => line.join(' ')).filter((line) => line.includes(SECRET))).toEqual([
      expect.stringContaining('token_expired'),
    ]);
  });

  it('does what it says for credentials in use', async () => {
    @Controller()
    class UsingController {
      constructor(
        private readonly app: AppCredentials,
        private readonly current: CurrentAppCredentials,
      ) {}

      @Get('app')
      useApp() {
        return this.app.getToken().pipe(map(() => 'in'));
      }

      @Get('current')
      async useCurrent() {
        await firstValueFrom(this.current.getToken());
        return 'in';
      }
    }
    const { get, server } = await lab({ controllers: [UsingController], providers: [GLOBAL_FILTER] });
    expect(told(await get('/current'))).toMatchObject({ status: 401, 'www-authenticate': 'Bearer' });
    expect(told(await get('/current', server.forged('x')))).toEqual(complete(BAD_TOKEN));
    server.platform.app.always(json({}, 503, { 'retry-after': '7' }));
    expect(told(await get('/app'))).toEqual(complete(later(7)));
    server.platform.app.always(json({ access_token: 7 }));
    expect(told(await get('/app'))).toEqual(complete(BAD_GATEWAY));
    server.platform.app.always();
    expect((await get('/app')).body).toBe('in');
    expect((await get('/current', server.token(KEY))).body).toBe('in');
    const refused = await lab({ controllers: [UsingController], providers: [GLOBAL_FILTER] });
    refused.server.platform.app.always(json({ error: 'unauthorized', error_description: SECRET }, 401));
    expect(told(await refused.get('/app'))).toEqual(complete(BAD_GATEWAY));
    const missing = await lab({ controllers: [UsingController], providers: [GLOBAL_FILTER] }, { app: false });
    expect(told(await missing.get('/app'))).toEqual(complete(later(1)));
  });
});

describe('MindsphereExceptionFilter outside HTTP', () => {
  const host = (type: string, args: unknown[]) => {
    const context = new ExecutionContextHost(args);
    context.setType(type);
    return context;
  };
  const error = () => new MindsphereCredentialsError('token_expired', SECRET);

  it('gives GraphQL an exception with extensions.code, and headers where there is a response', () => {
    const header = vi.fn<(name: string, value: string) => void>();
    const context = host('graphql', [{}, {}, { req: {}, res: { header } }, {}]);
    const given = new MindsphereExceptionFilter().catch(error(), context);
    expect(given).toMatchObject({ status: 401, extensions: { code: 'UNAUTHENTICATED' } });
    expect(header.mock.calls).toEqual([['WWW-Authenticate', 'Bearer error="invalid_token"']]);
    expect(JSON.stringify(given)).not.toContain(SECRET);
  });

  it('sends a WebSocket client an exception, as Nest does', () => {
    const emit = vi.fn<(event: string, data: unknown) => void>();
    new MindsphereExceptionFilter().catch(error(), host('ws', [{ emit }, {}]));
    expect(emit.mock.calls).toEqual([['exception', { status: 'error', message: 'Unauthorized' }]]);
    expect(() => new MindsphereExceptionFilter().catch(error(), host('ws', [{}, {}]))).not.toThrow();
  });
});
