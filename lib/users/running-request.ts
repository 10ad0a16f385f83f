import { AsyncLocalStorage } from 'node:async_hooks';

/** The request in whose course code runs, where `CurrentUserMiddleware` has noted it: the request alone, no user. */
export const runningRequest = new AsyncLocalStorage<object>();
