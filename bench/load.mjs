import autocannon from 'autocannon';

/** The load, from a process of its own: what it costs must not count as the server's. */
process.on('message', async ({ url, token, requests }) => {
  const headers = { authorization: `Bearer ${token}` };
  const started = performance.now();
  let last = started;
  // It ends with a sample, so the last answer tells when it was done.
  const run = autocannon({ url, headers, connections: 20, amount: requests, sampleInt: 20 });
  run.on('response', () => (last = performance.now()));
  const { non2xx, errors } = await run;
  process.send({ failed: non2xx + errors, perSecond: (requests * 1_000) / (last - started) });
});
