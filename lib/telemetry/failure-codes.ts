import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import type { FailureCodes } from './credentials-event.interface.js';

/** What an event may tell of a failure: codes, never words. */
export function failureCodes(failure: unknown): FailureCodes {
  if (!(failure instanceof MindsphereCredentialsError)) return { code: 'unforeseen' };
  const { code, status, retryable } = failure;
  return { code, status, retryable };
}
