import { Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { GuardedApplication } from './guarded-application.js';
import { rulesOfHandler } from './route-rules.js';
import { UserTokenGuard } from './user-token.guard.js';

/** Metadata key under which Nest keeps the guards of `@UseGuards()`; the same in NestJS 11 and 12. */
const GUARDS = '__guards__';

/** Methods of a WebSocket gateway that Nest calls without guards. */
const GATEWAY_HOOKS: readonly string[] = ['afterInit', 'handleConnection', 'handleDisconnect'];

/** Metadata keys and injection tokens of `@nestjs/websockets` and `@nestjs/graphql`, which an application may lack. */
const IS_GATEWAY = 'websockets:is_gateway';
const FIELD_RESOLVER = 'graphql:resolve_property';
const REFERENCE_RESOLVER = 'graphql:resolve_reference';
const GRAPHQL_OPTIONS = 'GqlModuleOptions';
/** Nest never runs guards for it, because it resolves the name of a type and no data. */
const TYPE_RESOLVER = '__resolveType';

/** The options of a `GraphQLModule`. */
interface GraphqlOptions {
  readonly fieldResolverEnhancers?: readonly string[];
  /** The modules whose resolvers it serves; all where it is empty. */
  readonly include?: readonly unknown[];
}

/** A method of a controller or provider that has a decorator. */
interface Handler {
  /** `Class.method`, for messages. */
  readonly name: string;
  readonly key: string;
  readonly type: Type;
  readonly method: (...args: never[]) => unknown;
  /** The class of the module that provides it. */
  readonly module: unknown;
}

/** Fails the start where a handler demands a token but Nest would not run the guard, so that it would be open to all. */
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
    const { registration } = rulesOfHandler(handler.type, handler.method);
    if (registration === undefined && !usesDefaultGuard(handler)) return [];
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

/** All handlers of an application, inherited ones included. */
function handlersIn(modules: ModulesContainer): Handler[] {
  const scanner = new MetadataScanner();
  return [...modules.values()].flatMap(({ controllers, providers, metatype }) =>
    [...controllers.values(), ...providers.values()].flatMap(({ instance }) => handlersOf(instance, metatype, scanner)),
  );
}

function handlersOf(instance: unknown, module: unknown, scanner: MetadataScanner): Handler[] {
  if (typeof instance !== 'object' || instance === null) return [];
  const prototype = Object.getPrototypeOf(instance) as { readonly constructor?: unknown } | null;
  const type = prototype?.constructor;
  if (prototype === null || typeof type !== 'function' || prototype === Object.prototype) return [];
  return scanner.getAllMethodNames(prototype).flatMap((key) => {
    const method: unknown = Reflect.get(prototype, key);
    if (typeof method !== 'function' || Reflect.getMetadataKeys(method).length === 0) return [];
    const name = `${type.name}.${key}`;
    return [{ key, name, type: type as Type, method: method as Handler['method'], module }];
  });
}

/** Whether `UserTokenGuard`, or a subclass, is applied to a handler or its class, and the handler is not public. */
function isGuarded(handler: Handler): boolean {
  return guardsOf(handler).some(isUserTokenGuard) && !rulesOfHandler(handler.type, handler.method).isPublic;
}

/** Whether it is `UserTokenGuard` itself, which looks for the route's registration; a subclass may bring its own. */
function usesDefaultGuard(handler: Handler): boolean {
  return isGuarded(handler) && guardsOf(handler).includes(UserTokenGuard);
}

function guardsOf({ method, type }: Handler): unknown[] {
  return [method, type].flatMap((target) => (Reflect.getMetadata(GUARDS, target) as unknown[] | undefined) ?? []);
}

function isUserTokenGuard(guard: unknown): boolean {
  if (guard instanceof UserTokenGuard || guard === UserTokenGuard) return true;
  return typeof guard === 'function' && guard.prototype instanceof UserTokenGuard;
}
