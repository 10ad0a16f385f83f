import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/*
 * Two rules for the sources in lib/, beside those for imports: literals of a platform stand in lib/platform/ alone, and
 * state that belongs to the process stands only where docs/architecture.md lists it. `npm run check:architecture`.
 */

/** What may name a platform's hosts, paths, headers and claims: `testing` plays the platforms with words of its own. */
const MAY_NAME_THEM = /^(?:platform|testing)\/|^cli\/[^/]+\/usage\.ts$/;

const LITERALS = [
  /mindsphere\.io|mindsphere-in\.cn|siemens\.(?:app|com)/,
  /\bpiam\b|\bsws\b|gateway\.|\bapi\.cf\b|southgate/,
  /technicaltokenmanager|token_keys|oauth\/token|userTenants\b.*\?/,
  // Behind a blank it is prose.
  /(?:^|[^\w. ])\/api\b/,
  /x-space-auth-key/i,
  /iam-action|subtenant-impersonation|agentiam|caller_?context|urn:siemens/,
  /^(?:ten|cid|client_id|user_id|user_name|zid)$|samauth/,
  /\b1000001700\b|^(?:core|eu\d|cn\d)$/,
];

/** Names that a claim has, where code reads it from an object. Form fields of RFC 6749 have the names of some, too. */
const CLAIMS = new Set(['ten', 'cid', 'client_id', 'user_id', 'user_name', 'zid']);

/** `line  code` for each literal of a platform in code, comments left out. */
export function platformLiteralsIn(name, source) {
  return MAY_NAME_THEM.test(name) ? [] : nodesIn(name, source, isOfPlatform);
}

function isOfPlatform(node) {
  const { parent } = node;
  if (ts.isIdentifier(node)) {
    return CLAIMS.has(node.text) && (ts.isBindingElement(parent) || ts.isPropertyAccessExpression(parent));
  }
  const isString =
    ts.isStringLiteralLike(node) || ts.isRegularExpressionLiteral(node) || ts.isTemplateMiddleOrTemplateTail(node);
  if (!isString && node.kind !== ts.SyntaxKind.TemplateHead) return false;
  if (isModuleName(node)) return false;
  // A name in a type, such as Pick<X, 'subtenant'>, or of one of our own options is no claim.
  if (ts.isLiteralTypeNode(parent)) return false;
  if (node.text === 'subtenant') return ts.isElementAccessExpression(parent);
  return LITERALS.some((literal) => literal.test(node.text));
}

function isModuleName({ parent }) {
  return ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent) || isImport(parent);
}

function isImport(node) {
  return ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
}

/** Calls whose result holds nothing that changes. */
const STATELESS_CALLS =
  /^(?:new ConfigurableModuleBuilder\b.*|\[.*\]\.join|Symbol|Symbol\.for|Object\.(?:freeze|values|create)|createParamDecorator|getAdapter|sectionOf<.*>\(\)|optional|required|withDefault|placeOf|requiredOf|hosts\.\w+|complaintAboutNode|milliseconds|count|functionLike|Math\.\w+)$/s;
const STATELESS_CLASSES = /^(?:URL|RegExp)$/;
/** A statement that changes what belongs to others. */
const PATCH =
  /^(?:globalThis\b|process\.env\b|\w+\.prototype\b)[^=;]*=[^=>]|^(?:Object\.(?:assign|definePropert(?:y|ies))\((?:globalThis|\w+\.prototype)\b|Reflect\.defineMetadata\()/s;
/** What a type must say of a collection that nobody changes. */
const READONLY = /^(?:readonly |Readonly|Kind<)/;

/** `line  code` for each value of a module, or static member, that may change or hold what changes. */
export function moduleStateIn(name, source) {
  return nodesIn(name, source, isModuleState);
}

function isModuleState(node) {
  if (ts.isVariableDeclaration(node)) {
    if (!ts.isSourceFile(node.parent.parent.parent)) return false;
    // Of a list that is taken apart nothing else remains.
    if (ts.isArrayBindingPattern(node.name)) return false;
    return (node.parent.flags & ts.NodeFlags.Const) === 0 || mayChange(node.initializer, node.type);
  }
  if (ts.isPropertyDeclaration(node) && ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Static) {
    const isReadonly = ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Readonly;
    return !isReadonly || mayChange(node.initializer, node.type);
  }
  if (ts.isClassStaticBlockDeclaration(node)) return true;
  return PATCH.test(ts.isExpressionStatement(node) ? node.getText() : '');
}

/** Whether a value may change once it is made, or hold something that may. */
function mayChange(value, type) {
  if (value === undefined) return true;
  if (ts.isSatisfiesExpression(value) || ts.isParenthesizedExpression(value)) return mayChange(value.expression, type);
  if (ts.isAsExpression(value)) return value.type.getText() !== 'const' && mayChange(value.expression, type);
  if (type !== undefined && READONLY.test(type.getText())) return false;
  if (ts.isArrayLiteralExpression(value)) return true;
  if (ts.isObjectLiteralExpression(value)) return value.properties.length === 0 || value.properties.some(holdsState);
  if (ts.isNewExpression(value)) return !STATELESS_CLASSES.test(value.expression.getText());
  if (ts.isCallExpression(value)) return !STATELESS_CALLS.test(value.expression.getText());
  return false;
}

function holdsState(property) {
  if (!ts.isPropertyAssignment(property)) return false;
  const { initializer } = property;
  return ts.isNewExpression(initializer) || (ts.isObjectLiteralExpression(initializer) && mayChange(initializer));
}

function nodesIn(name, source, isWanted) {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true);
  const found = [];
  const visit = (node) => {
    if (isWanted(node)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${line + 1}  ${node.getText().split('\n')[0]}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The files that a table of docs/architecture.md lists as places of state that belongs to the process. */
export function placesOfState(page) {
  const [, section = ''] = page.split('\n### What belongs to the process\n');
  const rows = section
    .split('\n## ')[0]
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2);
  return rows.map((row) => /`([\w./-]+\.ts)`/.exec(row.split('|')[2])?.[1]);
}

/** The sources of lib/ by their paths in it. */
export function sourcesIn(directory) {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.toSorted().map((file) => [file, readFileSync(join(directory, file), 'utf8')]);
}
