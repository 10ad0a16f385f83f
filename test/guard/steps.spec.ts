import 'reflect-metadata';
import { type ArgumentsHost, type ExecutionContext, HttpException, Logger } from '@nestjs/common';
import { firstValueFrom, isObservable, type Observable, of, throwError } from 'rxjs';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { publishedUser } from '../../lib/users/published-users.js';
import type { TokenVerifier } from '../../lib/users/token-verifier.js';
import type { UserToken } from '../../lib/users/user-token.js';
import {
  MindsphereCredentialsError,
  type MindsphereCredentialsErrorCode,
} from '../../lib/errors/mindsphere-credentials.error.js';
import { requestOfContext, responseOfContext } from '../../lib/guard/call-context.js';
import { insufficientScope, responseForError, retryLater } from '../../lib/guard/error-response.js';
import { MindsphereExceptionFilter } from '../../lib/guard/mindsphere-exception.filter.js';
import { Public, RequireScopes } from '../../lib/guard/route.decorators.js';
import { RouteRulesReader } from '../../lib/guard/route-rules.js';
import { UserTokenGuard } from '../../lib/guard/user-token.guard.js';
import { fakeUserToken } from '../../lib/testing/doubles/fake-user-token.js';
import { forbidden } from '../support/basics.js';

/* The guard's steps one by one, without a server: what each is told, and what it does with it. */

const lines: string[] = [];
beforeEach(() => {
  lines.length = 0;
  const note = (line: unknown) => void lines.push(String(line));
  Logger.overrideLogger({ log: note, warn: note, error: note });
  onTestFinished(() => Logger.overrideLogger(false));
});

const failure = (code: MindsphereCredentialsErrorCode, details = {}) =>
  new MindsphereCredentialsError(code, 'what only the log may tell', details);

class Routes {
  free() {}
  @Public() open() {}
  @RequireScopes('a', 'b') scoped() {}
}

interface Scene {
  type?: string;
  handler?: keyof Routes;
  request?: object | null;
}

/** A response that notes its headers. */
class Response {
  readonly headers: Record<string, string> = {};
  header(name: string, value: string) {
    this.headers[name] = value;
  }
}

function contextOf({ type = 'http', handler = 'free', request = {} }: Scene, response: unknown = new Response()) {
  const gql = request === null ? undefined : { req: request, res: response };
  return forbidden<ExecutionContext>({
    getType: () => type,
    getClass: () => Routes,
    getHandler: () => Routes.prototype[handler],
    getArgs: () => [],
    getArgByIndex: (index: number) => [undefined, undefined, gql][index],
    switchToHttp: () => ({ getRequest: () => request, getResponse: () => response }),
    switchToWs: () => ({ getClient: () => (request === null ? undefined : { handshake: request }) }),
  });
}

interface Verifier {
  presented?: () => string;
  recall?: () => UserToken | undefined;
  verify?: () => Observable<UserToken>;
  hasTenantRule?: boolean;
}

const user = fakeUserToken({ scopes: ['a', 'b'] });

function verifierOf(given: Verifier = {}) {
  return {
    hasTenantRule: false,
    presented: vi.fn<() => string>(given.presented ?? (() => 'jwt')),
    recall: vi.fn<() => UserToken | undefined>(given.recall ?? (() => undefined)),
    verify: vi.fn<() => Observable<UserToken>>(given.verify ?? (() => of(user))),
    acceptsUntil: () => Infinity,
    platformOf: () => undefined,
    ...(given.hasTenantRule === true && { hasTenantRule: true }),
  };
}

/** What the guard says: `true`, `false`, or the answer it throws. */
async function verdict(scene: Scene, given: Verifier | ReturnType<typeof verifierOf> = {}) {
  const verifier = 'mock' in (given.verify ?? {}) ? (given as ReturnType<typeof verifierOf>) : verifierOf(given);
  const response = new Response();
  const guard = new UserTokenGuard(forbidden<TokenVerifier>(verifier));
  try {
    const answer = guard.canActivate(contextOf(scene, response));
    return isObservable(answer) ? await firstValueFrom(answer) : answer;
  } catch (thrown) {
    if (!(thrown instanceof HttpException)) throw thrown;
    const { extensions } = forbidden<{ extensions: { code: string } }>(thrown);
    return { status: thrown.getStatus(), code: extensions.code, ...response.headers };
  }
}

