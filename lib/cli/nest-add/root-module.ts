const PACKAGE = 'nestjs-mindsphere-credentials';

/** The root module with our module among its imports; `undefined` where it has no `@Module({`, or `imports` is no list there. */
export function registered(source: string): string | undefined {
  if (source.includes('MindsphereCredentialsModule')) return source;
  const module = withItem(source, 'imports', 'MindsphereCredentialsModule.forRoot({ isGlobal: true })');
  return module === undefined ? undefined : withImport(module, PACKAGE, 'MindsphereCredentialsModule');
}

/** The root module with a guard for all routes. */
export function guarded(source: string): string | undefined {
  if (source.includes('UserTokenGuard')) return source;
  const module = withItem(source, 'providers', '{ provide: APP_GUARD, useExisting: UserTokenGuard }');
  if (module === undefined) return undefined;
  return withImport(withImport(module, PACKAGE, 'UserTokenGuard'), '@nestjs/core', 'APP_GUARD');
}

/** Puts an item first into a list of the module's metadata, which is made where it is missing; `undefined` where that cannot be done. */
function withItem(source: string, list: string, item: string): string | undefined {
  const decorator = /@Module\(\s*\{/.exec(source);
  if (decorator === null) return undefined;
  const start = decorator.index + decorator[0].length;
  const metadata = source.slice(start);
  const present = new RegExp(`\\b${list}\\s*:\\s*\\[\\s*`).exec(metadata);
  // Written in another way, as a variable for instance: a second property of the name would replace it.
  if (present === null && new RegExp(`\\b${list}\\s*[:,}]`).test(metadata)) return undefined;
  if (present === null) return `${source.slice(0, start)}\n  ${list}: [${item}],${source.slice(start)}`;
  const at = start + present.index + present[0].length;
  const separator = source[at] === ']' ? '' : ', ';
  return source.slice(0, at) + item + separator + source.slice(at);
}

/** Imports a name from a package: in its import, or in one that is made behind the last. */
function withImport(source: string, from: string, name: string): string {
  // Also in an import over several lines, or in other quotes.
  if (new RegExp(`^import\\s[^;'"]*\\b${name}\\b[^;'"]*from`, 'm').test(source)) return source;
  const present = new RegExp(`import \\{ ([^}]*) \\} from '${from}';`).exec(source);
  if (present !== null) {
    return source.replace(present[0], `import { ${present[1]}, ${name} } from '${from}';`);
  }
  const line = `import { ${name} } from '${from}';\n`;
  const last = [...source.matchAll(/^import .*;\n/gm)].at(-1);
  const at = last === undefined ? 0 : last.index + last[0].length;
  return source.slice(0, at) + line + source.slice(at);
}
