import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  Controller,
  Get,
  type INestApplication,
  type LoggerService,
  type ModuleMetadata,
  UseGuards,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import {
  MindsphereCredentialsModule,
  type MindsphereCredentialsModuleOptions,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { onTestFinished } from 'vitest';

/** The platforms a guard must work on. */
export const ADAPTERS = ['Express', 'Fastify'] as const;
export type Adapter = (typeof ADAPTERS)[number];

const makeAdapter = { Express: () => new ExpressAdapter(), Fastify: () => new FastifyAdapter() };

/** Answers `in` where the guard has accepted the token. */
@Controller()
export class GuardedController {
  @Get()
  @UseGuards(UserTokenGuard)
  guarded(): string {
    return 'in';
  }
}

/** What a caller got. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed, where it is JSON. */
  readonly body: unknown;
}

/** A listening application. */
export interface Served {
  readonly application: INestApplication;
  /** Asks a path; a token goes into the `Authorization` header. */
  readonly get: (path: string, token?: string, headers?: Record<string, string>) => Promise<HttpAnswer>;
}

/** What an application is made of. */
export interface Ingredients extends Pick<ModuleMetadata, 'imports' | 'controllers' | 'providers'> {
  /** Options of one more registration, without a name. */
  readonly options?: MindsphereCredentialsModuleOptions;
  /** Replaces parts of the application. */
  readonly change?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  readonly logger?: LoggerService;
  /** How many callers ask at once at most. Default 50. */
  readonly connections?: number;
}

/** Starts an application on a free port for the current test. */
export async function serve(
  adapter: Adapter,
  { options, imports = [], change = (builder) => builder, logger, connections = 50, ...rest }: Ingredients,
): Promise<Served> {
  const own = options === undefined ? [] : [MindsphereCredentialsModule.forRoot(options)];
  const builder = change(Test.createTestingModule({ imports: [...own, ...imports], ...rest }));
  const module = await (logger ? builder.setLogger(logger) : builder).compile();
  const application = module.createNestApplication(makeAdapter[adapter](), { logger: logger ?? false });
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  onTestFinished(async () => {
    agent.destroy();
    await application.close();
  });
  await application.listen(0, '127.0.0.1');
  const url = await application.getUrl();
  return {
    application,
    get: (path, token, headers = {}) => {
      const bearer: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      return getOver(agent, url + path, { ...bearer, ...headers });
    },
  };
}

async function getOver(agent: Agent, url: string, headers: Record<string, string>): Promise<HttpAnswer> {
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { agent, headers }, resolve).on('error', reject).end();
  });
  const body = await text(incoming);
  const isJson = String(incoming.headers['content-type']).includes('json');
  const parsed: unknown = isJson ? JSON.parse(body) : body;
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: parsed };
}