const UNAUTHORIZED = { status: 401, code: 'UNAUTHENTICATED' };
const BAD_TOKEN = { ...UNAUTHORIZED, 'WWW-Authenticate': 'Bearer error="invalid_token"' };
const NO_TOKEN = { ...UNAUTHORIZED, 'WWW-Authenticate': 'Bearer' };
const throws = (error: Error) => () => {
  throw error;
};

describe('the guard', () => {
  it('asks no verifier about a public route', async () => {
    const verifier = verifierOf();
    expect(await verdict({ handler: 'open' }, verifier)).toBe(true);
    expect(verifier.presented).not.toHaveBeenCalled();
    expect(verifier.verify).not.toHaveBeenCalled();
  });

  it('admits and publishes who was verified just now', async () => {
    const request = {};
    const verifier = verifierOf();
    expect(await verdict({ request }, verifier)).toBe(true);
    expect(publishedUser(request, verifier)).toBe(user);
    expect(verifier.verify).toHaveBeenCalledExactlyOnceWith('jwt');
    expect(lines).toEqual([]);
  });

  it('admits in the very call who was verified before', () => {
    const request = {};
    const verifier = verifierOf({ recall: () => user });
    const guard = new UserTokenGuard(forbidden<TokenVerifier>(verifier));
    expect(guard.canActivate(contextOf({ request }))).toBe(true);
    expect(publishedUser(request, verifier)).toBe(user);
    expect(verifier.verify).not.toHaveBeenCalled();
  });

  it("asks the application's rule on every call, but not twice in one", async () => {
    const request = {};
    const verifier = verifierOf({ recall: () => user, hasTenantRule: true });
    await verdict({ request }, verifier);
    expect(verifier.verify).toHaveBeenCalledTimes(1);
    await verdict({ request }, verifier);
    expect(verifier.verify).toHaveBeenCalledTimes(1);
    await verdict({ request: {} }, verifier);
    expect(verifier.verify).toHaveBeenCalledTimes(2);
  });

  it.each(['ws', 'graphql'])(
    "asks the application's rule on every call of a request that lives long: %s",
    async (type) => {
      const request = {};
      const verifier = verifierOf({ recall: () => user, hasTenantRule: true });
      await verdict({ request, type }, verifier);
      await verdict({ request, type }, verifier);
      expect(verifier.verify).toHaveBeenCalledTimes(2);
    },
  );

  it('does not take the user of another token that was published for the request', async () => {
    const request = {};
    const other = fakeUserToken();
    const verifier = verifierOf({ hasTenantRule: true });
    await verdict({ request }, verifier);
    verifier.recall.mockReturnValue(other);
    await verdict({ request }, verifier);
    expect(verifier.verify).toHaveBeenCalledTimes(2);
  });

  it.each(['rpc', 'queue'])('denies a context it does not know, without a word: %s', async (type) => {
    const verifier = verifierOf({ recall: () => user });
    expect(await verdict({ type }, verifier)).toBe(false);
    expect(verifier.presented).not.toHaveBeenCalled();
  });

  it.each(['http', 'ws', 'graphql'])('denies where there is no request: %s', async (type) => {
    expect(await verdict({ type, request: null }, { recall: () => user })).toBe(false);
  });

  it('answers a missing token with a bare challenge, and logs nothing', async () => {
    expect(await verdict({}, { presented: throws(failure('token_missing')) })).toEqual(NO_TOKEN);
    expect(lines).toEqual([]);
  });

  it.each([
    ['presented', { presented: throws(failure('token_malformed')) }, 'token_malformed'],
    ['verified', { verify: () => throwError(() => failure('token_signature')) }, 'token_signature'],
  ])('answers a bad token when it is %s, and logs why', async (_, verifier, code) => {
    expect(await verdict({}, verifier)).toEqual(BAD_TOKEN);
    expect(lines).toEqual([`${code}: what only the log may tell`]);
  });

  it.each([
    ['presented', { presented: throws(new Error('secret')) }],
    ['verified', { verify: () => throwError(() => new Error('secret')) }],
  ])('answers what nobody has foreseen like a bad token, when it is %s', async (_, verifier) => {
    expect(await verdict({}, verifier)).toEqual(BAD_TOKEN);
    expect(lines).toEqual(['A token could not be verified for an unforeseen reason.']);
  });

  it('answers with Retry-After', async () => {
    const later = failure('key_set_unavailable', { retryAfterMs: 6_001 });
    expect(await verdict({}, { verify: () => throwError(() => later) })).toEqual({
      status: 503,
      code: 'SERVICE_UNAVAILABLE',
      'Retry-After': '7',
    });
  });

  it('answers a missing scope, and publishes the user all the same', async () => {
    const request = {};
    const verifier = verifierOf({ verify: () => of(fakeUserToken({ scopes: ['a'] })) });
    expect(await verdict({ request, handler: 'scoped' }, verifier)).toEqual({
      status: 403,
      code: 'FORBIDDEN',
      'WWW-Authenticate': 'Bearer error="insufficient_scope", scope="a b"',
    });
    expect(lines).toEqual(['insufficient_scope: the user of tenant fake-tenant lacks b. [mindsphere]']);
    expect(publishedUser(request, verifier)).toBeDefined();
  });

  it('admits who has every scope', async () => {
    expect(await verdict({ handler: 'scoped' })).toBe(true);
  });

  it('answers a WebSocket with false only, and logs the reason', async () => {
    const refused: Verifier = { verify: () => throwError(() => failure('token_expired')) };
    expect(await verdict({ type: 'ws' }, refused)).toBe(false);
    expect(lines).toEqual(['token_expired: what only the log may tell']);
  });

  it('answers in GraphQL, too', async () => {
    expect(await verdict({ type: 'graphql' }, { presented: throws(failure('token_missing')) })).toEqual(NO_TOKEN);
  });

  it.each([undefined, null, {}, { header: 'no function' }])(
    'answers without a response to put headers on: %j',
    async (response) => {
      const guard = new UserTokenGuard(forbidden(verifierOf({ presented: throws(failure('token_missing')) })));
      expect(() => guard.canActivate(contextOf({}, response))).toThrow(HttpException);
    },
  );
});

