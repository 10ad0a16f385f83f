import { metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AppCredentials,
  getCredentialsToken,
  MindsphereCredentialsEvents,
  MindsphereCredentialsModule,
  TenantCredentials,
  TokenVerifier,
} from 'nestjs-mindsphere-credentials';
import {
  createMindsphereInstrumentation,
  INSTRUMENTATION_PROVIDERS,
  MindsphereCredentialsInstrumentation,
} from 'nestjs-mindsphere-credentials/opentelemetry';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { APP, failureOf, fakeTime, startPlatform, TENANT, tokenOf, until } from '../support/application.js';
import { leaksOf, partsOf, spellings } from '../support/leaks.js';
import { json } from '../support/stub-platform.js';

const refused = json({ error: 'unauthorized', error_description: 'Bad credentials' }, 401);
const down = json({}, 503);

/** SDKs that keep what they are given in memory. */
function telemetry() {
  const spanExporter = new InMemorySpanExporter();
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] });
  onTestFinished(() => meterProvider.shutdown());
  return {
    meterProvider,
    tracerProvider,
    spans: (): ReadableSpan[] => spanExporter.getFinishedSpans(),
    points: async () => {
      // The SDK waits by timers.
      vi.useRealTimers();
      await reader.forceFlush();
      const all =
        metricExporter
          .getMetrics()
          .at(-1)
          ?.scopeMetrics.flatMap(({ metrics: found }) => found) ?? [];
      return all.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
        (dataPoints as (DataPoint<number> | DataPoint<Histogram>)[]).map(({ attributes, value }) => ({
          name: name.replace('mindsphere.credentials.', ''),
          unit,
          attributes,
          count: typeof value === 'number' ? value : value.count,
          sum: typeof value === 'number' ? value : value.sum,
        })),
      );
    },
  };
}

async function lab(options: object = {}, name?: string) {
  const platform = await startPlatform();
  const sdk = telemetry();
  const instrumentation: Provider =
    name === undefined ? MindsphereCredentialsInstrumentation : createMindsphereInstrumentation(name);
  const module = await Test.createTestingModule({
    imports: [
      MindsphereCredentialsModule.forRoot({
        ...platform.urls,
        app: APP,
        tenant: TENANT,
        request: { retries: 0 },
        isGlobal: true,
        name,
        ...options,
      }),
    ],
    providers: [instrumentation, { provide: INSTRUMENTATION_PROVIDERS, useValue: sdk }],
  }).compile();
  onTestFinished(() => module.close());
  await module.init();
  return { platform, module, sdk, app: module.get<AppCredentials>(getCredentialsToken(AppCredentials, name)) };
}

const milliseconds = ([seconds, nanos]: [number, number]) => seconds * 1_000 + nanos / 1e6;
const ON_MINDSPHERE = { 'mindsphere.credentials.platform': 'mindsphere' };
const kind = (credentials: string) => ({ ...ON_MINDSPHERE, 'mindsphere.credentials.kind': credentials });

describe('the metrics', () => {
  it('count token requests and measure their duration in seconds, by kind of credentials', async () => {
    const { app, module, sdk } = await lab();
    await tokenOf(app);
    await tokenOf(app.forUserTenant('globex'));
    await tokenOf(module.get(TenantCredentials));
    await tokenOf(app);
    expect(await sdk.points()).toEqual([
      { name: 'token.requests', unit: '{request}', attributes: kind('app'), count: 2, sum: 2 },
      { name: 'token.requests', unit: '{request}', attributes: kind('tenant'), count: 1, sum: 1 },
      { name: 'token.request.duration', unit: 's', attributes: kind('app'), count: 2, sum: expect.any(Number) },
      { name: 'token.request.duration', unit: 's', attributes: kind('tenant'), count: 1, sum: expect.any(Number) },
    ]);
  });

  it('give the duration in seconds', async () => {
    const { platform, app, sdk } = await lab();
    fakeTime();
    const release = platform.app.hold();
    const token = tokenOf(app);
    await platform.app.arrived();
    vi.advanceTimersByTime(2_500);
    release();
    await token;
    const duration = (await sdk.points()).find(({ name }) => name === 'token.request.duration');
    expect(duration?.sum).toBe(2.5);
    expect(milliseconds(sdk.spans()[0]!.duration)).toBe(2_500);
  });

  it('label failures by their code', async () => {
    const { platform, app, sdk } = await lab({ request: { retries: 1, retryDelayMs: 1 } });
    platform.app.next(down).always(refused);
    await failureOf(app.getToken());
    const attributes = { ...kind('app'), 'error.type': 'token_request_failed' };
    expect(await sdk.points()).toMatchObject([
      { name: 'token.requests', count: 1 },
      { name: 'token.request.duration', count: 1, attributes },
      { name: 'token.retries', unit: '{retry}', count: 1, attributes },
    ]);
  });

  it('count renewals that fail while a token is valid', async () => {
    const { platform, app, sdk } = await lab();
    fakeTime();
    await tokenOf(app);
    vi.advanceTimersByTime(1_600_000);
    platform.app.always(down);
    await tokenOf(app);
    await until(() => sdk.spans().length === 2);
    const attributes = { ...kind('app'), 'error.type': 'token_request_failed' };
    const stale = { name: 'token.served_stale', unit: '{renewal}', attributes, count: 1, sum: 1 };
    expect(await sdk.points()).toContainEqual(stale);
  });

  it('measure the reading of key sets and count refused users', async () => {
    const { platform, module, sdk } = await lab({ verification: { keySetTenant: false } });
    const verifier = module.get(TokenVerifier);
    platform.keys.next(down);
    await failureOf(verifier.verify(platform.userToken({ ten: 'globex' })));
    await failureOf(verifier.verify(platform.userToken({ exp: 1 })));
    await failureOf(verifier.verify(platform.userToken({ exp: 1 })));
    await new Promise((resolve) => verifier.verify(platform.userToken()).subscribe(resolve));
    const unavailable = { ...ON_MINDSPHERE, 'error.type': 'key_set_unavailable' };
    expect(await sdk.points()).toMatchObject([
      { name: 'key_set.read.duration', unit: 's', attributes: unavailable, count: 1 },
      { name: 'key_set.read.duration', unit: 's', attributes: ON_MINDSPHERE, count: 1 },
      { name: 'user_token.refusals', unit: '{token}', attributes: unavailable, count: 1 },
      {
        name: 'user_token.refusals',
        unit: '{token}',
        attributes: { ...ON_MINDSPHERE, 'error.type': 'token_expired' },
        count: 2,
      },
    ]);
  });

  it('have as many series for 200 tenants as for one, and neither they nor the spans name one', async () => {
    const { platform, app, sdk } = await lab();
    const tenants = Array.from({ length: 200 }, (_, index) => `customer${index}`);
    platform.app.next(refused);
    await Promise.allSettled(tenants.map((tenant) => tokenOf(app.forUserTenant(tenant))));
    expect(platform.app.count).toBe(200);
    expect(await sdk.points()).toHaveLength(3);
    expect(sdk.spans()).toHaveLength(200);
    const shown = sdk.spans().map(({ name, attributes, status, events }) => ({ name, attributes, status, events }));
    expect(JSON.stringify([await sdk.points(), shown])).not.toContain('customer');
  });
});

