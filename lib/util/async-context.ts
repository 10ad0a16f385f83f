import { AsyncResource } from 'node:async_hooks';
import type { Observer } from 'rxjs';

/** Made at import, outside of any request. */
const background = asyncContext('mindsphere-credentials:background');

/**
 * An observer that runs in the asynchronous context of this call. Many callers wait for one request, which runs in the
 * context of the first caller. Without this, the others would continue in that one's `AsyncLocalStorage`, as its user.
 */
export function inOwnContext<T>(observer: Observer<T>): Observer<T> {
  const context = asyncContext('mindsphere-credentials:waiting');
  return {
    next: (value) => context.runInAsyncScope(() => observer.next(value)),
    error: (failure: unknown) => context.runInAsyncScope(() => observer.error(failure)),
    complete: () => context.runInAsyncScope(() => observer.complete()),
  };
}

/** Runs something that outlives the request outside of its asynchronous context, which would keep it in memory. */
export function inBackground<T>(act: () => T): T {
  return background.runInAsyncScope(act);
}

/**
 * Remembers the asynchronous context of this call. It is destroyed at once, because Jest's `--detectOpenHandles` reports
 * every `AsyncResource` that is not; it works all the same.
 */
function asyncContext(type: string): AsyncResource {
  return new AsyncResource(type, { requireManualDestroy: true }).emitDestroy();
}
