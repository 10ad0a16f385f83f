import type { OptionReader } from './option-reader.js';
import type { ResolvedOptions } from './resolved-options.interface.js';
import { isBaseUrl } from './resolve-urls.js';
import { rules } from './rules.js';

/** The options of `http`. */
export function resolveHttp(options: OptionReader): ResolvedOptions['http'] {
  const insecure = options.optional('allowInsecureHttp', rules.boolean) ?? false;
  const given = options.section('http', ['allowedOrigins']).optional('allowedOrigins', originsRule(insecure));
  return { allowedOrigins: (given ?? []).map((origin) => new URL(origin).origin) };
}

function originsRule(insecure: boolean) {
  const scheme = insecure ? 'http: or https:' : 'https: (http: only for a loopback address)';
  return {
    test: (value: unknown): value is readonly string[] =>
      Array.isArray(value) && value.every((item) => isOrigin(item, insecure)),
    demand: `must be a list of origins, ${scheme}, host and port, nothing else`,
  };
}

function isOrigin(value: unknown, insecure: boolean): boolean {
  return typeof value === 'string' && isBaseUrl(value, insecure) && /^[a-z]+:\/\/[^/]+\/?$/i.test(value);
}
