import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';

/**
 * Collects what is wrong with the options of one registration, so that one start shows everything. Faults stop the start,
 * warnings are logged. Give it what is wrong with a value, never the value: it may be a secret.
 */
export class Findings {
  readonly #faults = new Set<string>();
  readonly #warnings = new Set<string>();

  /** @param place the option's path, with its variable in brackets. */
  fault(place: string, message: string): void {
    this.#faults.add(`${place} ${message}`);
  }

  /** @param place the option's path, with its variable in brackets. */
  warn(place: string, message: string): void {
    this.#warnings.add(`${place} ${message}`);
  }

  /** What is to be logged at start, one sentence each. */
  get warnings(): readonly string[] {
    return Object.freeze([...this.#warnings]);
  }

  /** Throws `options_invalid` with every fault; returns where there is none. */
  throwIfAny(): void {
    if (this.#faults.size === 0) return;
    throw new MindsphereCredentialsError(
      'options_invalid',
      `The options of MindsphereCredentialsModule are not valid:\n${[...this.#faults].map((line) => `  - ${line}`).join('\n')}`,
    );
  }
}
