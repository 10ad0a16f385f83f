import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/*
 * Applications with `exactOptionalPropertyTypes` hand on values that may be undefined (`region: process.env['REGION']`), so
 * whatever may be left out of an object that the library is given may be undefined, too. What the library gives is readonly.
 */

const LIB = join(import.meta.dirname, '..', '..', 'lib');

/** `file: member` for each optional member that does not take undefined. */
function strictMembers(file: string, source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertySignature(node) && isStrict(node)) found.push(`${file}: ${node.getText()}`);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true));
  return found;
}

function isStrict({ questionToken, modifiers, type, parent }: ts.PropertySignature): boolean {
  const isReadonly = modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword) ?? false;
  const takes = type === undefined || /\b(?:undefined|unknown)\b/.test(type.getText());
  return ts.isInterfaceDeclaration(parent) && questionToken !== undefined && !isReadonly && !takes;
}

describe('optional members of what the library is given', () => {
  it('take undefined', () => {
    const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const found = files.flatMap((file) => strictMembers(file, readFileSync(join(LIB, file), 'utf8')));
    expect(found).toEqual([]);
  });

  it('are found where they do not', () => {
    const source = 'export interface X { a?: string; b?: string | undefined; readonly c?: string; d: string }';
    expect(strictMembers('x.ts', source)).toEqual(['x.ts: a?: string;']);
  });
});