describe('the request and the response of a context', () => {
  const [request, response] = [{}, new Response()];

  it.each([
    ['http', request, response],
    ['graphql', request, response],
    ['ws', request, undefined],
    ['rpc', undefined, undefined],
  ])('%s', (type, itsRequest, itsResponse) => {
    const context = contextOf({ type, request }, response);
    expect(requestOfContext(context)).toBe(itsRequest);
    expect(responseOfContext(context)).toBe(itsResponse);
  });

  it.each(['graphql', 'ws'])('%s without a context of its own', (type) => {
    const context = contextOf({ type, request: null });
    expect([requestOfContext(context), responseOfContext(context)]).toEqual([undefined, undefined]);
  });

  it("is Mercurius' reply where there is no res", () => {
    const reply = new Response();
    const context = { getType: () => 'graphql', getArgByIndex: (index: number) => [0, 0, { reply }][index] };
    expect(responseOfContext(forbidden<ArgumentsHost>(context))).toBe(reply);
  });
});

describe('the response to the caller', () => {
  const told = (code: MindsphereCredentialsErrorCode, details = {}) => {
    const { exception, headers } = responseForError(failure(code, details));
    const body = exception.getResponse();
    return [exception.getStatus(), headers, body, forbidden<{ extensions: object }>(exception).extensions];
  };
  const later = (seconds: string) => [
    503,
    { 'Retry-After': seconds },
    { statusCode: 503, message: 'Service Unavailable' },
    { code: 'SERVICE_UNAVAILABLE' },
  ];
  const unauthorized = (challenge: string) => [
    401,
    { 'WWW-Authenticate': challenge },
    { statusCode: 401, message: 'Unauthorized' },
    { code: 'UNAUTHENTICATED' },
  ];
  const badGateway = [502, {}, { statusCode: 502, message: 'Bad Gateway' }, { code: 'BAD_GATEWAY' }];

  it.each<[MindsphereCredentialsErrorCode, object, unknown]>([
    ['token_missing', {}, unauthorized('Bearer')],
    ['token_expired', {}, unauthorized('Bearer error="invalid_token"')],
    ['token_request_failed', {}, badGateway],
    ['token_request_failed', { retryable: false, retryAfterMs: 5_000 }, badGateway],
    ['token_request_failed', { retryable: true }, later('1')],
    ['token_request_failed', { retryable: true, retryAfterMs: 4_001 }, later('5')],
    ['token_response_invalid', { retryable: true }, badGateway],
    ['key_set_unavailable', { retryAfterMs: 30_000 }, later('30')],
    ['module_destroyed', {}, later('1')],
    ['credentials_missing', {}, later('1')],
    ['options_invalid', {}, later('1')],
  ])('of %s %j', (code, details, expected) => {
    expect(told(code, details)).toEqual(expected);
  });

  it('is a whole number of seconds, 1 at least', () => {
    const seconds = [undefined, 0, 1, 1_000, 1_001].map((ms) => retryLater(ms).headers['Retry-After']);
    expect(seconds).toEqual(['1', '1', '1', '1', '2']);
  });

  it('of scopes is which are needed', () => {
    expect(insufficientScope(['x', 'y']).headers['WWW-Authenticate']).toContain('scope="x y"');
  });
});

