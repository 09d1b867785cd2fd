// Keeps spec/ and the tests together: every requirement has a test or an excuse, and nobody names a
// requirement that does not exist. It reads `**[HP-FRAME-4]**` at the head of a paragraph or in a
// bullet or table row of spec/*.md as a definition; excuses stand in spec/untested.md.

import { lineOf, modules, stringsOf, syntaxOf, under, type SourceFile } from './sources.ts';

const excusesPath = 'spec/untested.md';

/** At least three parts, so that `[UTF-8]` is not taken for an id. */
const bareId = '[A-Z][0-9A-Z]*(?:-[A-Z][0-9A-Z]*)*-[0-9]+[a-z]?';
const definitionLine = /^\s*(?:\*\*\[|[-*+|]\s|\d+\.\s)/;

export type RequirementReport = { readonly defined: number; readonly mistakes: readonly string[] };

/** Requirements without test or excuse, defined twice, or named but never defined. */
export function checkRequirements(files: readonly SourceFile[]): RequirementReport {
  const specs = under(files, 'spec').filter((file) => file.path.endsWith('.md'));
  if (specs.length === 0) return { defined: 0, mistakes: [] };
  const mistakes: string[] = [];

  const defined = new Map<string, string>();
  for (const { id, place } of specs.flatMap(definitionsIn)) {
    const before = defined.get(id);
    if (before !== undefined) mistakes.push(`${place}: ${id} is already defined at ${before}`);
    defined.set(id, place);
  }

  const tested = mentionsInTests(files);
  const excused = specs.filter((file) => file.path === excusesPath).flatMap(excusesIn);
  for (const { id, place } of [...tested, ...excused, ...mentionsInComments(files)]) {
    if (!defined.has(id)) mistakes.push(`${place}: ${id} is defined nowhere in spec/`);
  }

  const testedIds = new Set(tested.map(({ id }) => id));
  const excusedIds = new Set(excused.map(({ id }) => id));
  for (const [id, place] of defined) {
    if (!testedIds.has(id) && !excusedIds.has(id)) mistakes.push(`${place}: ${id} has no test`);
  }
  for (const { id, place } of excused) {
    if (testedIds.has(id)) mistakes.push(`${place}: ${id} is excused but has a test`);
  }
  return { defined: defined.size, mistakes };
}

type Mention = { readonly id: string; readonly place: string };

function definitionsIn(file: SourceFile): Mention[] {
  if (file.path === excusesPath) return [];
  return linesOf(file).flatMap(({ text, place }) =>
    definitionLine.test(text) ? idsIn(text, `\\*\\*\\[(${bareId})\\]\\*\\*`, place) : [],
  );
}

function excusesIn(file: SourceFile): Mention[] {
  return linesOf(file).flatMap(({ text, place }) => idsIn(text, `\\[(${bareId})\\]`, place));
}

/** Ids in strings of the tests; the house test's own fixtures do not count. */
function mentionsInTests(files: readonly SourceFile[]): Mention[] {
  const tests = modules(under(files, 'test')).filter((file) => file.path !== 'test/house.test.ts');
  return tests.flatMap((file) =>
    stringsOf(file).flatMap(({ text, at }) =>
      idsIn(text, `\\[(${bareId})\\]`, `${file.path}:${String(lineOf(file, at))}`),
    ),
  );
}

function mentionsInComments(files: readonly SourceFile[]): Mention[] {
  return modules(under(files, 'src')).flatMap((file) =>
    syntaxOf(file).comments.flatMap(({ text, start }) =>
      idsIn(text, `\\[(${bareId})\\]`, `${file.path}:${String(lineOf(file, start))}`),
    ),
  );
}

function linesOf(file: SourceFile): { readonly text: string; readonly place: string }[] {
  const lines = file.text.split('\n');
  return lines.map((text, index) => ({ text, place: `${file.path}:${String(index + 1)}` }));
}

function idsIn(text: string, pattern: string, place: string): Mention[] {
  const found = [...text.matchAll(new RegExp(pattern, 'g'))];
  return found.flatMap(({ 1: id }) => (id === undefined ? [] : [{ id, place }]));
}
