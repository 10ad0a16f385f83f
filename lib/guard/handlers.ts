import type { Type } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { RouteRulesReader } from './route-rules.js';
import { UserTokenGuard } from './user-token.guard.js';

/** Where Nest keeps what `@UseGuards()` says; the same in NestJS 11 and 12. */
const GUARDS = '__guards__';

const scanner = new MetadataScanner();
const rules = new RouteRulesReader();

/** A method that some decorator marks, as a method of a class that Nest builds. */
export interface Handler {
  /** `Class.method`, for messages. */
  readonly name: string;
  readonly key: string;
  readonly type: Type;
  readonly method: (...args: never[]) => unknown;
  /** The class of the module that provides it. */
  readonly module: unknown;
}

/** All of them in an application, those that classes inherit among them. */
export function handlersIn(modules: ModulesContainer): Handler[] {
  return [...modules.values()].flatMap(({ controllers, providers, metatype }) =>
    [...controllers.values(), ...providers.values()].flatMap(({ instance }) => handlersOf(instance, metatype)),
  );
}

/** Whether `UserTokenGuard`, or a subclass, is applied to a handler or its class, and the handler is not public. */
export function isGuarded({ type, method }: Handler): boolean {
  return guardsOn(method, type).some(isUserTokenGuard) && !rules.ofHandler(type, method).isPublic;
}

/** Whether the guard that looks for the route's registration is applied; subclasses bring one of their own. */
export function needsRegistration(handler: Handler): boolean {
  return isGuarded(handler) && guardsOn(handler.method, handler.type).includes(UserTokenGuard);
}

/** The registration that a handler, or its class, names. */
export function registrationOf({ type, method }: Handler): string | undefined {
  return rules.ofHandler(type, method).registration;
}

function handlersOf(instance: unknown, module: unknown): Handler[] {
  if (typeof instance !== 'object' || instance === null) return [];
  const prototype = Object.getPrototypeOf(instance) as { readonly constructor?: unknown } | null;
  const type = prototype?.constructor;
  if (prototype === null || typeof type !== 'function' || prototype === Object.prototype) return [];
  return scanner.getAllMethodNames(prototype).flatMap((key) => {
    const method = methodOf(prototype, key);
    // A method that no decorator marks is no handler.
    if (method === undefined || Reflect.getMetadataKeys(method).length === 0) return [];
    return [{ key, name: `${type.name}.${key}`, type: type as Type, method, module }];
  });
}

function methodOf(prototype: object, key: string): Handler['method'] | undefined {
  const method: unknown = Reflect.get(prototype, key);
  return typeof method === 'function' ? (method as Handler['method']) : undefined;
}

function guardsOn(...targets: readonly object[]): unknown[] {
  return targets.flatMap((target) => (Reflect.getMetadata(GUARDS, target) as unknown[] | undefined) ?? []);
}

function isUserTokenGuard(guard: unknown): boolean {
  if (guard instanceof UserTokenGuard || guard === UserTokenGuard) return true;
  return typeof guard === 'function' && guard.prototype instanceof UserTokenGuard;
}
