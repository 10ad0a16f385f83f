import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { GuardedApplication } from './guarded-application.js';
import { type Handler, handlersIn, isGuarded, needsRegistration, registrationOf } from './handlers.js';

/** Hooks of a WebSocket gateway, which Nest calls without guards. */
const GATEWAY_HOOKS: readonly string[] = ['afterInit', 'handleConnection', 'handleDisconnect'];

/** Metadata keys and injection tokens of `@nestjs/websockets` and `@nestjs/graphql`, which an application may lack. */
const IS_GATEWAY = 'websockets:is_gateway';
const FIELD_RESOLVER = 'graphql:resolve_property';
const REFERENCE_RESOLVER = 'graphql:resolve_reference';
const GRAPHQL_OPTIONS = 'GqlModuleOptions';
/** Nest never runs guards for it: it names a type, and resolves no data. */
const TYPE_RESOLVER = '__resolveType';

/** What `GraphQLModule` was given. */
interface GraphqlOptions {
  readonly fieldResolverEnhancers?: readonly string[];
  /** The modules whose resolvers it serves; all where it is empty. */
  readonly include?: readonly unknown[];
}

/**
 * Looks once, at start, for marks that Nest would not follow: a handler that demands a token must not be open because no
 * guard runs there.
 */
@Injectable()
export class RouteCheck implements OnModuleInit {
  readonly #modules: ModulesContainer;
  readonly #application: GuardedApplication;

  constructor(modules: ModulesContainer, application: GuardedApplication) {
    this.#modules = modules;
    this.#application = application;
  }

  /** Called by Nest. Throws one `options_invalid` that lists every fault. No network I/O. */
  onModuleInit(): void {
    const unguarded = this.#endpointsWithoutFieldGuards();
    const faults = handlersIn(this.#modules).flatMap((handler) => [
      ...this.#registrationFaults(handler),
      ...gatewayFaults(handler),
      ...unguarded.flatMap((endpoint) => fieldFaults(handler, endpoint)),
    ]);
    if (faults.length > 0) throw new MindsphereCredentialsError('options_invalid', [...new Set(faults)].join(' '));
  }

  #registrationFaults(handler: Handler): string[] {
    const registration = registrationOf(handler);
    if (registration === undefined && !needsRegistration(handler)) return [];
    const fault = this.#application.registrationFault(registration);
    return fault === undefined ? [] : [`${handler.name}: ${fault}`];
  }

  #endpointsWithoutFieldGuards(): GraphqlOptions[] {
    const found = [...this.#modules.values()].flatMap(
      ({ providers }) => providers.get(GRAPHQL_OPTIONS)?.instance ?? [],
    );
    return (found as GraphqlOptions[]).filter(
      ({ fieldResolverEnhancers = [] }) => !fieldResolverEnhancers.includes('guards'),
    );
  }
}

function gatewayFaults(handler: Handler): string[] {
  const isHook = GATEWAY_HOOKS.includes(handler.key) && Reflect.hasMetadata(IS_GATEWAY, handler.type);
  if (!isHook || !isGuarded(handler)) return [];
  return [`${handler.name} is called by Nest without guards: guard the gateway's messages instead.`];
}

function fieldFaults(handler: Handler, { include = [] }: GraphqlOptions): string[] {
  const isServed = include.length === 0 || include.includes(handler.module);
  if (!isServed || !isFieldResolver(handler) || !isGuarded(handler)) return [];
  return [
    `${handler.name} resolves a GraphQL field, where Nest runs UserTokenGuard and @RequireScopes() only with ` +
      "fieldResolverEnhancers: ['guards'] in the options of GraphQLModule. Set it, or mark the field @Public().",
  ];
}

function isFieldResolver({ key, method }: Handler): boolean {
  const isField =
    Reflect.getMetadata(FIELD_RESOLVER, method) === true || Reflect.hasMetadata(REFERENCE_RESOLVER, method);
  return isField && key !== TYPE_RESOLVER;
}
