import { once } from 'node:events';
import { type ClientRequest, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { Controller, Get, type INestApplication, Injectable, Module } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  type AccessToken,
  MindsphereCredentials,
  MindsphereCredentialsError,
  MindsphereCredentialsFactory,
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  UserToken,
} from 'nestjs-mindsphere-credentials';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { failureOf, forbidden, setEnvironment, startPlatform, startWith, tokenOf } from '../support/application.js';
import type { StubPlatform } from '../support/stub-platform.js';

/** What a handler saw of the user's token. */
interface Seen {
  value?: string;
  token?: string;
  authorization?: string;
  viaService?: string;
  code?: string;
  valueCode?: string;
}

/** Holds handlers back until so many of them are running. */
class Barrier {
  #waiting: (() => void)[] = [];
  size = 1;

  async pass(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length >= this.size) for (const go of this.#waiting.splice(0)) go();
    });
  }
}

let built = 0;
let handles: UserToken[] = [];

@Injectable()
class DeepService {
  constructor(readonly user: UserToken) {}
}

@Controller()
class UserController {
  constructor(
    private readonly user: UserToken,
    private readonly deep: DeepService,
    private readonly barrier: Barrier,
  ) {
    built += 1;
    handles.push(user);
  }

  @Get('use')
  async use(): Promise<Seen> {
    await this.barrier.pass();
    try {
      const token = await firstValueFrom(this.user.getToken());
      const authorization = await firstValueFrom(this.user.getAuthorization());
      return { value: this.user.value, token: token.value, authorization, viaService: this.deep.user.value };
    } catch (error) {
      const code = error instanceof MindsphereCredentialsError ? error.code : 'none of ours';
      return { code, valueCode: await this.valueCode() };
    }
  }

  @Get('ignore')
  ignore(): string {
    return 'served';
  }

  @Get('claims')
  async claims(): Promise<unknown> {
    const { verified, tenant, subtenant, hostTenant, userName, userId, email, clientId, scopes, claims } = this.user;
    const mayUser = this.user.hasScopes('myapp.user');
    const expires = this.user.expiresAt === undefined;
    const token = await firstValueFrom(this.user.getToken());
    const shown = { tenant, subtenant, hostTenant, userName, userId, email, clientId };
    return { verified, shown, scopes, claims, mayUser, expires, token: claimsOf(token) };
  }

  private async valueCode(): Promise<string> {
    return (await failureOf(() => this.user.value)).code;
  }
}

const brokenExtract = () => {
  throw new Error('extract is broken');
};

const claimsOf = ({ tenant, subtenant, scopes, claims }: AccessToken) => ({ tenant, subtenant, scopes, claims });

const ADAPTERS = {
  Express: () => new ExpressAdapter(),
  Fastify: () => new FastifyAdapter(),
};

let platform: StubPlatform;
beforeEach(async () => {
  setEnvironment({});
  platform = await startPlatform();
  built = 0;
  handles = [];
});

