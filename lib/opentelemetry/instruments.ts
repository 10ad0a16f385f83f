import {
  type Attributes,
  type Counter,
  type Histogram,
  type Meter,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api';
import type { Platform } from '../platform/platform.interface.js';
import type {
  FailureCodes,
  MindsphereCredentialsEvent,
  TokenReceivedEvent,
  TokenRefusedEvent,
  TokenSubject,
} from '../telemetry/credentials-event.interface.js';

/** Up to 30 s, because a token request has several attempts: those of the semantic conventions for HTTP end at 10 s. */
const SECONDS = { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30] };

/**
 * The metrics. Their labels are few: platform and kind of credentials (2 values each), and as `error.type` one of the
 * error codes. Never a tenant: there may be 10,000.
 */
export class Instruments {
  readonly #requests: Counter;
  readonly #requestDuration: Histogram;
  readonly #retries: Counter;
  readonly #servedStale: Counter;
  readonly #keySetDuration: Histogram;
  readonly #refusals: Counter;

  constructor(meter: Meter) {
    this.#requests = meter.createCounter('mindsphere.credentials.token.requests', {
      description: 'Token requests begun, each with all its attempts',
      unit: '{request}',
    });
    this.#requestDuration = meter.createHistogram('mindsphere.credentials.token.request.duration', {
      description: 'Duration of token requests, all attempts together; error.type where they failed',
      unit: 's',
      advice: SECONDS,
    });
    this.#retries = meter.createCounter('mindsphere.credentials.token.retries', {
      description: 'Further attempts of token requests',
      unit: '{retry}',
    });
    this.#servedStale = meter.createCounter('mindsphere.credentials.token.served_stale', {
      description: 'Renewals that failed while the held token was still valid',
      unit: '{renewal}',
    });
    this.#keySetDuration = meter.createHistogram('mindsphere.credentials.key_set.read.duration', {
      description: 'Duration of reading key sets; error.type where it failed',
      unit: 's',
      advice: SECONDS,
    });
    this.#refusals = meter.createCounter('mindsphere.credentials.user_token.refusals', {
      description: "Users' tokens refused",
      unit: '{token}',
    });
  }

  record(event: MindsphereCredentialsEvent): void {
    switch (event.type) {
      case 'token_requested':
        return this.#requests.add(1, kindOf(event));
      case 'token_received':
        return this.#requestDuration.record(event.durationMs / 1_000, kindOf(event));
      case 'token_refused':
        return this.#requestDuration.record(event.durationMs / 1_000, { ...kindOf(event), ...errorTypeOf(event) });
      case 'token_retried':
        return this.#retries.add(1, { ...kindOf(event), ...errorTypeOf(event) });
      case 'token_served_stale':
        return this.#servedStale.add(1, { ...kindOf(event), ...errorTypeOf(event) });
      case 'key_set_read':
        return this.#keySetDuration.record(event.durationMs / 1_000, {
          ...platformOf(event),
          ...(event.outcome === 'ok' ? {} : errorTypeOf({ code: 'key_set_unavailable' })),
        });
      case 'user_token_refused':
        return this.#refusals.add(1, { ...platformOf(event), ...errorTypeOf(event) });
      default:
        return undefined;
    }
  }
}

/** The labels of platform and kind of credentials. */
function kindOf({ platform, credentials }: Pick<TokenSubject, 'platform' | 'credentials'>): Attributes {
  return { ...platformOf({ platform }), 'mindsphere.credentials.kind': credentials };
}

/** The label of the platform, where it is known. */
function platformOf({ platform }: { readonly platform?: Platform }): Attributes {
  return platform === undefined ? {} : { 'mindsphere.credentials.platform': platform };
}

/** `error.type` of the semantic conventions, which name an unknown error `_OTHER`. */
function errorTypeOf({ code }: Pick<FailureCodes, 'code'>): Attributes {
  return { 'error.type': code === 'unforeseen' ? '_OTHER' : code };
}

/**
 * Makes the span of a token request when the request is over, so that nothing has to be kept until then. Its parent is
 * the active span of the caller that started the request.
 */
export function recordSpan(tracer: Tracer, event: TokenReceivedEvent | TokenRefusedEvent): void {
  const span = tracer.startSpan('mindsphere.credentials.token.request', {
    kind: SpanKind.CLIENT,
    // As dates, because OpenTelemetry may take a number for a reading of the monotonic clock.
    startTime: new Date(event.at - event.durationMs),
    attributes: attributesOf(event),
  });
  if (event.type === 'token_refused') span.setStatus({ code: SpanStatusCode.ERROR, message: event.code });
  span.end(new Date(event.at));
}

function attributesOf(event: TokenReceivedEvent | TokenRefusedEvent): Attributes {
  const common = { ...kindOf(event), 'mindsphere.credentials.attempts': event.attempts };
  if (event.type === 'token_received') return common;
  const status = event.status === undefined ? {} : { 'http.response.status_code': event.status };
  return { ...common, ...errorTypeOf(event), ...status };
}
