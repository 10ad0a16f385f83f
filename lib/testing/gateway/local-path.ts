const LONGEST = 2_048;

/** Placeholder for the gateway's origin: what resolves to another origin is not a local path. */
const BASE = 'http://own.invalid';

/**
 * A path, with query and fragment, to which a browser may be led back; `/` for everything else. What browsers take for another
 * host (`//host`, `/\host`, a tab between slashes) is parsed as they parse it, and what is sent is the parsed form.
 */
export function localPath(wanted: string | undefined): string {
  if (!wanted?.startsWith('/') || wanted.length > LONGEST || !URL.canParse(wanted, BASE)) return '/';
  const { origin, pathname, search, hash } = new URL(wanted, BASE);
  // A path that begins with two slashes is a host once it stands in `Location`.
  return origin === BASE && !pathname.startsWith('//') ? pathname + search + hash : '/';
}