describe('rules of a route', () => {
  it.each<[keyof Routes, object]>([
    ['free', { isPublic: false, scopes: [] }],
    ['open', { isPublic: true, scopes: [] }],
    ['scoped', { isPublic: false, scopes: ['a', 'b'] }],
  ])('%s', (handler, rules) => {
    const reader = new RouteRulesReader();
    const first = reader.of(contextOf({ handler }));
    expect(first).toEqual(rules);
    expect(reader.of(contextOf({ handler }))).toBe(first);
    expect(Object.isFrozen(first) && Object.isFrozen(first.scopes)).toBe(true);
  });

  it('that contradict each other are an error where they are written, with a word on why', () => {
    const both = 'contradict each other';
    const none = 'at least one scope';
    const decorate =
      (...decorators: MethodDecorator[]) =>
      () => {
        const descriptor = { value: () => undefined };
        for (const decorator of decorators) decorator({}, 'method', descriptor);
      };
    expect(decorate(Public(), RequireScopes('a'))).toThrow(both);
    expect(decorate(RequireScopes('a'), Public())).toThrow(both);
    expect(decorate(Public(), Public())).not.toThrow();
    expect(() => RequireScopes()).toThrow(none);
    for (const scope of ['', 'a b', 'a"b', 'a\\b', 'ä', 7]) {
      expect(() => RequireScopes('ok', forbidden(scope))).toThrow(none);
    }
    expect(() => RequireScopes('!#[]~')).not.toThrow();
  });
});

describe('the exception filter', () => {
  function sent(response: object): unknown[] {
    const events: unknown[] = [];
    const own = {
      header: (name: string, value: string) => events.push([name, value]),
      status: (status: number) => ({ send: (body: unknown) => events.push([status, body]) }),
      end: () => events.push('end'),
      ...response,
    };
    const answer = new MindsphereExceptionFilter().catch(failure('token_missing'), contextOf({}, own));
    expect(answer).toBeUndefined();
    return events;
  }
  const body = { statusCode: 401, message: 'Unauthorized' };

  it('answers an HTTP request and logs why', () => {
    const whole = [
      ['WWW-Authenticate', 'Bearer'],
      [401, body],
    ];
    expect(sent({})).toEqual(whole);
    expect(sent({ raw: { headersSent: false } })).toEqual(whole);
    expect(lines).toEqual(Array.from({ length: 2 }, () => 'token_missing: what only the log may tell'));
  });

  it('ends what has begun', () => {
    expect(sent({ headersSent: true })).toEqual(['end']);
    let ended = 0;
    expect(sent({ raw: { headersSent: true, end: () => (ended += 1) } })).toEqual([]);
    expect(ended).toBe(1);
  });

  it('answers a WebSocket', () => {
    const events: unknown[] = [];
    const client = { emit: (...event: unknown[]) => events.push(event) };
    const host = { getType: () => 'ws', switchToWs: () => ({ getClient: () => client }) };
    const filter = new MindsphereExceptionFilter();
    expect(filter.catch(failure('token_expired'), forbidden<ArgumentsHost>(host))).toBeUndefined();
    expect(events).toEqual([['exception', { status: 'error', message: 'Unauthorized' }]]);
    const mute = { getType: () => 'ws', switchToWs: () => ({ getClient: () => ({}) }) };
    expect(() => filter.catch(failure('token_expired'), forbidden<ArgumentsHost>(mute))).not.toThrow();
  });

  it('gives a microservice an Observable that fails', async () => {
    const answer = new MindsphereExceptionFilter().catch(failure('token_expired'), contextOf({ type: 'rpc' }));
    await expect(firstValueFrom(answer as Observable<never>)).rejects.toMatchObject({ status: 401 });
  });

  it('gives GraphQL the exception, and its response the headers', () => {
    const response = new Response();
    const answer = new MindsphereExceptionFilter().catch(
      failure('token_expired'),
      contextOf({ type: 'graphql' }, response),
    );
    expect(answer).toMatchObject({ status: 401, extensions: { code: 'UNAUTHENTICATED' } });
    expect(response.headers).toEqual({ 'WWW-Authenticate': 'Bearer error="invalid_token"' });
  });
});
