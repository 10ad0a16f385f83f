import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';

/** Collects every fault of the options, so that one start shows them all. Never give it a value, only what is wrong. */
export class Faults {
  readonly #lines = new Set<string>();

  /** Notes that an option is wrong; `variable` is the environment variable that sets it. */
  add(path: string, message: string, variable?: string): void {
    this.#lines.add(`${path}${variable === undefined ? '' : ` (${variable})`} ${message}`);
  }

  /** Throws `options_invalid` with every fault noted; returns where there is none. */
  throwIfAny(): void {
    if (this.#lines.size === 0) return;
    throw new MindsphereCredentialsError(
      'options_invalid',
      `The options of MindsphereCredentialsModule are not valid:\n${[...this.#lines].map((line) => `  - ${line}`).join('\n')}`,
    );
  }
}
