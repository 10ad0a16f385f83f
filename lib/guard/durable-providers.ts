import { Injectable, type InjectionToken } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { CurrentAppCredentials } from '../credentials/current-app.credentials.js';
import { MindsphereCredentialsError } from '../errors/mindsphere-credentials.error.js';
import { getCredentialsToken } from '../registration/credentials-token.js';
import { Registrations } from '../registration/registrations.js';
import { UserToken } from '../users/user-token.js';

type NestModule = ModulesContainer extends Map<string, infer Module> ? Module : never;
type Wrapper = NestModule['providers'] extends Map<unknown, infer Provider> ? Provider : never;

/**
 * Finds the durable providers of the application that inject a request's user. Nest keeps such a provider for many
 * requests, with what it injected for the first of them, so it would go on acting for that request's user.
 */
@Injectable()
export class DurableProviders {
  readonly #modules: ModulesContainer;
  readonly #registrations: Registrations;
  #found?: readonly string[];

  constructor(modules: ModulesContainer, registrations: Registrations) {
    this.#modules = modules;
    this.#registrations = registrations;
  }

  /**
   * Throws `options_invalid`, with the names of these providers, where there are any. All providers of
   * a request share one `UserToken`, so it cannot know whether a durable one holds it.
   */
  demandNone(): void {
    this.#found ??= this.#search();
    if (this.#found.length === 0) return;
    throw new MindsphereCredentialsError(
      'options_invalid',
      `Durable providers inject UserToken or CurrentAppCredentials: ${this.#found.join(', ')}. They would go on acting for ` +
        "their first request's user, so neither can be used in this application. Leave out durable there, or pass the " +
        'user on as an argument.',
    );
  }

  #search(): string[] {
    const ofRequest = new Set<unknown>(this.#registrations.names.flatMap(requestScopedTokens));
    const modules = [...this.#modules.values()];
    const all = modules.flatMap(({ providers, controllers }) => [...providers.values(), ...controllers.values()]);
    const durable = all.filter((wrapper) => wrapper.durable === true && injects(wrapper, ofRequest));
    return [...new Set(durable.map(({ name }) => String(name)))];
  }
}

function requestScopedTokens(name: string | undefined): InjectionToken[] {
  return [getCredentialsToken(UserToken, name), getCredentialsToken(CurrentAppCredentials, name)];
}

/** Whether a provider injects one of these tokens, directly or through other providers. */
function injects(provider: Wrapper, tokens: ReadonlySet<unknown>, seen = new Set<Wrapper>()): boolean {
  if (seen.has(provider)) return false;
  seen.add(provider);
  return dependenciesOf(provider).some((wrapper) => tokens.has(wrapper.token) || injects(wrapper, tokens, seen));
}

/** What Nest injects into a provider's constructor, factory and properties. */
function dependenciesOf(provider: Wrapper): Wrapper[] {
  const properties = provider.getPropertiesMetadata() ?? [];
  return [...(provider.getCtorMetadata() ?? []), ...properties.map(({ wrapper }) => wrapper)] as Wrapper[];
}
