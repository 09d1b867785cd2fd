// Templates in published content: `%c` and `%(argument)c` become what a filter has for them, `%%` a percent sign.
// Works on bytes, for content may be anything; refuses to know what the directives mean.
// GRIP protocol, section "Filters"; texts and positions of problems are Pushpin's.

import { joined } from '../../codecs/joined.ts';

/** What a directive becomes, or why it cannot. `argument` is undefined where there is nothing in parentheses. */
export type Directive = (
  letter: string,
  argument: Uint8Array | undefined,
) => { readonly bytes: Uint8Array } | { readonly problem: string };

export type Rendering =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly rest: Uint8Array }
  | { readonly ok: false; readonly problem: string };

const percent = 0x25;
const opening = 0x28;
const closing = 0x29;
const backslash = 0x5c;
const noBytes = new Uint8Array(0);

/** A whole template. A text without directives comes back as it is, not as a copy. */
export function renderTemplate(template: Uint8Array, directive: Directive): Rendering {
  const rendering = renderPart(template, directive);
  if (!rendering.ok || rendering.rest.length === 0) return rendering;
  return { ok: false, problem: unfinished(template, template.length - rendering.rest.length) };
}

/**
 * As much of a template as is whole. `rest` is the beginning of a directive that ends in what has yet to come: it goes
 * in front of that.
 */
export function renderPart(template: Uint8Array, directive: Directive): Rendering {
  if (!template.includes(percent)) return { ok: true, bytes: template, rest: noBytes };
  const pieces: Uint8Array[] = [];
  let plainAt = 0;
  for (let mark = template.indexOf(percent); mark >= 0; mark = template.indexOf(percent, plainAt)) {
    pieces.push(template.subarray(plainAt, mark));
    const found = directiveAt(template, mark);
    if (found === undefined)
      return { ok: true, bytes: joined(pieces), rest: template.subarray(mark) };
    const { letter, argument, letterAt, hasField } = found;
    plainAt = letterAt + 1;
    if (!hasField && letter === '%') {
      pieces.push(template.subarray(letterAt, plainAt));
      continue;
    }
    const isLetter = hasField || /^[A-Za-z]$/.test(letter);
    const value = isLetter ? directive(letter, argument) : { problem: unknownDirective(letter) };
    if ('problem' in value)
      return { ok: false, problem: `${value.problem} at position ${letterAt}` };
    pieces.push(value.bytes);
  }
  pieces.push(template.subarray(plainAt));
  return { ok: true, bytes: joined(pieces), rest: noBytes };
}

/** What is said of a letter that a filter does not know. */
export function unknownDirective(letter: string): string {
  return `Unknown directive '${letter}'`;
}

interface Found {
  readonly letter: string;
  readonly letterAt: number;
  readonly hasField: boolean;
  readonly argument: Uint8Array | undefined;
}

/** undefined when the template ends inside the directive. */
function directiveAt(template: Uint8Array, mark: number): Found | undefined {
  let letterAt = mark + 1;
  const hasField = template[letterAt] === opening;
  let argument: Uint8Array | undefined;
  if (hasField) {
    const bytes: number[] = [];
    let at = letterAt + 1;
    while (template[at] !== closing) {
      if (template[at] === backslash) at += 1;
      const byte = template[at];
      if (byte === undefined) return undefined;
      bytes.push(byte);
      at += 1;
    }
    // `%()I` is `%I`.
    if (bytes.length > 0) argument = Uint8Array.from(bytes);
    letterAt = at + 1;
  }
  const code = template[letterAt];
  if (code === undefined) return undefined;
  const letter = code < 0x80 ? String.fromCharCode(code) : '\ufffd';
  return { letter, letterAt, hasField, argument };
}

/** Why a directive that the template's end cuts off is none. */
function unfinished(template: Uint8Array, mark: number): string {
  const size = template.length;
  if (template[mark + 1] !== opening) return `Expected directive after '%' at position ${mark}`;
  const fieldAt = mark + 1;
  if (fieldAt + 1 >= size) return `Expected character after '(' at position ${fieldAt}`;
  for (let at = fieldAt + 1; at < size; at += 1) {
    if (template[at] === closing) return `Expected directive after ')' at position ${at}`;
    if (template[at] !== backslash) continue;
    if (at + 1 >= size) return `Expected character after '\\' at position ${at}`;
    at += 1;
  }
  return `Unterminated field starting at position ${fieldAt}`;
}
