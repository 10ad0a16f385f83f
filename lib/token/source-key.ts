import { fingerprintOf } from '../config/sealed-secret.js';

/** A key that is equal only for equal details, in this process. Short, because every token held keeps one. */
export function sourceKey(details: readonly unknown[]): string {
  return fingerprintOf(JSON.stringify(details));
}
