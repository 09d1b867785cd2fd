// Templates: what directives become, what is told of broken ones and where, and that parts make the same whole.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  type Directive,
  renderPart,
  renderTemplate,
  unknownDirective,
} from '../../../../src/actors/gateway/rewriting/templates.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Shows what it was asked for; knows `s` and `I` only. */
const shown: Directive = (letter, argument) =>
  letter === 's' || letter === 'I'
    ? { bytes: bytesOf(`<${letter}${argument === undefined ? '' : `:${textOf(argument)}`}>`) }
    : { problem: unknownDirective(letter) };

function rendered(template: string): string {
  const rendering = renderTemplate(bytesOf(template), shown);
  return rendering.ok ? textOf(rendering.bytes) : `! ${rendering.problem}`;
}

test.each([
  ['', ''],
  ['plain', 'plain'],
  ['100%%', '100%'],
  ['%%%%', '%%'],
  ['%s', '<s>'],
  ['a%(b)sc', 'a<s:b>c'],
  ['%(a)s%I%(c d)I', '<s:a><I><I:c d>'],
  ['%(ä%)s', '<s:ä%>'],
  ['%(a\\)b\\\\c\\d)s', '<s:a)b\\cd>'],
  ['%((a)s', '<s:(a>'],
  ['%()s', '<s>'],
  ['%x', "! Unknown directive 'x' at position 1"],
  ['ab%(c)x', "! Unknown directive 'x' at position 6"],
  ['%(c)%', "! Unknown directive '%' at position 4"],
  ['%(c) ', "! Unknown directive ' ' at position 4"],
  ['ä% ', "! Unknown directive ' ' at position 3"],
  ['%1', "! Unknown directive '1' at position 1"],
  ['%ä', "! Unknown directive '\ufffd' at position 1"],
  ['50%', "! Expected directive after '%' at position 2"],
  ['a%(', "! Expected character after '(' at position 2"],
  ['a%(b', '! Unterminated field starting at position 2'],
  ['a%(b\\)', '! Unterminated field starting at position 2'],
  ['a%(b\\', "! Expected character after '\\' at position 4"],
  ['a%(b)', "! Expected directive after ')' at position 4"],
])('%j becomes %j', (template, becomes) => {
  expect(rendered(template)).toBe(becomes);
});

test('a text without directives is not copied', () => {
  const content = bytesOf('plain');
  const rendering = renderTemplate(content, shown);
  expect(rendering.ok && rendering.bytes).toBe(content);
});

test('a part gives back the beginning of a directive', () => {
  const rendering = renderPart(bytesOf('a%(b)sc%(d'), shown);
  expect(rendering.ok && [textOf(rendering.bytes), textOf(rendering.rest)]).toEqual([
    'a<s:b>c',
    '%(d',
  ]);
});

describe('properties', () => {
  const piece = fc.constantFrom('%', '(', ')', '\\', 's', 'I', '%%', '%s', '%(a)s', 'ä', ' ');
  const templates = fc.array(piece, { maxLength: 14 }).map((pieces) => bytesOf(pieces.join('')));

  test('cut anywhere, the parts give what the whole gives', () => {
    fc.assert(
      fc.property(templates, (template) => {
        const whole = renderTemplate(template, shown);
        for (let cut = 0; cut <= template.length; cut += 1) {
          const first = renderPart(template.subarray(0, cut), shown);
          if (!first.ok) {
            expect(whole.ok).toBe(false);
            continue;
          }
          const second = renderTemplate(
            Uint8Array.from([...first.rest, ...template.subarray(cut)]),
            shown,
          );
          expect(second.ok).toBe(whole.ok);
          if (second.ok && whole.ok)
            expect([...first.bytes, ...second.bytes]).toEqual([...whole.bytes]);
        }
      }),
    );
  });

  test('any bytes with their percent signs doubled come out as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const doubled = Uint8Array.from(
          [...bytes].flatMap((byte) => (byte === 37 ? [37, 37] : byte)),
        );
        const rendering = renderTemplate(doubled, shown);
        expect(rendering.ok && [...rendering.bytes]).toEqual([...bytes]);
      }),
    );
  });
});
