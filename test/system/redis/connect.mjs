import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster, createSentinel } from 'redis';

const host = '127.0.0.1';
const ignore = () => undefined;

/** By `connection`: a client for one server, a cluster (its ports), or what sentinels (their ports) watch. */
const CLIENTS = {
  redis: async ({ port, cluster, sentinels }) => {
    const client = nodeRedis({ port, cluster, sentinels });
    client.on('error', ignore);
    await client.connect();
    return client;
  },
  ioredis: async ({ port, cluster, sentinels }) => {
    const client = ioRedis({ port, cluster, sentinels });
    client.on('error', ignore);
    await client.ping();
    return client;
  },
};

/** A connected client of the package that the connection names. */
export function connect({ client, ...servers }) {
  return CLIENTS[client](servers);
}

function nodeRedis({ port, cluster, sentinels }) {
  const socket = { reconnectStrategy: 100 };
  if (cluster) {
    const rootNodes = cluster.map((each) => ({ url: `redis://${host}:${each}` }));
    return createCluster({ rootNodes, defaults: { socket }, maxCommandRedirections: 100 });
  }
  if (sentinels) {
    const sentinelRootNodes = sentinels.map((each) => ({ host, port: each }));
    return createSentinel({ name: 'master', sentinelRootNodes, scanInterval: 500 });
  }
  return createClient({ url: `redis://${host}:${port}`, socket });
}

function ioRedis({ port, cluster, sentinels }) {
  if (cluster) return new Cluster(cluster.map((each) => ({ host, port: each })));
  if (sentinels) return new Redis({ name: 'master', sentinels: sentinels.map((each) => ({ host, port: each })) });
  return new Redis({ host, port });
}
