import { Body, Controller, Get, Post, UseGuards } from '@nestjs/common';
import {
  AppCredentials,
  CurrentAppCredentials,
  CurrentUser,
  CurrentUserMiddleware,
  CurrentUserToken,
  MindsphereCredentialsModule,
  MindsphereHttpService,
  UserToken,
  UserTokenGuard,
} from 'nestjs-mindsphere-credentials';
import { MindsphereEmulator } from 'nestjs-mindsphere-credentials/testing';
import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { short } from '../support/length.js';

/*
 * A tenant moves from mindsphere.io to siemens.app while its users work: at first all on the one, then on both, then on
 * the other. Another tenant stays, a third was moved before. Nobody is refused, nobody sees another tenant's data.
 */

const ASSETS = '/api/assetmanagement/v3/assets';

/** The tenants by the name that they keep, with their ids on siemens.app. */
const IDS = { acme: '1000000351', globex: '1000000352', initech: '1000000353' } as const;
type Name = keyof typeof IDS;
type Platform = 'mindsphere' | 'xcelerator';

/** What a request finds out about its user, by each way there is. */
interface Seen {
  platform: string;
  tenant: string;
  tenantName: string;
  /** What an API was told, by the ways to act: user, forUser, CurrentAppCredentials, CurrentUser. */
  calls: { platform?: string; path: string; tenant: string }[];
  notes: string[];
}

interface ApiAnswer {
  platform?: string;
  path: string;
  tenant: string;
}

@UseGuards(UserTokenGuard)
@Controller('notes')
class NotesController {
  static readonly notes = new Map<string, string[]>();

  constructor(
    private readonly http: MindsphereHttpService,
    private readonly app: AppCredentials,
    private readonly current: CurrentAppCredentials,
    private readonly running: CurrentUser,
  ) {}

  @Get()
  async read(@CurrentUserToken() user: UserToken): Promise<Seen> {
    const ways = [user, this.app.forUser(user), this.current, this.running.appCredentials()];
    const answers = ways.map((way) => firstValueFrom(this.http.as(way).get<ApiAnswer>(ASSETS)));
    const calls = (await Promise.all(answers)).map(({ data: { platform, path, tenant } }) => ({
      platform,
      path,
      tenant,
    }));
    const { platform = '', tenant = '', tenantName = '' } = user;
    return { platform, tenant, tenantName, calls, notes: NotesController.notes.get(tenantName) ?? [] };
  }

  @Post()
  write(@CurrentUserToken() { tenantName = '' }: UserToken, @Body() { note }: { note: string }): void {
    const notes = NotesController.notes.get(tenantName) ?? [];
    NotesController.notes.set(tenantName, [...notes, note]);
  }
}

async function lab(adapter: ExpressAdapter | FastifyAdapter) {
  const emulator = await MindsphereEmulator.start({ xcelerator: true });
  onTestFinished(() => emulator.close());
  NotesController.notes.clear();
  const { app, xcelerator, ...options } = emulator.moduleOptions;
  @Module({
    imports: [
      MindsphereCredentialsModule.forRootAsync({
        useFactory: () => ({
          ...options,
          app,
          xcelerator: {
            ...xcelerator,
            // Of one tenant the claim says the name, the others are in the map.
            tenantName: { [IDS.acme]: 'acme', [IDS.globex]: 'globex' },
          },
        }),
      }),
    ],
    controllers: [NotesController],
  })
  class NotesModule implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(CurrentUserMiddleware).forRoutes('*path');
    }
  }
  const module = await Test.createTestingModule({ imports: [NotesModule] }).compile();
  const application = module.createNestApplication(adapter as ExpressAdapter, { logger: false });
  await application.listen(0, '127.0.0.1');
  onTestFinished(() => application.close());
  const url = `${await application.getUrl()}/notes`;
  return { emulator, url };
}

type Lab = Awaited<ReturnType<typeof lab>>;

