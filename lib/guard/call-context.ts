import type { ArgumentsHost } from '@nestjs/common';
import { repeatsAuthorization } from '../users/presented-token.js';

/* What is read of Nest's `ExecutionContext`: request, response and route, over HTTP, GraphQL, WebSockets and messages. */

/** The client of Socket.IO has both properties, that of a plain WebSocket neither. */
interface WebSocketClient {
  readonly handshake?: { readonly headers?: Record<string, unknown>; readonly auth?: { readonly token?: unknown } };
  /** The HTTP request that opened the connection. */
  readonly request?: unknown;
}

/** The request of a context, as its transport gives it; `undefined` for a context of unknown type. */
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
 * The objects that belong to one call, the request first: the user is published on each of them, because handlers and
 * providers may get any one of them. Objects that serve several users, such as a GraphQL parent, are not among them.
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

/** The response of a context whose response has headers. */
export function responseOfContext(context: ArgumentsHost): unknown {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getResponse<unknown>();
    case 'graphql':
      // Apollo's contexts hold `res`, Mercurius' `reply`.
      return graphqlContextOf(context)?.res ?? graphqlContextOf(context)?.reply;
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

/**
 * The handshake of Socket.IO has the headers as Node joined them, which drops a second `Authorization` header. Where
 * the HTTP request has two of them it is taken instead of the handshake, and is refused as it would be over HTTP.
 */
function handshakeOf(client: WebSocketClient | undefined): unknown {
  if (client?.handshake === undefined || client.handshake === null) return undefined;
  return repeatsAuthorization(client.request) ? client.request : client.handshake;
}

/** Express has the pattern at `route`, Fastify at `routeOptions`. */
interface HttpRequest {
  readonly method?: unknown;
  readonly route?: { readonly path?: unknown };
  readonly routeOptions?: { readonly url?: unknown };
}

interface ResolveInfo {
  readonly fieldName?: unknown;
  readonly parentType?: { readonly name?: unknown };
}

/**
 * The name of a route for log lines: method and pattern, never the URL, which may hold anything that the caller put
 * there. `undefined` where the framework gives no pattern.
 */
export function routeName(context: ArgumentsHost): string | undefined {
  switch (context.getType<string>()) {
    case 'http':
      return httpRoute(context.switchToHttp().getRequest<HttpRequest | undefined>());
    case 'graphql':
      return graphqlField(context.getArgByIndex<ResolveInfo | undefined>(3));
    case 'ws':
      return joined('WebSocket message', context.getArgs<unknown[]>().at(-1));
    case 'rpc':
      return joined('message', patternOf(context.switchToRpc().getContext<unknown>()));
    default:
      return undefined;
  }
}

function httpRoute(request: HttpRequest | undefined): string | undefined {
  return joined(request?.method, request?.routeOptions?.url ?? request?.route?.path);
}

function graphqlField(info: ResolveInfo | undefined): string | undefined {
  const type = info?.parentType?.name;
  return typeof type === 'string' ? joined('GraphQL', `${type}.${String(info?.fieldName)}`) : undefined;
}

/** The contexts of Nest's transports have `getPattern()`. */
function patternOf(context: unknown): unknown {
  if (typeof context !== 'object' || context === null || !('getPattern' in context)) return undefined;
  const { getPattern } = context;
  return typeof getPattern === 'function' ? (Reflect.apply(getPattern, context, []) as unknown) : undefined;
}

function joined(kind: unknown, pattern: unknown): string | undefined {
  return typeof kind === 'string' && typeof pattern === 'string' ? `${kind} ${pattern}` : undefined;
}
