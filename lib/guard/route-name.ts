import type { ArgumentsHost } from '@nestjs/common';

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
 * What a log line calls a route: method and pattern, never the URL, which may hold what a caller put there. `undefined`
 * where the framework does not say.
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
