import { Controller, Get, Inject, type Provider, UseFilters } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import axios from 'axios';
import {
  AppCredentials,
  MindsphereApiExceptionFilter,
  MindsphereCredentialsFactory,
  MindsphereHttpService,
} from 'nestjs-mindsphere-credentials';
import { describe, expect, it } from 'vitest';
import { APP, ONE_TRY, startPlatform } from '../support/application.js';
import { partsOf, shownIn } from '../support/leaks.js';
import { ADAPTERS, serve } from '../support/key-server-http.js';
import { json, reset } from '../support/stub-platform.js';

const jwtHolder = { jwt: '', origin: '' };

@Controller()
class ProxyController {
  @Inject(MindsphereHttpService) private readonly http!: MindsphereHttpService;
  @Inject(AppCredentials) private readonly app!: AppCredentials;
  @Inject(MindsphereCredentialsFactory) private readonly factory!: MindsphereCredentialsFactory;

  @Get('app')
  asApp() {
    return this.http.as(this.app).get('/api/x?secret=1');
  }

  @Get('user')
  asUser() {
    return this.http.as(this.factory.userToken(jwtHolder.jwt)).get('/api/x');
  }

  @Get('other')
  async other() {
    await axios.get(jwtHolder.origin, { proxy: false });
  }
}

@Controller('filtered')
@UseFilters(MindsphereApiExceptionFilter)
class FilteredController extends ProxyController {}

const GLOBAL_FILTER: Provider = { provide: APP_FILTER, useClass: MindsphereApiExceptionFilter };

describe.each(ADAPTERS)('MindsphereApiExceptionFilter on %s', (adapter) => {
  async function lab(providers: Provider[] = [GLOBAL_FILTER]) {
    const platform = await startPlatform();
    Object.assign(jwtHolder, { jwt: platform.userToken(), origin: platform.origin });
    const lines: string[] = [];
    const note = (line: unknown) => void lines.push(String(line));
    const logger = { log: () => undefined, warn: note, error: note };
    const request = { ...ONE_TRY, maxRetryAfterMs: 30_500 };
    const options = { ...platform.urls, app: APP, tenant: false as const, request };
    const served = await serve(adapter, {
      options,
      controllers: [ProxyController, FilteredController],
      providers,
      logger,
    });
    lines.length = 0;
    return { platform, api: platform.elsewhere, lines, ...served };
  }

  it.each<[number, string, number, Record<string, string>?]>([
    [401, 'user', 401, { 'www-authenticate': 'Bearer error="invalid_token"' }],
    [401, 'app', 502],
    [403, 'app', 403],
    [403, 'user', 403],
    [404, 'app', 404],
    [429, 'app', 503, { 'retry-after': '1' }],
    [503, 'user', 503, { 'retry-after': '1' }],
    [400, 'app', 502],
    [409, 'app', 502],
    [500, 'app', 502],
    [502, 'user', 502],
  ])('an answer %i of a call as %s becomes %i', async (status, who, expected, headers = {}) => {
    const { api, get, lines } = await lab();
    api.always(json({ secret: 'of the body' }, status));
    const answer = await get(`/${who}`);
    expect(answer).toMatchObject({ status: expected, headers, body: { statusCode: expected } });
    expect(JSON.stringify(answer.body)).not.toContain('of the body');
    expect(lines).toEqual([expect.stringMatching(new RegExp(`GET /api/x was answered with status ${status}`))]);
    const tokens = [jwtHolder.jwt, ...api.requests.map((request) => request.rawHeaders.join())];
    expect(shownIn(lines.join(), ['of the body', 'secret=1', ...tokens.flatMap(partsOf)])).toEqual([]);
  });

  it.each([
    ['7', '7'],
    ['30', '30'],
    ['31', '30'],
    ['9'.repeat(23), '30'],
    ['Fri, 31 Dec 9999 23:59:59 GMT', '30'],
    ['1e+23', '1'],
  ])('Retry-After %s becomes %s', async (given, expected) => {
    const { api, get } = await lab();
    api.always(json({}, 429, { 'retry-after': given }));
    expect((await get('/app')).headers['retry-after']).toBe(expected);
  });

  it('maps a call without an answer to 502, also by @UseFilters', async () => {
    const { api, get } = await lab([]);
    api.always(reset());
    expect((await get('/filtered/app')).status).toBe(502);
    expect((await get('/app')).status).toBe(500);
  });

  it('leaves the failures of other clients alone', async () => {
    const { api, get } = await lab();
    api.always(json({}, 404));
    expect((await get('/other')).status).toBe(500);
  });
});
