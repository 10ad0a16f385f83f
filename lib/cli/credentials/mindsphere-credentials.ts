#!/usr/bin/env node
/*
 * `mindsphere-credentials`: doctor, token and verify. Status 0: done, or nothing failed; 1: something failed; 2: wrong
 * arguments. The rest is imported only where Node can load it.
 */

const OLDEST_NODE = [20, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  console.error(`mindsphere-credentials needs Node.js ${OLDEST_NODE.join('.')} or later; this is ${process.version}`);
  process.exitCode = 2;
} else {
  const { run } = await import('./run.js');
  process.exitCode = await run(process.argv.slice(2));
}
