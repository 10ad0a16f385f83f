import { type FactoryProvider, Inject, Injectable, Optional } from '@nestjs/common';
import { type MeterProvider, metrics, trace, type TracerProvider } from '@opentelemetry/api';
import type { Subscription } from 'rxjs';
import type { MindsphereCredentialsEvent } from '../telemetry/credentials-event.interface.js';
import { MindsphereCredentialsEvents } from '../telemetry/mindsphere-credentials.events.js';
import { getCredentialsToken } from '../registration/credentials-token.js';
import { Instruments, recordSpan } from './instruments.js';
import { CLASS_NAME } from '../util/class-name.js';

const SCOPE = 'nestjs-mindsphere-credentials';

/** Injection token of {@link InstrumentationProviders}, for providers that are not the global ones. */
export const INSTRUMENTATION_PROVIDERS = Symbol('mindsphere-credentials:instrumentation-providers');

/** Where metrics and spans go. */
export interface InstrumentationProviders {
  /** Default: the global one at the moment of {@link MindsphereCredentialsInstrumentation.enable}. */
  readonly meterProvider?: MeterProvider;
  /** Default: the global one at that moment. */
  readonly tracerProvider?: TracerProvider;
}

/**
 * Records the events of one registration as metrics and spans of OpenTelemetry: list it in `providers` of a module that
 * has the registration, or construct and enable it yourself. No network I/O of its own. A token from the cache records
 * nothing.
 */
@Injectable()
export class MindsphereCredentialsInstrumentation {
  /** @internal */
  static readonly [CLASS_NAME]: string = 'MindsphereCredentialsInstrumentation';
  readonly #events: MindsphereCredentialsEvents;
  readonly #providers: InstrumentationProviders;
  #subscription?: Subscription;

  constructor(
    events: MindsphereCredentialsEvents,
    @Optional() @Inject(INSTRUMENTATION_PROVIDERS) providers: InstrumentationProviders = {},
  ) {
    this.#events = events;
    this.#providers = providers;
  }

  /** Starts to record. A second call does nothing. */
  enable(): this {
    const { meterProvider = metrics, tracerProvider = trace } = this.#providers;
    this.#subscription ??= this.#record(meterProvider, tracerProvider);
    return this;
  }

  /** Stops recording. */
  disable(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
  }

  /** Called by Nest: enables it. */
  onModuleInit(): void {
    this.enable();
  }

  /** Called by Nest: disables it. */
  onApplicationShutdown(): void {
    this.disable();
  }

  #record(meters: Pick<MeterProvider, 'getMeter'>, tracers: Pick<TracerProvider, 'getTracer'>): Subscription {
    const instruments = new Instruments(meters.getMeter(SCOPE));
    const tracer = tracers.getTracer(SCOPE);
    return this.#events.events$.subscribe((event: MindsphereCredentialsEvent) => {
      instruments.record(event);
      if (event.type === 'token_received' || event.type === 'token_refused') recordSpan(tracer, event);
    });
  }
}

/** The provider of an instrumentation for the registration of a name. */
export function createMindsphereInstrumentation(name?: string): FactoryProvider<MindsphereCredentialsInstrumentation> {
  return {
    provide: getCredentialsToken(MindsphereCredentialsInstrumentation, name),
    useFactory: (events: MindsphereCredentialsEvents, providers?: InstrumentationProviders) =>
      new MindsphereCredentialsInstrumentation(events, providers),
    inject: [
      getCredentialsToken(MindsphereCredentialsEvents, name),
      { token: INSTRUMENTATION_PROVIDERS, optional: true },
    ],
  };
}
