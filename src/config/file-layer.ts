// The config file: YAML text to texts for settings, each with its line and column, and every mistake of form in it.
// Sections nest as the keys have dots. Refuses to know disks and what the texts mean.
// Obeys spec/process.md, section "Configuration".

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type ParsedNode,
  type Document,
  type YAMLMap,
} from 'yaml';
import { type Given, type Layer, type Mistake, mistakeAt, type Place } from './layers.ts';
import { type Setting, settings } from './settings.ts';
import { nearest } from './spelling.ts';

interface Reader {
  readonly file: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  readonly given: Given[];
  readonly mistakes: Mistake[];
}

const TEXT_LENGTH_MAX = 1_048_576;
const byKey: ReadonlyMap<string, Setting> = new Map(settings.map((row) => [row.key, row]));

/** Reads the whole file, whatever is wrong with it. */
export function fromFile(file: string, text: string): Layer {
  const lines = new LineCounter();
  if (text.length > TEXT_LENGTH_MAX) {
    const problem = 'is longer than 1 MiB';
    return {
      given: [],
      warnings: [],
      mistakes: [{ file, key: '--config', problem, wayOut: 'Name a config file of Hermod.' }],
    };
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const reader: Reader = { file, document, lines, given: [], mistakes: [] };
  for (const error of document.errors) {
    const problem = `is not good YAML: ${error.message}`;
    reader.mistakes.push(
      mistakeAt(place(reader, 'file', error.pos[0]), problem, 'Correct the text at this place.'),
    );
  }
  const { contents } = document;
  if (isMap(contents)) readSection(reader, contents, '');
  else if (contents !== null && document.errors.length === 0) {
    const start = place(reader, 'file', contents.range[0]);
    const wayOut = 'Write settings as `key: value`, one to a line.';
    reader.mistakes.push(mistakeAt(start, 'holds no settings', wayOut));
  }
  // What stands in a line that is not understood would only bring mistakes that are none.
  const badLines = document.errors.map(({ pos }) => lines.linePos(pos[0]).line);
  const given = reader.given.filter(({ place: { at } }) => !badLines.includes(at?.line ?? 0));
  return { given, mistakes: reader.mistakes, warnings: [] };
}

function readSection(reader: Reader, map: YAMLMap, prefix: string): void {
  for (const { key: node, value } of map.items) {
    const name = isScalar(node) ? String(node.value) : '?';
    const key = `${prefix}${name}`;
    const at = isNode(node) ? node.range?.[0] : undefined;
    const here = place(reader, key, at ?? 0);
    const setting = byKey.get(key);
    if (setting !== undefined) readValue(reader, setting, value, here);
    else if (settings.some((row) => row.key.startsWith(`${key}.`))) {
      const section = resolved(reader, value);
      if (isMap(section)) readSection(reader, section, `${key}.`);
      else if (!isEmpty(section)) {
        const wayOut = 'Write its settings below it, indented.';
        reader.mistakes.push(mistakeAt(here, 'is a section, not a setting', wayOut));
      }
    } else {
      // [PROC-CONF-3] A setting that nobody reads must not look as if it were in force.
      reader.mistakes.push(mistakeAt(here, 'is no setting', wayOutOfUnknown(key)));
    }
  }
}

function readValue(reader: Reader, setting: Setting, value: unknown, key: Place): void {
  const node = resolved(reader, value);
  const start = isNode(value) ? value.range?.[0] : undefined;
  const here = start === undefined ? key : place(reader, setting.key, start);
  const text = textOf(reader, setting, node);
  if (text !== undefined) reader.given.push({ key: setting.key, text, place: here });
  else if (isEmpty(node)) {
    const wayOut = `Write ${setting.kind.form}; or leave the line out for the default.`;
    reader.mistakes.push(mistakeAt(key, 'has no value', wayOut));
  } else {
    const wayOut = `Write ${setting.kind.form}.`;
    reader.mistakes.push(mistakeAt(here, 'has a value of the wrong form', wayOut));
  }
}

/** undefined for what is no single value, nor a list where lists are taken. */
function textOf(reader: Reader, setting: Setting, node: unknown): string | undefined {
  if (isScalar(node)) return scalarText(node);
  if (!isSeq(node) || setting.kind.isList !== true) return undefined;
  const parts = node.items.map((item) => scalarText(resolved(reader, item)));
  return parts.includes(undefined) ? undefined : parts.join(',');
}

/** A number's own digits: a secret of digits would not survive as a number. */
function scalarText(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return typeof node.value === 'string' ? node.value : node.source;
}

function resolved(reader: Reader, node: unknown): unknown {
  return isAlias(node) ? node.resolve(reader.document) : node;
}

function isNode(value: unknown): value is Node | ParsedNode {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}

function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

function wayOutOfUnknown(key: string): string {
  const meant = nearest(
    key,
    settings.map((row) => row.key),
  );
  return meant === undefined
    ? '`hermod config-reference` lists all settings.'
    : `Did you mean ${meant}? \`hermod config-reference\` lists all settings.`;
}

function place(reader: Reader, name: string, offset: number): Place {
  const { line, col } = reader.lines.linePos(offset);
  return { layer: 'file', name, at: { file: reader.file, line, column: col } };
}
