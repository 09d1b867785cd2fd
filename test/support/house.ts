// The house rules that neither the compiler nor the linter can hold, one function each: files in,
// mistakes out, every mistake a line "path:line: what is wrong". STYLE.md says why each rule is.

import { posix } from 'node:path';

import {
  isNode,
  lineOf,
  modules,
  nameOf,
  syntaxOf,
  under,
  walk,
  type Node,
  type SourceFile,
} from './sources.ts';

const linesMax = 400;
const filesPerFolderMax = 12;

const vagueNames = ['utils', 'helpers', 'manager', 'service', 'common', 'misc', 'types', 'index'];
const vagueParts = ['util', 'utils', 'helper', 'helpers', 'manager'];
const fileName = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:machine|actor|edge|test|d|config|e2e))*\.ts$/;

/** Names: kebab-case, and none that could mean anything. */
export function checkFileNames(files: readonly SourceFile[]): string[] {
  const mistakes: string[] = [];
  for (const { path } of files.filter((file) => file.path.endsWith('.ts'))) {
    const name = posix.basename(path);
    const noun = name.split('.')[0] ?? '';
    if (!fileName.test(name)) mistakes.push(`${path}: not kebab-case with a known suffix`);
    if (vagueNames.includes(noun) || noun.split('-').some((part) => vagueParts.includes(part))) {
      mistakes.push(`${path}: '${noun}' says nothing about what is inside`);
    }
  }
  return mistakes;
}

/** Suffixes: an edge lives at the edge and has a twin; a life and a value know no mailbox. */
export function checkSuffixes(files: readonly SourceFile[], twinless: readonly string[]): string[] {
  const mistakes: string[] = [];
  const paths = new Set(files.map((file) => file.path));
  for (const { path } of modules(under(files, 'src'))) {
    const folder = posix.dirname(path);
    const name = posix.basename(path);
    if (name.endsWith('.edge.ts')) {
      const twin = twinFolders[folder];
      if (twin === undefined) {
        mistakes.push(`${path}: an edge outside src/transports and src/sim/edges`);
      } else if (!paths.has(`${twin}/${name}`) && !twinless.includes(path)) {
        mistakes.push(`${path}: has no twin in ${twin}`);
      }
    } else if (/\.(?:machine|actor)\.ts$/.test(name) && !path.startsWith('src/actors/')) {
      mistakes.push(`${path}: machines and actors live in src/actors`);
    }
  }
  return mistakes;
}

const twinFolders: Readonly<Record<string, string>> = {
  'src/transports': 'src/sim/edges',
  'src/sim/edges': 'src/transports',
};

/** Every module of src/ begins by saying what it is for. */
export function checkHeadComments(files: readonly SourceFile[]): string[] {
  const missing = modules(under(files, 'src')).filter((file) => {
    const start = file.text.startsWith('#!') ? file.text.indexOf('\n') + 1 : 0;
    return !/^(?:\/\/ \S|\/\*)/.test(file.text.slice(start));
  });
  return missing.map((file) => `${file.path}: no head comment`);
}

