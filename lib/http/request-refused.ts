import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';

/** What a request fails with that is not sent. `fault` must hold nothing that a caller gave in confidence. */
export function requestRefused(fault: string): MindsphereCredentialsError {
  return new MindsphereCredentialsError('options_invalid', `The request was not sent: ${fault}.`);
}