describe.each(['Express', 'Fastify'] as const)('the injected UserToken on %s', (adapter) => {
  async function serve(options: MindsphereCredentialsModuleOptions = {}): Promise<{ url: string; barrier: Barrier }> {
    @Module({
      imports: [MindsphereCredentialsModule.forRoot({ ...platform.urls, ...options })],
      controllers: [UserController],
      providers: [DeepService, Barrier],
    })
    class ApplicationModule {}
    const module = await Test.createTestingModule({ imports: [ApplicationModule] }).compile();
    const application: INestApplication | NestFastifyApplication = module.createNestApplication(ADAPTERS[adapter]());
    onTestFinished(() => application.close());
    await application.listen(0, '127.0.0.1');
    return { url: await application.getUrl(), barrier: application.get(Barrier) };
  }

  it("is the request's own token", async () => {
    const { url } = await serve();
    const jwt = platform.userToken();
    expect(await seen(url, `Bearer ${jwt}`)).toEqual({
      value: jwt,
      token: jwt,
      authorization: `Bearer ${jwt}`,
      viaService: jwt,
    });
    expect(built).toBe(1);
    expect(platform.count).toBe(0);
  });

  it.each(['bearer', 'BEARER', 'Bearer'])('knows the scheme written %s', async (scheme) => {
    const { url } = await serve();
    const jwt = platform.userToken();
    expect(await seen(url, `${scheme} ${jwt}`)).toMatchObject({ value: jwt, authorization: `Bearer ${jwt}` });
  });

  it('is not verified and shows no claims', async () => {
    const { url } = await serve();
    const nothing = { scopes: [], claims: {} };
    const jwt = platform.userToken({ ten: 'globex', subtenant: 'plant-7' });
    expect(await get(`${url}/claims`, ['Authorization', `Bearer ${jwt}`])).toEqual({
      ...nothing,
      verified: false,
      shown: {},
      mayUser: false,
      expires: true,
      token: nothing,
    });
  });

  it('does not stop a request that carries no token', async () => {
    const { url } = await serve();
    expect(await get(`${url}/ignore`, [])).toBe('served');
    expect(await get(`${url}/ignore`, ['Authorization', 'x'])).toBe('served');
    expect(built).toBe(2);
  });

  it('fails with token_missing where it is used without one', async () => {
    const { url } = await serve();
    expect(await get(`${url}/use`, [])).toEqual({ code: 'token_missing', valueCode: 'token_missing' });
  });

  it.each<[string, (jwt: string) => string[]]>([
    ['of another scheme', (jwt) => ['Authorization', `Basic ${jwt}`]],
    ['without a token', () => ['Authorization', 'Bearer']],
    ['with two tokens', (jwt) => ['Authorization', `Bearer ${jwt} ${jwt}`]],
    ['with a list', (jwt) => ['Authorization', `Bearer ${jwt}, Bearer ${jwt}`]],
    ['that is no token', () => ['Authorization', 'Bearer <script>']],
    ['twice', (jwt) => ['Authorization', `Bearer ${jwt}`, 'Authorization', `Bearer ${jwt}`]],
    ['twice, different', (jwt) => ['Authorization', `Bearer ${jwt}`, 'authorization', 'Bearer x']],
  ])('fails where it is used with an Authorization header %s', async (_, headers) => {
    const { url } = await serve();
    expect(await get(`${url}/use`, headers(platform.userToken()))).toEqual({
      code: expect.stringMatching(/^token_(missing|malformed)$/),
      valueCode: expect.stringMatching(/^token_(missing|malformed)$/),
    });
  });

  it('is found by userToken.extract', async () => {
    const seenByExtract: unknown[] = [];
    const { url } = await serve({
      userToken: {
        extract: (request) => {
          seenByExtract.push(request);
          return forbidden<{ headers: Record<string, string> }>(request).headers['x-user-token'];
        },
      },
    });
    const jwt = platform.userToken();
    expect(await get(`${url}/use`, ['X-User-Token', jwt])).toMatchObject({
      value: jwt,
      authorization: `Bearer ${jwt}`,
    });
    expect(await get(`${url}/use`, ['X-User-Token', `Bearer ${jwt}`])).toMatchObject({ value: jwt });
    expect(seenByExtract).not.toEqual([]);
  });

  it('is missing where userToken.extract finds none, whatever the Authorization header holds', async () => {
    const { url } = await serve({ userToken: { extract: () => undefined } });
    expect(await seen(url, `Bearer ${platform.userToken()}`)).toEqual({
      code: 'token_missing',
      valueCode: 'token_missing',
    });
  });

  it('never fails while it is built, even if userToken.extract does', async () => {
    const { url } = await serve({ userToken: { extract: brokenExtract } });
    expect(await get(`${url}/ignore`, [])).toBe('served');
  });

  it('is never that of a request at the same time', async () => {
    const { url, barrier } = await serve();
    barrier.size = 40;
    const tokens = Array.from({ length: barrier.size }, () => platform.userToken());
    const answers = await Promise.all(
      tokens.map((jwt, index) => (index % 4 === 0 ? get(`${url}/use`, []) : seen(url, `Bearer ${jwt}`))),
    );
    answers.forEach((answer, index) => {
      const jwt = tokens[index]!;
      const own = { value: jwt, token: jwt, authorization: `Bearer ${jwt}`, viaService: jwt };
      expect(answer).toEqual(index % 4 === 0 ? { code: 'token_missing', valueCode: 'token_missing' } : own);
    });
    expect(new Set(handles).size).toBe(barrier.size);
  });
});

async function seen(url: string, authorization: string): Promise<unknown> {
  return get(`${url}/use`, ['Authorization', authorization]);
}

/** Headers go out as they are given, twice if they stand there twice. */
async function get(url: string, headers: string[]): Promise<unknown> {
  const request: ClientRequest = httpRequest(url, { headers: ['Host', new URL(url).host, ...headers], agent: false });
  request.end();
  const [response] = await once(request, 'response');
  const body = await text(response);
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${body}`);
  return String(response.headers['content-type']).includes('json') ? JSON.parse(body) : body;
}

async function factory(): Promise<MindsphereCredentialsFactory> {
  return (await startWith({ ...platform.urls })).get(MindsphereCredentialsFactory);
}

describe('a UserToken of the factory', () => {
  it('passes its token on', async () => {
    const jwt = platform.userToken();
    const user = (await factory()).userToken(`Bearer ${jwt}`);
    expect(user).toBeInstanceOf(UserToken);
    expect(user).toBeInstanceOf(MindsphereCredentials);
    expect(user.value).toBe(jwt);
    expect((await tokenOf(user)).value).toBe(jwt);
    expect(user.verified).toBe(false);
    expect(user.tenant).toBeUndefined();
    expect(platform.count).toBe(0);
  });

  it('emits once on token$ and cannot be invalidated', async () => {
    const jwt = platform.userToken();
    const user = (await factory()).userToken(`Bearer ${jwt}`);
    user.invalidate();
    user.invalidate(await tokenOf(user));
    expect((await lastValueFrom(user.token$.pipe(toArray()))).map(({ value }) => value)).toEqual([jwt]);
    expect(user.token$).toBe(user.token$);
  });

  it('passes on a token that has expired: nobody here can judge or renew it', async () => {
    const jwt = platform.userToken({ iat: 1, exp: 2 });
    expect((await tokenOf((await factory()).userToken(`Bearer ${jwt}`))).value).toBe(jwt);
  });

  it.each<[string, (jwt: string) => unknown]>([
    ['a line break', (jwt) => `Bearer ${jwt}\r\nX-Evil: 1`],
    ['a line break at its end', (jwt) => `Bearer ${jwt}\n`],
    ['two tokens', (jwt) => `Bearer ${jwt} ${jwt}`],
    ['letters beyond ASCII', (jwt) => `Bearer ${jwt}é`],
    ['another scheme', (jwt) => `Basic ${jwt}`],
    ['nothing', () => ''],
    ['no text', () => undefined],
    ['an object', (jwt) => ({ toString: () => `Bearer ${jwt}` })],
  ])('is refused where it is made of %s', async (_, authorization) => {
    const made = await factory();
    const error = await failureOf(() => made.userToken(forbidden(authorization(platform.userToken()))).getToken());
    expect(['token_missing', 'token_malformed']).toContain(error.code);
  });
});
