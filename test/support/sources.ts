// Reads the repository's own files for the house rules: text, syntax tree, imports, names, strings.
// It knows no rule; the rules are in arrows.ts and house.ts. A file is a value, so that a planted
// violation goes through the same functions as the real files.

import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

import { parseSync } from 'vite';

export type SourceFile = { readonly path: string; readonly text: string };

/** A syntax node in ESTree's form, as oxc gives it. */
export type Node = {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
};

export type Comment = { readonly text: string; readonly start: number; readonly end: number };

/** `address` is `new URL('./worker.ts', import.meta.url)`: an import by another door. */
export type Import = {
  readonly specifier: string;
  readonly how: 'value' | 'type' | 'dynamic' | 'address';
  readonly at: number;
};

export type Syntax = { readonly program: Node; readonly comments: readonly Comment[] };

const ignored = new Set(['node_modules', '.git', '.cache', 'dist', 'coverage']);

/** Every file of the repository that is not ignored by git, with paths relative to its root. */
export function filesUnder(root: string, folder = ''): SourceFile[] {
  const found: SourceFile[] = [];
  const entries = readdirSync(posix.join(root, folder), { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = posix.join(folder, entry.name);
    if (ignored.has(entry.name) || entry.name.endsWith('.log')) continue;
    if (entry.isDirectory()) found.push(...filesUnder(root, path));
    else if (entry.isFile())
      found.push({ path, text: readFileSync(posix.join(root, path), 'utf8') });
  }
  return found;
}

export function under(files: readonly SourceFile[], ...folders: string[]): SourceFile[] {
  return files.filter((file) => folders.some((folder) => file.path.startsWith(`${folder}/`)));
}

/** TypeScript modules; declaration files have no imports to follow and no code to judge. */
export function modules(files: readonly SourceFile[]): SourceFile[] {
  return files.filter((file) => file.path.endsWith('.ts') && !file.path.endsWith('.d.ts'));
}

export function lineOf(file: SourceFile, at: number): number {
  return file.text.slice(0, at).split('\n').length;
}

const parsed = new WeakMap<SourceFile, Syntax>();

/** The syntax of a module; throws on a syntax error, because no rule could then be trusted. */
export function syntaxOf(file: SourceFile): Syntax {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const { program, comments, errors } = parseSync(file.path, file.text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${file.path}: ${error.message}`);
  const syntax = {
    program: program as unknown as Node,
    comments: comments.map(({ value, start, end }) => ({ text: value, start, end })),
  };
  parsed.set(file, syntax);
  return syntax;
}

/** Visits every node below `node`, each with its parent and the parent's key that holds it. */
export function walk(
  node: Node,
  visit: (node: Node, parent: Node | undefined, key: string) => void,
  parent?: Node,
  key = '',
): void {
  visit(node, parent, key);
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walk(child, visit, node, name);
    }
  }
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** Every door by which a module reaches another, types included. */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  walk(syntaxOf(file).program, (node) => {
    const specifier = text(node['source']);
    if (specifier !== undefined) {
      const how = importKinds[node.type] ?? 'value';
      const typeOnly = node['importKind'] === 'type' || node['exportKind'] === 'type';
      found.push({ specifier, how: typeOnly ? 'type' : how, at: node.start });
    } else if (node.type === 'NewExpression' && nameOf(node['callee']) === 'URL') {
      const [first, second] = node['arguments'] as Node[];
      const address = text(first);
      if (address?.startsWith('.') && second?.type === 'MemberExpression') {
        found.push({ specifier: address, how: 'address', at: node.start });
      }
    }
  });
  return found;
}

const importKinds: Readonly<Record<string, Import['how']>> = {
  ImportExpression: 'dynamic',
  TSImportType: 'type',
};

/** The path a relative specifier means, or undefined for a package or a platform module. */
export function targetOf(file: SourceFile, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(file.path), specifier);
}

/** String literals and the fixed parts of templates: where test titles are. */
export function stringsOf(file: SourceFile): { readonly text: string; readonly at: number }[] {
  const found: { text: string; at: number }[] = [];
  walk(syntaxOf(file).program, (node) => {
    if (node.type === 'Literal' && typeof node['value'] === 'string') {
      found.push({ text: node['value'], at: node.start });
    } else if (node.type === 'TemplateElement') {
      found.push({ text: (node['value'] as { raw: string }).raw, at: node.start });
    }
  });
  return found;
}

/** The identifier's name, or undefined for anything else. */
export function nameOf(node: unknown): string | undefined {
  return isNode(node) && node.type === 'Identifier' ? (node['name'] as string) : undefined;
}

function text(node: unknown): string | undefined {
  if (!isNode(node) || node.type !== 'Literal') return undefined;
  return typeof node['value'] === 'string' ? node['value'] : undefined;
}
