#!/usr/bin/env node
import { complaintAboutNode } from '../node-version.js';

/*
 * `mindsphere-emulator`: the emulator for local development, in any language, until SIGINT or SIGTERM. Status 2 for wrong
 * arguments, 1 where it cannot start. The rest is imported only where Node can load it.
 */

const complaint = complaintAboutNode('mindsphere-emulator');
if (complaint === undefined) {
  const { run } = await import('./run.js');
  await run(process.argv.slice(2));
} else {
  console.error(complaint);
  process.exitCode = 1;
}
