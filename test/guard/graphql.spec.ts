import type { AddressInfo } from 'node:net';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type DynamicModule, Module, type Type, UseGuards } from '@nestjs/common';
import { Field, GraphQLModule, ObjectType, Parent, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import {
  CurrentUserToken,
  MindsphereCredentialsModule,
  Public,
  RequireScopes,
  UserToken,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { type Client, createClient } from 'graphql-ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { APP, failureOf } from '../support/application.js';
import { KeyServer, testKey } from '../support/key-server.js';
import { ADAPTERS, serve } from '../support/key-server-http.js';

const KEY = testKey('key-id-1', 0);
const text = () => String;

@ObjectType()
class Plant {
  @Field(text) name!: string;
}

const query = () => Plant;

/** Resolvers of the same field, each marked in another way. */
function resolvers() {
  @Resolver(query)
  class MarkedField {
    @Query(query) plant() {
      return { name: 'p' };
    }
    @RequireScopes('myapp.secret')
    @ResolveField(text)
    secret(@Parent() { name }: Plant) {
      return `secret of ${name}`;
    }
  }
  @Resolver(query)
  class GuardedField {
    @Query(query) plant() {
      return { name: 'p' };
    }
    @UseGuards(UserTokenGuard)
    @ResolveField(text)
    secret() {
      return 'secret';
    }
  }
  @UseGuards(UserTokenGuard)
  @Resolver(query)
  class GuardedClass {
    @Query(query) plant() {
      return { name: 'p' };
    }
    @ResolveField(text)
    secret() {
      return 'secret';
    }
  }
  class Subclass extends UserTokenGuard {}
  @Resolver(query)
  class SubclassField {
    @Query(query) plant() {
      return { name: 'p' };
    }
    @UseGuards(Subclass)
    @ResolveField(text)
    secret() {
      return 'secret';
    }
  }
  @UseGuards(UserTokenGuard)
  @Resolver(query)
  class PublicField {
    @Query(query) plant() {
      return { name: 'p' };
    }
    @Public()
    @ResolveField(text)
    secret() {
      return 'open secret';
    }
  }
  return { MarkedField, GuardedField, GuardedClass, SubclassField, PublicField };
}

const graphql = (options: Partial<ApolloDriverConfig> = {}): DynamicModule =>
  GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    autoSchemaFile: true,
    graphiql: false,
    ...options,
  });

async function servePlants(resolver: Type, options?: Partial<ApolloDriverConfig>) {
  const server = await KeyServer.start(KEY);
  const served = await serve('Express', {
    options: { ...server.platform.urls, app: APP, tenant: false },
    imports: [graphql(options)],
    providers: [resolver],
  });
  const ask = async (asked: string, token?: string) => {
    const headers = { 'apollo-require-preflight': 'true' };
    const { body } = await served.get(`/graphql?query=${encodeURIComponent(asked)}`, token, headers);
    return body as { data?: unknown; errors?: { extensions?: { code?: string } }[] };
  };
  return { server, ask };
}

