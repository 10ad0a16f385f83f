import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/*
 * What a platform calls its hosts, paths, headers and claims stands in lib/platform/ alone: if a fact turns out to be
 * otherwise, nothing else changes. Comments may name them, and lib/testing/ plays the platforms with words of its own.
 */

const LIB = join(import.meta.dirname, '..', '..', 'lib');
const MAY_NAME_THEM = ['platform/', 'testing/', 'cli/'];

const LITERALS = [
  /mindsphere\.io|mindsphere-in\.cn|siemens\.(?:app|com)/,
  /\bpiam\b|\bsws\b|gateway\.|\bapi\.cf\b/,
  /technicaltokenmanager|token_keys|oauth\/token|userTenants\b.*\?/,
  /x-space-auth-key/i,
  /iam-action|subtenant-impersonation|agentiam|caller_?context/,
  /^(?:ten|cid|client_id|user_id|user_name|zid)$|samauth/,
  /\b1000001700\b/,
];

/** Names that a claim has, where code reads it from an object. */
const CLAIMS = new Set(['ten', 'cid', 'client_id', 'user_id', 'user_name', 'zid']);

/** `file:line  literal` for each literal of a platform in code, comments left out. */
function literalsIn(name: string, source: string): string[] {
  const found: string[] = [];
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    if (isOfPlatform(node)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${name}:${line + 1}  ${node.getText()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isOfPlatform(node: ts.Node): boolean {
  if (ts.isIdentifier(node)) return CLAIMS.has(node.text) && isRead(node.parent);
  const isText =
    ts.isStringLiteralLike(node) ||
    ts.isRegularExpressionLiteral(node) ||
    node.kind === ts.SyntaxKind.TemplateHead ||
    node.kind === ts.SyntaxKind.TemplateMiddle ||
    node.kind === ts.SyntaxKind.TemplateTail;
  if (!isText || ts.isImportDeclaration(node.parent) || ts.isExportDeclaration(node.parent)) return false;
  // A name in a type, such as Pick<X, 'subtenant'>, or of one of our own options is no claim.
  if (ts.isLiteralTypeNode(node.parent)) return false;
  const { text } = node as ts.LiteralLikeNode;
  if (text === 'subtenant') return ts.isElementAccessExpression(node.parent);
  return LITERALS.some((literal) => literal.test(text));
}

/** Form fields of RFC 6749 have the same names as some claims, so only what reads a value counts. */
function isRead(parent: ts.Node): boolean {
  return ts.isBindingElement(parent) || ts.isPropertyAccessExpression(parent);
}

const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .filter((file) => !MAY_NAME_THEM.some((folder) => file.startsWith(folder)));

describe('the literals of the platforms', () => {
  it('stand in lib/platform/ alone', () => {
    expect(files.length).toBeGreaterThan(80);
    const found = files.flatMap((file) =>
      literalsIn(relative(LIB, join(LIB, file)), readFileSync(join(LIB, file), 'utf8')),
    );
    expect(found).toEqual([]);
  });

  it.each([
    'const url = `https://gateway.${region}.example`;',
    "const path = '/api/technicaltokenmanager/v3/oauth/token';",
    "const tenant = claims['ten'];",
    "const tenant = claims['subtenant'];",
    'const { ten } = claims;',
    "const header = 'X-SPACE-AUTH-KEY';",
    "const user = claims['sws.samauth.ten.user'];",
    'const host = /\\.sws\\.siemens\\.com$/;',
  ])('are found in %s', (source) => {
    expect(literalsIn('planted.ts', source)).toHaveLength(1);
  });

  it.each(['// claim `ten` of mindsphere.io', "import { x } from './user_id.js';", "type T = Pick<X, 'subtenant'>;"])(
    'are no fault in %s',
    (source) => {
      expect(literalsIn('planted.ts', source)).toEqual([]);
    },
  );
});