/** A fresh token of a user of a tenant, as the gateway of that platform puts it into the request. */
function tokenOf({ emulator }: Lab, name: Name, platform: Platform): string {
  const scopes = ['myapp.user'];
  if (platform === 'mindsphere') return emulator.issueUserToken({ tenant: name, scopes });
  // The map knows the others.
  const tenantName = name === 'initech' ? name : undefined;
  return emulator.issueUserToken({ platform, tenant: IDS[name], scopes, ...(tenantName && { tenantName }) });
}

async function read(stage: Lab, name: Name, platform: Platform): Promise<Seen> {
  const authorization = `Bearer ${tokenOf(stage, name, platform)}`;
  const answer = await fetch(stage.url, { headers: { authorization } });
  expect([name, platform, answer.status]).toEqual([name, platform, 200]);
  return (await answer.json()) as Seen;
}

async function write(stage: Lab, name: Name, platform: Platform, note: string): Promise<void> {
  const authorization = `Bearer ${tokenOf(stage, name, platform)}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const { status } = await fetch(stage.url, { method: 'POST', headers, body: JSON.stringify({ note }) });
  expect([name, platform, status]).toEqual([name, platform, 201]);
}

/** What a user of a tenant has to see, whichever way the request came. */
function expected(name: Name, platform: Platform): Omit<Seen, 'notes'> {
  const tenant = platform === 'mindsphere' ? name : IDS[name];
  const call =
    platform === 'mindsphere'
      ? { path: ASSETS, tenant }
      : { platform, path: '/api/assetmanagement-1000001700/v3/assets', tenant };
  return { platform, tenant, tenantName: name, calls: [call, call, call, call] };
}

/** Users of these tenants on these platforms, all at once, each reading and writing several times. */
async function work(stage: Lab, users: readonly (readonly [Name, Platform])[], written: Set<string>): Promise<void> {
  const rounds = users.flatMap((user) => Array.from({ length: short(2, 8) }, (_, round) => [...user, round] as const));
  await Promise.all(
    rounds.map(async ([name, platform, round]) => {
      const note = `${name}:${platform}:${round}:${written.size}`;
      written.add(note);
      await write(stage, name, platform, note);
      const { notes, ...seen } = await read(stage, name, platform);
      expect(seen).toEqual(expected(name, platform));
      expect(notes).toContain(note);
      expect(notes.filter((other) => !other.startsWith(`${name}:`))).toEqual([]);
    }),
  );
}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('a tenant that moves to siemens.app, on %s', (_, adapter) => {
  it('loses no request and no data, and nothing of it crosses', async () => {
    const stage = await lab(adapter());
    const { emulator } = stage;
    const others = [
      ['globex', 'mindsphere'],
      ['initech', 'xcelerator'],
    ] as const;
    const written = new Set<string>();

    await work(stage, [['acme', 'mindsphere'], ...others], written);
    emulator.rotateKeys('xcelerator');
    await work(stage, [['acme', 'mindsphere'], ['acme', 'xcelerator'], ...others], written);
    emulator.rotateKeys('mindsphere');
    await work(stage, [['acme', 'xcelerator'], ...others], written);

    const { notes } = await read(stage, 'acme', 'xcelerator');
    expect(notes.toSorted()).toEqual([...written].filter((note) => note.startsWith('acme:')).toSorted());
    // One token for each tenant and platform served the whole move.
    const tokens = (platform: Platform) => emulator.requests('app-token', { platform }).length;
    expect([tokens('mindsphere'), tokens('xcelerator')]).toEqual([2, 2]);
  });

  it('is served on one platform while the other is down', async () => {
    const stage = await lab(adapter());
    stage.emulator.failNext('app-token', { platform: 'mindsphere', times: 1_000, status: 503 });
    stage.emulator.failNext('token-keys', { platform: 'mindsphere', times: 1_000, status: 503 });
    await work(stage, [['acme', 'xcelerator']], new Set());
    expect(stage.emulator.requests('app-token').map(({ platform }) => platform)).toEqual(['xcelerator']);
  });
});
