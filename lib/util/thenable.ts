/** Whether a value is a promise of any realm: under Jest, Node's own promises are not instances of the test's `Promise`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