describe('a mark on a GraphQL field resolver', () => {
  const all = resolvers();

  it.each(['MarkedField', 'GuardedField', 'GuardedClass', 'SubclassField'] as const)(
    'stops the start without the setting that makes Nest run guards there: %s',
    async (name) => {
      const failure = await failureOf(servePlants(all[name]));
      expect(failure.code).toBe('options_invalid');
      expect(failure.message).toContain(`${name}.secret`);
      expect(failure.message).toContain("fieldResolverEnhancers: ['guards']");
    },
  );

  it('does what it says with the setting', async () => {
    const { server, ask } = await servePlants(all.MarkedField, { fieldResolverEnhancers: ['guards'] });
    expect((await ask('{ plant { name } }')).data).toEqual({ plant: { name: 'p' } });
    const codes = async (token?: string) => (await ask('{ plant { secret } }', token)).errors?.[0]?.extensions?.code;
    expect(await codes()).toBe('UNAUTHENTICATED');
    expect(await codes(server.token(KEY))).toBe('FORBIDDEN');
    const good = server.token(KEY, { scope: ['myapp.secret'] });
    expect((await ask('{ plant { secret } }', good)).data).toEqual({ plant: { secret: 'secret of p' } });
  });

  it('may say that the field is public', async () => {
    const { ask } = await servePlants(all.PublicField);
    expect((await ask('{ plant { secret } }')).errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
  });

  it('counts only for an endpoint that serves the resolver', async () => {
    @Resolver(query)
    class Other {
      @Query(query) plant() {
        return { name: 'p' };
      }
    }
    @Module({ providers: [Other] })
    class OtherModule {}
    @Module({ imports: [OtherModule, graphql({ include: [OtherModule] })] })
    class Endpoint {}
    const { MarkedField } = resolvers();
    const server = await KeyServer.start(KEY);
    const registration = MindsphereCredentialsModule.forRoot({
      ...server.platform.urls,
      app: APP,
      tenant: false,
      isGlobal: true,
    });
    const start = serve('Express', { imports: [registration, Endpoint], providers: [MarkedField] });
    await expect(start).resolves.toBeDefined();
  });
});

describe.each(ADAPTERS)('a subscription by graphql-ws on %s', (adapter) => {
  @Resolver(query)
  class Ticks {
    @Query(text) nothing() {
      return '';
    }
    @RequireScopes('myapp.user')
    @Subscription(text, { resolve: (value: string) => value })
    async *ticks(@CurrentUserToken() user: UserToken) {
      yield await Promise.resolve(`tick for ${user.userName} of ${user.tenant}`);
    }
  }

  /** As docs/graphql.md shows it. */
  interface Connection {
    readonly connectionParams?: Readonly<Record<string, unknown>>;
    readonly extra: { readonly request: { readonly headers: object; readonly rawHeaders: readonly string[] } };
  }
  const context = (first: { req?: unknown } | Connection) => {
    if (!('extra' in first)) return first;
    const { connectionParams, extra } = first;
    const authorization = connectionParams?.['authorization'];
    return { req: authorization === undefined ? extra.request : { headers: { authorization } } };
  };

  async function lab() {
    const server = await KeyServer.start(KEY);
    const { application } = await serve(adapter, {
      options: { ...server.platform.urls, app: APP, tenant: false },
      imports: [graphql({ subscriptions: { 'graphql-ws': true }, context })],
      providers: [Ticks],
    });
    const { port } = application.getHttpServer().address() as AddressInfo;
    return { server, url: `ws://127.0.0.1:${port}/graphql` };
  }

  function firstOf(client: Client): Promise<unknown> {
    onTestFinished(async () => client.dispose());
    return new Promise((resolve, reject) => {
      client.subscribe(
        { query: 'subscription { ticks }' },
        { next: resolve, error: reject, complete: () => resolve('over') },
      );
    });
  }

  it('has the token of its connection parameters', async () => {
    const { server, url } = await lab();
    const by = (token?: string) =>
      firstOf(
        createClient({
          url,
          webSocketImpl: WebSocket,
          connectionParams: token === undefined ? {} : { authorization: `Bearer ${token}` },
        }),
      );
    expect(await by(server.token(KEY, { scope: ['myapp.user'] }))).toEqual({
      data: { ticks: 'tick for ann@acme of acme' },
    });
    const refused = async (token?: string) => JSON.stringify(await by(token).catch((error: unknown) => error));
    expect(await refused()).toContain('UNAUTHENTICATED');
    expect(await refused(server.forged(KEY.kid))).toContain('UNAUTHENTICATED');
    expect(await refused(server.token(KEY, { scope: [] }))).toContain('FORBIDDEN');
  });

  it("has the token of its handshake's header, of which there may be one", async () => {
    const { server, url } = await lab();
    const token = server.token(KEY, { scope: ['myapp.user'] });
    class WithHeader extends WebSocket {
      constructor(address: string, protocols: string) {
        super(address, protocols, { headers: { authorization: `Bearer ${token}` } });
      }
    }
    expect(await firstOf(createClient({ url, webSocketImpl: WithHeader }))).toEqual({
      data: { ticks: 'tick for ann@acme of acme' },
    });
    class WithTwo extends WebSocket {
      constructor(address: string, protocols: string) {
        super(address, protocols, {
          headers: { authorization: [`Bearer ${token}`, `Bearer ${token}`] as unknown as string },
        });
      }
    }
    const answer = await firstOf(createClient({ url, webSocketImpl: WithTwo })).catch((error: unknown) => error);
    expect(JSON.stringify(answer)).toContain('UNAUTHENTICATED');
  });
});
