import type { ArgumentsHost } from '@nestjs/common';

interface WithHandshake {
  readonly handshake?: { readonly headers?: Record<string, unknown>; readonly auth?: { readonly token?: unknown } };
}

/** The request behind a context, as its platform gives it; `undefined` for a context that nobody here understands. */
export function requestOfContext(context: ArgumentsHost): unknown {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getRequest<unknown>();
    case 'graphql':
      return context.getArgByIndex<{ req?: unknown } | undefined>(2)?.req;
    case 'ws':
      return context.switchToWs().getClient<WithHandshake | undefined>()?.handshake;
    default:
      return undefined;
  }
}

/** The response of a context that has one with headers. */
export function responseOfContext(context: ArgumentsHost): unknown {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getResponse<unknown>();
    case 'graphql':
      return graphqlResponse(context.getArgByIndex<{ res?: unknown; reply?: unknown } | undefined>(2));
    default:
      return undefined;
  }
}

/** Apollo's contexts hold `res`, Mercurius' `reply`. */
function graphqlResponse(context: { res?: unknown; reply?: unknown } | undefined): unknown {
  return context?.res ?? context?.reply;
}
