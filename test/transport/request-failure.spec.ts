import { AppCredentials } from 'nestjs-mindsphere-credentials';
import { describe, expect, it, vi } from 'vitest';
import { failureOfAnswer, retryAfter } from '../../lib/transport/request-failure.js';
import { APP, failureOf, fakeTime, startPlatform, startWith } from '../support/application.js';
import { type Answer, raw, reset } from '../support/stub-platform.js';

const of = (status: number, body: unknown = {}, headers = {}) =>
  failureOfAnswer({ status, headers, body: JSON.stringify(body) }, 'https://x/token', {
    redact: (text) => `<${text}>`,
    attempts: 2,
    maxRetryAfterMs: 60_500,
  });

describe('the failure that an answer means', () => {
  it('names the endpoint, the status and the message of the server', () => {
    expect(of(400, { error: 'bad', error_description: 'very bad' }).message).toBe(
      'The token endpoint https://x/token answered with status 400 (<bad>: <very bad>).',
    );
    expect(of(400, { error: 'bad' }).message).toMatch(/ answered with status 400 \(<bad>\)\.$/);
    expect(of(400).message).toMatch(/ answered with status 400\.$/);
  });

  it.each([300, 307, 399])('mentions for status %i that no redirect is followed', (status) => {
    expect(of(status).message).toMatch(/status \d+, a redirect, which is not followed\.$/);
  });

  it.each([299, 400])('does not mention a redirect for status %i', (status) => {
    expect(of(status).message).toMatch(/status \d+\.$/);
  });

  it.each([
    [{ error: 'a', errors: [{ code: 'b' }] }, '<a>', undefined],
    [{ errors: [{ code: 'b', message: 'c' }] }, '<b>', '<c>'],
    [{ message: 'd' }, undefined, '<d>'],
    [{ error: '', error_description: '', message: 'd' }, undefined, '<d>'],
    [{ error: 7, error_description: {}, errors: 'none' }, undefined, undefined],
    [{ errors: [] }, undefined, undefined],
    [{ errors: ['b'] }, undefined, undefined],
    [['no object'], undefined, undefined],
  ])('has the words of %j', (body, error, errorDescription) => {
    const failure = of(403, body);
    expect([failure.error, failure.errorDescription]).toEqual([error, errorDescription]);
  });

  it.each([
    [408, true],
    [429, true],
    [500, true],
    [599, true],
    [404, false],
    [499, false],
    [302, false],
  ])('with status %i: retryable %s', (status, retryable) => {
    expect(of(status)).toMatchObject({ code: 'token_request_failed', status, retryable, attempts: 2 });
  });
});

describe('Retry-After', () => {
  it.each([
    ['7', 7_000],
    [' 7 ', 7_000],
    ['0', 0],
    ['', undefined],
    ['   ', undefined],
    ['-7', undefined],
    ['7 s', undefined],
    ['in 7', undefined],
    ['soon', undefined],
    [7, undefined],
    [undefined, undefined],
  ])('%j is %s ms', (value, timeMs) => {
    fakeTime();
    vi.setSystemTime(new Date('2026-01-01T00:00:00Z'));
    expect(retryAfter(value)).toBe(timeMs);
  });

  it.each([
    ['Thu, 01 Jan 2026 00:00:20 GMT', 20_000],
    ['Wed, 31 Dec 2025 23:59:59 GMT', 0],
  ])('%s is %i ms', (value, timeMs) => {
    fakeTime();
    vi.setSystemTime(new Date('2026-01-01T00:00:00Z'));
    expect(retryAfter(value)).toBe(timeMs);
  });
});

describe('what becomes of Retry-After', () => {
  const soon = () => new Date(Date.now() + 4_500).toUTCString();
  const inAYear = () => new Date(Date.now() + 365 * 86_400_000).toUTCString();

  it.each<[string, () => string, number]>([
    ['0', () => '0', 0],
    ['20', () => '20', 20_000],
    ['the most that counts', () => '60', 60_000],
    ['a little more', () => '61', 60_000],
    ['23 nines', () => '9'.repeat(23), 60_000],
    ['so many digits that they are infinite', () => '9'.repeat(400), 60_000],
    ['a date', soon, 4_000],
    ['a date in a year', inAYear, 60_000],
    ['a date in the year 9999', () => 'Fri, 31 Dec 9999 23:59:59 GMT', 60_000],
  ])('as %s it is a whole number of seconds, bounded', (_, value, timeMs) => {
    fakeTime();
    vi.setSystemTime(new Date('2026-01-01T00:00:00Z'));
    expect(of(429, {}, { 'retry-after': value() }).retryAfterMs).toBe(timeMs);
  });

  it.each(['1e+23', 'Infinity', '-1', '1.5', 'NaN'])('is ignored as %s', (value) => {
    expect(of(429, {}, { 'retry-after': value }).retryAfterMs).toBeUndefined();
  });
});

async function credentialsAt(answer: Answer, app = {}) {
  const platform = await startPlatform();
  platform.app.always(answer);
  const module = await startWith({ ...platform.urls, app: { ...APP, ...app }, tenant: false, request: { retries: 0 } });
  return { platform, credentials: module.get(AppCredentials) };
}

describe('a request that never got an answer', () => {
  it('has the code of the network', async () => {
    const { credentials, platform } = await credentialsAt(reset());
    const failure = await failureOf(credentials.getToken());
    expect(failure).toMatchObject({ code: 'token_request_failed', retryable: true, attempts: 1 });
    expect(failure.message).toBe(
      `The token endpoint ${platform.origin}/api/technicaltokenmanager/v3/oauth/token could not be reached, or the connection broke (ECONNRESET).`,
    );
  });

  it('because the answer was too large is reported, and is not retryable', async () => {
    const { credentials, platform } = await credentialsAt(raw({ body: ' '.repeat(256 * 1_024 + 1) }));
    const failure = await failureOf(credentials.getToken());
    const endpoint = `${platform.origin}/api/technicaltokenmanager/v3/oauth/token`;
    expect(failure).toMatchObject({ code: 'token_response_invalid', endpoint, attempts: 1 });
    expect(failure.message).toBe(`The token endpoint ${endpoint} gave an answer of more than 262144 bytes.`);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('app-s3cr3t')), 'failed'],
    ['gives no text', () => 7, 'did not return a string without control characters'],
    ['gives a text with a line break', () => 'app-s3cr3t\n', 'did not return a string without control characters'],
    // oxlint-disable-next-line unicorn/no-thenable -- that is the point
    ['gives what is only nearly a promise', () => ({ then: 7 }), 'did not return a string without control characters'],
  ])('because the secret function %s is told without its words', async (_, keyStoreClientSecret, what) => {
    const { credentials, platform } = await credentialsAt(reset(), { keyStoreClientSecret });
    const failure = await failureOf(credentials.getToken());
    expect(failure.code).toBe('options_invalid');
    expect(failure.message).toBe(`The client secret function of client host1-myapp-1.0.0 ${what}.`);
    expect(platform.count).toBe(0);
  });
});
