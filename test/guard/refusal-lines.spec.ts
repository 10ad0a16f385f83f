import { Controller, Get, Logger, UseGuards } from '@nestjs/common';
import { type MindsphereCredentialsModuleOptions, RequireScopes, UserTokenGuard } from 'nestjs-mindsphere-credentials';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { APP } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { ADAPTERS, serve } from '../support/key-server-http.js';

const KEY = testKey('key-id-1', 0);

@Controller('plants')
class Plants {
  @UseGuards(UserTokenGuard)
  @Get(':id/units')
  units() {}

  @RequireScopes('myapp.user', 'myapp.admin')
  @Get(':id/admin')
  admin() {}
}

let lines: string[] = [];
beforeEach(() => {
  lines = [];
  Logger.overrideLogger({
    log: () => undefined,
    error: () => undefined,
    warn: (line: unknown) => void lines.push(String(line)),
  });
  onTestFinished(() => Logger.overrideLogger(false));
});

describe.each(ADAPTERS)('the log line of a refused request on %s', (adapter) => {
  async function lab(options: MindsphereCredentialsModuleOptions = {}) {
    const server = await KeyServer.start(KEY);
    const logger = {
      log: () => undefined,
      error: () => undefined,
      warn: (line: unknown) => void lines.push(String(line)),
    };
    const urls = { ...server.platform.urls, app: APP, tenant: false as const };
    const { get } = await serve(adapter, { options: { ...urls, ...options }, controllers: [Plants], logger });
    const lineOf = async (path: string, token?: string, headers?: Record<string, string>) => {
      lines = [];
      await get(path, token, headers);
      expect(lines).toHaveLength(1);
      return lines[0] ?? '';
    };
    return { server, get, lineOf };
  }

  it('names method and pattern of the route, never its URL', async () => {
    const { server, lineOf } = await lab();
    const line = await lineOf('/plants/s3cr3t-plant/units?token=x', server.forged(KEY.kid));
    expect(line).toMatch(/^token_signature: .* \[GET \/plants\/:id\/units, mindsphere\]$/);
    expect(line).not.toContain('s3cr3t');
  });

  it('names no platform where the token is no JWT', async () => {
    const { lineOf } = await lab();
    expect(await lineOf('/plants/7/units', 'no-jwt')).toMatch(/^token_malformed: .* \[GET \/plants\/:id\/units\]$/);
  });

  it('names the scheme that is missing before a token, without the token', async () => {
    const { server, lineOf } = await lab();
    const token = server.token(KEY);
    const line = await lineOf('/plants/7/units', undefined, { authorization: token });
    expect(line).toMatch(/^token_missing: .* has a JWT without the scheme Bearer\. \[GET \/plants\/:id\/units\]$/);
    for (const part of token.split('.')) expect(line).not.toContain(part);
  });

  it('is left out where there is no token', async () => {
    const { get } = await lab();
    for (const headers of [{}, { authorization: 'Basic dTpw' }] as Record<string, string>[]) {
      lines = [];
      expect(await get('/plants/7/units', undefined, headers)).toMatchObject({ status: 401 });
      expect(lines).toEqual([]);
    }
  });

  it('names the missing scopes, and the tenant, which is verified', async () => {
    const { server, lineOf } = await lab();
    const line = await lineOf('/plants/7/admin', server.token(KEY, { scope: ['myapp.user'] }));
    expect(line).toBe(
      'insufficient_scope: the user of tenant acme lacks myapp.admin. [GET /plants/:id/admin, mindsphere]',
    );
  });

  it("names the tenant that the application's rule refused", async () => {
    const { server, lineOf } = await lab({ verification: { allowedTenants: () => false } });
    expect(await lineOf('/plants/7/units', server.token(KEY))).toMatch(
      /^token_tenant: .*acme.* \[GET \/plants\/:id\/units, mindsphere\]$/,
    );
  });
});