/** No banners and no promise of later work in comments, and no test silenced or singled out without a reason. */
export function checkLeftovers(files: readonly SourceFile[]): string[] {
  const mistakes: string[] = [];
  for (const file of modules(files)) {
    const { program, comments } = syntaxOf(file);
    for (const comment of comments) {
      const word = /\b(?:TODO|FIXME|XXX)\b|^[\s*]*[-=#~]{3,}/.exec(comment.text);
      if (word !== null) mistakes.push(`${placeOf(file, comment.start)}: ${word[0]}`);
    }
    walk(program, (node) => {
      if (node.type !== 'MemberExpression') return;
      const runner = nameOf(node['object']) ?? '';
      const property = nameOf(node['property']) ?? '';
      if (!['test', 'it', 'describe', 'suite'].includes(runner)) return;
      const line = lineOf(file, node.start);
      const explained = comments.some(({ end }) => [line - 1, line].includes(lineOf(file, end)));
      if (property === 'only' || (['skip', 'todo', 'fails'].includes(property) && !explained)) {
        mistakes.push(`${placeOf(file, node.start)}: ${runner}.${property} without a reason`);
      }
    });
  }
  return mistakes;
}

const impureNames = new Set(
  `Date performance Promise Intl WeakRef FinalizationRegistry SharedArrayBuffer Atomics Buffer
  process console crypto fetch require global globalThis eval queueMicrotask structuredClone
  setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate`.split(/\s+/),
);
const exactMath = new Set(
  `abs ceil clz32 floor fround imul max min round sign sqrt trunc PI E`.split(/\s+/),
);
/** The ways into the simulator: they alone of src/sim may touch the platform. */
const platformFiles = /^src\/sim\/(?:main\.ts|search\/)/;

/** The modules whose every run must be a function of their inputs and the seed. */
export function pureModules(files: readonly SourceFile[]): SourceFile[] {
  const candidates = modules(under(files, 'src/actors', 'src/sim'));
  return candidates.filter((file) => !platformFiles.test(file.path));
}

/** No time, chance, promise, locale or platform where the seed must decide. */
export function checkPurity(files: readonly SourceFile[]): string[] {
  const mistakes: string[] = [];
  for (const file of pureModules(files)) {
    walk(syntaxOf(file).program, (node, parent, key) => {
      const word = impurityOf(node, parent, key);
      if (word !== undefined) mistakes.push(`${placeOf(file, node.start)}: ${word}`);
    });
  }
  return mistakes;
}

function impurityOf(node: Node, parent: Node | undefined, key: string): string | undefined {
  if (node['async'] === true) return 'async';
  if (node.type === 'AwaitExpression' || node['await'] === true) return 'await';
  const source = isNode(node['source']) ? node['source']['value'] : undefined;
  if (typeof source === 'string' && source.startsWith('node:')) return source;
  if (node.type === 'MemberExpression') {
    const property = nameOf(node['property']) ?? '';
    if (nameOf(node['object']) === 'Math' && !exactMath.has(property)) return `Math.${property}`;
    return /^(?:localeCompare|toLocale\w+)$/.test(property) ? property : undefined;
  }
  const name = nameOf(node);
  if (name === 'Math' && key !== 'object') return 'Math under another name';
  if (name === undefined || !impureNames.has(name)) return undefined;
  const isPropertyName = key === 'property' || key === 'key' || key === 'imported';
  return isPropertyName && parent?.['computed'] !== true ? undefined : name;
}

const collections = ['Map', 'Set', 'WeakMap', 'WeakSet', 'Array'];

/** State belongs to actors: a module keeps none, or shards and simulated nodes would share it. */
export function checkModuleState(files: readonly SourceFile[]): string[] {
  const mistakes: string[] = [];
  for (const file of pureModules(files)) {
    for (const statement of syntaxOf(file).program['body'] as Node[]) {
      const declared = isNode(statement['declaration']) ? statement['declaration'] : statement;
      if (declared.type !== 'VariableDeclaration') continue;
      for (const declarator of declared['declarations'] as Node[]) {
        const reason = declared['kind'] === 'const' ? mutability(file, declarator) : 'let';
        if (reason !== undefined) {
          mistakes.push(`${placeOf(file, declared.start)}: module-level ${reason}`);
        }
      }
    }
  }
  return mistakes;
}

function mutability(file: SourceFile, declarator: Node): string | undefined {
  const { id, init } = declarator;
  if (!isNode(id) || !isNode(init) || init.type !== 'NewExpression') return undefined;
  const made = nameOf(init['callee']) ?? '';
  // `const x: ReadonlyMap<…> = new Map(…)` is a table, not state.
  const annotation = id['typeAnnotation'];
  const declaredType = isNode(annotation) ? file.text.slice(annotation.start, annotation.end) : '';
  const isTable = /^:\s*(?:Readonly|readonly\b)/.test(declaredType);
  return collections.includes(made) && !isTable ? `${made} that is not Readonly` : undefined;
}

/** Composition, never inheritance; an Error of one's own is the platform's idiom. */
export function checkInheritance(files: readonly SourceFile[]): string[] {
  const mistakes: string[] = [];
  for (const file of modules(under(files, 'src'))) {
    walk(syntaxOf(file).program, ({ superClass, start }) => {
      if (!isNode(superClass) || nameOf(superClass)?.endsWith('Error')) return;
      mistakes.push(`${placeOf(file, start)}: a class that extends another`);
    });
  }
  return mistakes;
}

/** Rooms a head can hold: so many lines to a file of src/, so many files to a folder. */
export function checkSizes(files: readonly SourceFile[]): string[] {
  const mistakes: string[] = [];
  const folders = new Map<string, number>();
  for (const { path, text } of modules(under(files, 'src'))) {
    const lines = text.trimEnd().split('\n').length;
    if (lines > linesMax) {
      mistakes.push(`${path}: ${String(lines)} lines, at most ${String(linesMax)}`);
    }
    const folder = posix.dirname(path);
    folders.set(folder, (folders.get(folder) ?? 0) + 1);
  }
  for (const [folder, count] of folders) {
    if (count > filesPerFolderMax) {
      mistakes.push(`${folder}: ${String(count)} files, at most ${String(filesPerFolderMax)}`);
    }
  }
  return mistakes;
}

// A path that exists on one machine only, and the addresses of package registries.
const localPath = /(?<![\w.:)\]}*-])\/(?:work|root|home\/\w+)\//;
const registryHost =
  /registry\.(?:npmjs|yarnpkg|npmmirror)\.|"resolved":\s*"https?:|\bregistry=http/;

/** Nothing that is true on one machine only. */
export function checkMachineTraces(files: readonly SourceFile[]): string[] {
  const mistakes: string[] = [];
  for (const { path, text } of files) {
    if (text.includes('\0')) continue;
    for (const [index, line] of text.split('\n').entries()) {
      const found = localPath.exec(line) ?? registryHost.exec(line);
      if (found !== null) mistakes.push(`${path}:${String(index + 1)}: '${found[0]}'`);
    }
  }
  return mistakes;
}

function placeOf(file: SourceFile, at: number): string {
  return `${file.path}:${String(lineOf(file, at))}`;
}
