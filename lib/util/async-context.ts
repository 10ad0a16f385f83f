import { AsyncResource } from 'node:async_hooks';
import type { Observer } from 'rxjs';

/** Made at start, outside of any request. */
const background = new AsyncResource('mindsphere-credentials:background');

/**
 * Tells an observer in the asynchronous context in which this is called. Many wait for one request, which runs in the
 * context of the first: without this, the others would go on in that one's `AsyncLocalStorage`, as its user.
 */
export function inOwnContext<T>(observer: Observer<T>): Observer<T> {
  const context = new AsyncResource('mindsphere-credentials:waiting');
  return {
    next: (value) => context.runInAsyncScope(() => observer.next(value)),
    error: (failure: unknown) => context.runInAsyncScope(() => observer.error(failure)),
    complete: () => context.runInAsyncScope(() => observer.complete()),
  };
}

/** Does what goes on long after in the context of nobody, whose request it would keep in memory. */
export function inBackground<T>(act: () => T): T {
  return background.runInAsyncScope(act);
}
