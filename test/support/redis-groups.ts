import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, RedisServer } from './redis-server.js';

const run = promisify(execFile);

/** After so long without an answer a master counts as dead. */
const DEAD_AFTER_MS = 1_000;

/** Redis servers in which a replica takes over from a master that dies. */
export interface RedisGroup {
  /** How an instance reaches it. */
  readonly connection: { readonly cluster: readonly number[] } | { readonly sentinels: readonly number[] };
  /** Kills a master: of a cluster, the one with the first third of the keys. */
  readonly killMaster: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A Redis Cluster: three masters, each with a replica. */
export async function startCluster(): Promise<RedisGroup> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-cluster-'));
  const startNode = async (_: unknown, index: number) =>
    RedisServer.start(...nodeFlags({ dir: folder, 'cluster-config-file': `${index}.conf` }, await freePort()));
  const servers = await Promise.all(Array.from({ length: 6 }, startNode));
  const nodes = servers.map(({ port }) => `127.0.0.1:${port}`);
  await run('redis-cli', ['--cluster', 'create', ...nodes, '--cluster-replicas', '1', '--cluster-yes']);
  await until(async () => (await Promise.all(servers.map(isClusterReady))).every(Boolean));
  return {
    connection: { cluster: servers.map(({ port }) => port) },
    killMaster: () => servers[0]!.stop(),
    stop: () => stopAll(servers, folder),
  };
}

function nodeFlags(own: Record<string, string>, busPort: number): string[] {
  const settings = {
    ...own,
    'cluster-enabled': 'yes',
    'cluster-port': String(busPort),
    'cluster-node-timeout': String(DEAD_AFTER_MS),
    'cluster-replica-validity-factor': '0',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** A master, a replica, and three sentinels that watch them. */
export async function startSentinels(): Promise<RedisGroup> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-sentinel-'));
  const master = await RedisServer.start();
  const replica = await RedisServer.start(
    '--replicaof',
    '127.0.0.1',
    String(master.port),
    '--repl-diskless-sync-delay',
    '0',
  );
  const startSentinel = async (_: unknown, index: number) => {
    const file = join(folder, `${index}.conf`);
    await writeFile(file, sentinelConfiguration(master.port, folder));
    return RedisServer.startSentinel(file);
  };
  const sentinels = await Promise.all(Array.from({ length: 3 }, startSentinel));
  const servers = [master, replica, ...sentinels];
  await until(async () => (await ask(replica, 'info', 'replication')).includes('master_link_status:up'));
  await until(async () => (await Promise.all(sentinels.map(seesAll))).every(Boolean));
  return {
    connection: { sentinels: sentinels.map(({ port }) => port) },
    killMaster: () => master.stop(),
    stop: () => stopAll(servers, folder),
  };
}

function sentinelConfiguration(masterPort: number, folder: string): string {
  return [
    `dir ${folder}`,
    `sentinel monitor master 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds master ${DEAD_AFTER_MS}`,
    'sentinel failover-timeout master 5000',
    '',
  ].join('\n');
}

async function isClusterReady(server: RedisServer): Promise<boolean> {
  const [info, nodes] = await Promise.all([ask(server, 'cluster', 'info'), ask(server, 'cluster', 'nodes')]);
  return info.includes('cluster_state:ok') && nodes.split('\n').filter((line) => /[ ,]slave /.test(line)).length === 3;
}

async function seesAll(sentinel: RedisServer): Promise<boolean> {
  const info = await ask(sentinel, 'info', 'sentinel');
  return info.includes('status=ok') && info.includes('slaves=1,sentinels=3');
}

async function ask({ port }: RedisServer, ...command: string[]): Promise<string> {
  return (await run('redis-cli', ['-p', String(port), ...command])).stdout;
}

async function stopAll(servers: readonly RedisServer[], folder: string): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  // oxlint-disable-next-line no-await-in-loop -- one look after the other
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('the servers did not find each other');
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
