import type { RequestOptions } from '../config/module-options.interface.js';

/** The variables that Axios finds a proxy in. */
const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy'].flatMap((name) => [name, name.toUpperCase()]);

/** The passwords of the proxies that a request may go through: a proxy's error page may echo them. */
export function proxySecrets({ proxy }: NonNullable<RequestOptions['axios']>): string[] {
  const given = typeof proxy === 'object' ? proxy.auth : undefined;
  const found = PROXY_VARIABLES.map((name) => credentialsOf(process.env[name]));
  return [given, ...found].flatMap((auth) =>
    auth === undefined || auth.password === '' ? [] : [auth.password, `${auth.username}:${auth.password}`],
  );
}

function credentialsOf(url: string | undefined): { username: string; password: string } | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { username, password } = new URL(url);
  return { username: decoded(username), password: decoded(password) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
