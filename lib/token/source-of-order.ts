import { fingerprintOf } from '../config/sealed-secret.js';
import type { TokenEndpoint, TokenOrder } from './token-endpoint.interface.js';
import type { TokenSource } from './token-source.interface.js';

/**
 * The source that places an order at an endpoint. There may be one for every token held, so it keeps little: a short key,
 * and how to make the order instead of the order.
 */
export function sourceOfOrder(makeOrder: () => TokenOrder, endpoint: TokenEndpoint): TokenSource {
  const { identity, secret, subject } = makeOrder();
  const { grant$, forgetRefusal, refusedForMs, retract, lastResort } = endpoint.exchange(makeOrder);
  return {
    key: fingerprintOf(JSON.stringify([...identity, secret.fingerprint])),
    platform: subject.platform,
    credentials: subject.credentials,
    tenant: subject.tenant,
    subtenant: subject.subtenant,
    grant$,
    forgetRefusal,
    refusedForMs,
    retract,
    lastResort,
  };
}
