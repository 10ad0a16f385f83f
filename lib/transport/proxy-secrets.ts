import type { RequestOptions } from '../config/sections/requests.options.js';

/** The variables that Axios finds a proxy in. */
const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy'].flatMap((name) => [name, name.toUpperCase()]);

interface Login {
  readonly username: string;
  readonly password: string;
}

/** The passwords of the proxies that a request may go through: a proxy's error page may echo them. */
export function proxySecrets({ proxy }: NonNullable<RequestOptions['axios']>): string[] {
  const given = typeof proxy === 'object' && proxy.auth !== undefined ? [proxy.auth] : [];
  const found = PROXY_VARIABLES.flatMap((name) => loginsOf(process.env[name]));
  return [...given, ...found].flatMap(({ username, password }) =>
    password === '' ? [] : [password, `${username}:${password}`],
  );
}

/** As it stands in the URL, which is what Axios sends (measured with 1.21), and as it is meant. */
function loginsOf(url: string | undefined): Login[] {
  if (url === undefined || !URL.canParse(url)) return [];
  const { username, password } = new URL(url);
  return [
    { username, password },
    { username: decoded(username), password: decoded(password) },
  ];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
