/*
 * Loaded before anything else, also by a Node that could load nothing else: no dependencies, no new syntax.
 */

const OLDEST_MAJOR = 20;
const OLDEST_MINOR = 19;

/** The message for a Node that is too old to run a command; `undefined` for any other. */
export function complaintAboutNode(command: string): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_MAJOR || (major === OLDEST_MAJOR && minor >= OLDEST_MINOR)) return undefined;
  return `${command} needs Node.js ${OLDEST_MAJOR}.${OLDEST_MINOR} or later; this is ${process.version}`;
}