describe('a span', () => {
  it('covers each token request, all attempts together', async () => {
    const { platform, app, sdk } = await lab({ request: { retries: 1, retryDelayMs: 1 } });
    const before = Date.now();
    platform.app.next(down);
    await tokenOf(app);
    await tokenOf(app);
    expect(sdk.spans()).toHaveLength(1);
    const [span] = sdk.spans();
    expect(span).toMatchObject({
      name: 'mindsphere.credentials.token.request',
      kind: SpanKind.CLIENT,
      ended: true,
      status: { code: SpanStatusCode.UNSET },
      attributes: { ...kind('app'), 'mindsphere.credentials.attempts': 2 },
      instrumentationScope: { name: 'nestjs-mindsphere-credentials' },
    });
    expect(milliseconds(span!.startTime)).toBeGreaterThanOrEqual(before - 1);
    expect(milliseconds(span!.endTime)).toBeLessThanOrEqual(Date.now());
    expect(milliseconds(span!.duration)).toBeGreaterThan(0);
  });

  it('of a refused request has the status of an error and its codes', async () => {
    const { platform, app, sdk } = await lab();
    platform.app.next(refused);
    await failureOf(app.getToken());
    await failureOf(app.getToken());
    expect(sdk.spans()).toMatchObject([
      {
        status: { code: SpanStatusCode.ERROR, message: 'token_request_failed' },
        attributes: { ...kind('app'), 'error.type': 'token_request_failed', 'http.response.status_code': 401 },
      },
    ]);
  });

  it('and the metrics hold no secret and no token', async () => {
    const { platform, app, sdk } = await lab();
    const token = await tokenOf(app);
    app.invalidate();
    platform.app.next(json({ error: APP.keyStoreClientSecret, error_description: token.value }, 401));
    await failureOf(app.getToken());
    const secrets = [...spellings(APP.keyStoreClientId, APP.keyStoreClientSecret), ...partsOf(token.value)];
    expect(leaksOf([sdk.spans(), await sdk.points()], secrets)).toEqual([]);
  });
});

describe('the instrumentation', () => {
  it('goes to the global providers by default, once however often it is enabled, and can be disabled', async () => {
    const { module, app } = await lab();
    const global = telemetry();
    metrics.setGlobalMeterProvider(global.meterProvider);
    trace.setGlobalTracerProvider(global.tracerProvider);
    onTestFinished(() => (metrics.disable(), trace.disable()));
    const own = new MindsphereCredentialsInstrumentation(module.get(MindsphereCredentialsEvents));
    own.enable().enable();
    await tokenOf(app);
    expect(global.spans()).toHaveLength(1);
    expect((await global.points()).map(({ name, count }) => [name, count])).toEqual([
      ['token.requests', 1],
      ['token.request.duration', 1],
    ]);
    own.disable();
    await tokenOf(app.forUserTenant('globex'));
    expect(global.spans()).toHaveLength(1);
  });

  it('does nothing where no SDK is set up', async () => {
    const { module, app } = await lab();
    new MindsphereCredentialsInstrumentation(module.get(MindsphereCredentialsEvents)).enable();
    expect((await tokenOf(app)).tenant).toBe('acme');
  });

  it('of a named registration records that one', async () => {
    const { app, sdk } = await lab({}, 'plant');
    await tokenOf(app);
    expect(sdk.spans()).toHaveLength(1);
  });
});
