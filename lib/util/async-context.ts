import { AsyncResource } from 'node:async_hooks';
import type { Observer } from 'rxjs';

/** Made at import, outside of any request. */
const background = asyncContext('mindsphere-credentials:background');

/**
 * Calls an observer in the asynchronous context in which this is called. Many wait for one request, which runs in the
 * context of the first: without this, the others would go on in that one's `AsyncLocalStorage`, as its user.
 */
export function inOwnContext<T>(observer: Observer<T>): Observer<T> {
  const context = asyncContext('mindsphere-credentials:waiting');
  return {
    next: (value) => context.runInAsyncScope(() => observer.next(value)),
    error: (failure: unknown) => context.runInAsyncScope(() => observer.error(failure)),
    complete: () => context.runInAsyncScope(() => observer.complete()),
  };
}

/** Runs what goes on long after a request in the context of none, which would keep that request in memory. */
export function inBackground<T>(act: () => T): T {
  return background.runInAsyncScope(act);
}

/**
 * Remembers the asynchronous context of this moment. It holds nothing open, and is declared ended at once: Jest's
 * `--detectOpenHandles` lists each resource that was made and not ended. It goes on working after that.
 */
function asyncContext(type: string): AsyncResource {
  return new AsyncResource(type, { requireManualDestroy: true }).emitDestroy();
}
