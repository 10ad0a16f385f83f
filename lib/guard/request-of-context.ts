import type { ArgumentsHost } from '@nestjs/common';
import { repeatsAuthorization } from '../users/presented-token.js';

/** What a client of Socket.IO has. A client of a plain WebSocket has neither. */
interface WebSocketClient {
  readonly handshake?: { readonly headers?: Record<string, unknown>; readonly auth?: { readonly token?: unknown } };
  /** The HTTP request that opened the connection. */
  readonly request?: unknown;
}

/** The request behind a context, as its platform gives it; `undefined` for a context that is not known here. */
export function requestOfContext(context: ArgumentsHost): unknown {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getRequest<unknown>();
    case 'graphql':
      return graphqlContextOf(context)?.req;
    case 'ws':
      return handshakeOf(context.switchToWs().getClient<WebSocketClient | undefined>());
    default:
      return undefined;
  }
}

/**
 * The objects that stand for a call, the request first: on each of them the user is published, and each is where somebody
 * may look for the user. Objects that outlive a call and serve several users, such as a GraphQL parent, are not among
 * them.
 */
export function holdersOf(context: ArgumentsHost): unknown[] {
  switch (context.getType<string>()) {
    case 'http':
      return [requestOfContext(context)];
    case 'graphql':
      return [requestOfContext(context), graphqlContextOf(context)];
    case 'ws':
      return [requestOfContext(context), context.switchToWs().getClient<unknown>()];
    case 'rpc':
      return [context.switchToRpc().getData<unknown>(), context.switchToRpc().getContext<unknown>()];
    default:
      return [context.getArgByIndex<unknown>(0)];
  }
}

/** The response of a context that has one with headers. */
export function responseOfContext(context: ArgumentsHost): unknown {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getResponse<unknown>();
    case 'graphql':
      return graphqlResponse(graphqlContextOf(context));
    default:
      return undefined;
  }
}

interface GraphqlContext {
  readonly req?: unknown;
  readonly res?: unknown;
  readonly reply?: unknown;
}

function graphqlContextOf(context: ArgumentsHost): GraphqlContext | undefined {
  return context.getArgByIndex<GraphqlContext | undefined>(2);
}

/** Apollo's contexts hold `res`, Mercurius' `reply`. */
function graphqlResponse(context: GraphqlContext | undefined): unknown {
  return context?.res ?? context?.reply;
}

/**
 * The handshake of Socket.IO has the headers as Node joined them, which drops a second `Authorization` header. Where the
 * HTTP request has two of them it is taken instead of the handshake, and is refused as it would be over HTTP.
 */
function handshakeOf(client: WebSocketClient | undefined): unknown {
  if (client?.handshake === undefined || client.handshake === null) return undefined;
  return repeatsAuthorization(client.request) ? client.request : client.handshake;
}
