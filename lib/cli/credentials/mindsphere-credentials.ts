#!/usr/bin/env node
import { complaintAboutNode } from '../node-version.js';

/*
 * `mindsphere-credentials`: doctor, token and verify. Status 0: done, or nothing failed; 1: something failed; 2: wrong
 * arguments. The rest is imported only where Node can load it.
 */

const complaint = complaintAboutNode('mindsphere-credentials');
if (complaint === undefined) {
  const { run } = await import('./run.js');
  process.exitCode = await run(process.argv.slice(2));
} else {
  console.error(complaint);
  process.exitCode = 2;
}
