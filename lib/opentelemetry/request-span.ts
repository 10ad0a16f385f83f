import { type Attributes, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { TokenReceivedEvent, TokenRefusedEvent } from '../telemetry/credentials-event.interface.js';
import { errorTypeOf, kindOf } from './instruments.js';

/**
 * A span of a token request, made when it is over, so that nothing is kept meanwhile. Its parent is the span in which
 * the request was made, that is, of the first caller who waited for it.
 */
export function recordSpan(tracer: Tracer, event: TokenReceivedEvent | TokenRefusedEvent): void {
  const span = tracer.startSpan('mindsphere.credentials.token.request', {
    kind: SpanKind.CLIENT,
    // As dates: a number may be taken for a reading of the monotonic clock.
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
