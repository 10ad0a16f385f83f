import autocannon from 'autocannon';

/** The load, from a process of its own: what it costs must not count as the server's. */
process.on('message', async ({ url, token, requests }) => {
  const headers = { authorization: `Bearer ${token}` };
  const started = performance.now();
  const { non2xx, errors } = await autocannon({ url, headers, connections: 20, amount: requests });
  process.send({ failed: non2xx + errors, perSecond: (requests * 1_000) / (performance.now() - started) });
});
