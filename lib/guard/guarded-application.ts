import { Injectable, Logger } from '@nestjs/common';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { Registrations } from '../registration/registrations.js';
import { Reporter } from '../telemetry/reporter.js';
import { TokenVerifier } from '../users/token-verifier.js';

/** Reports refused requests in the log of the guard. */
export function guardReporter(): Reporter {
  return new Reporter(undefined, new Logger('UserTokenGuard'));
}

/** What all guards of one application share, because Nest makes a guard for each module that uses the class. */
@Injectable()
export class GuardedApplication {
  /** One for all guards, so that the limit of its log lines holds for the application. */
  readonly reporter = guardReporter();
  readonly #registrations: Registrations;
  readonly #verifiers = new Map<string | undefined, TokenVerifier>();

  constructor(registrations: Registrations) {
    this.#registrations = registrations;
  }

  /** The names of the registrations; `undefined` is the one without a name. */
  get names(): readonly (string | undefined)[] {
    return this.#registrations.names;
  }

  /**
   * The verifier of the registration that a route names, or of the only one there is. Throws `options_invalid` where
   * there is no such registration, or where the route would have to choose among several.
   */
  verifierOf(registration: string | undefined): TokenVerifier {
    const known = this.#verifiers.get(registration);
    if (known !== undefined) return known;
    const verifier = this.#registrations.find(TokenVerifier, this.#nameFor(registration));
    this.#verifiers.set(registration, verifier);
    return verifier;
  }

  /** Why a route cannot use this registration, or has to name one; `undefined` where there is no fault. */
  registrationFault(registration: string | undefined): string | undefined {
    const { names } = this;
    if (names.includes(registration) || (registration === undefined && names.length === 1)) return undefined;
    const known = names.map((name) => (name === undefined ? 'one without a name' : `'${name}'`)).join(', ');
    const problem =
      registration === undefined
        ? 'the guarded route names no registration: write @UseRegistration(name) on it or on its class'
        : `@UseRegistration('${registration}') names a registration that does not exist`;
    return `${problem}; the registrations are: ${known}.`;
  }

  #nameFor(registration: string | undefined): string | undefined {
    const fault = this.registrationFault(registration);
    if (fault !== undefined) throw new MindsphereCredentialsError('options_invalid', fault);
    return this.names.includes(registration) ? registration : this.names[0];
  }
}
