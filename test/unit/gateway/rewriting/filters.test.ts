// Filters: for whom a message is dropped, what its content becomes, whom to ask, and Pushpin's words for what is wrong.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  type FilterContext,
  filterResponseContent,
  needsOwner,
  runFilters,
} from '../../../../src/actors/gateway/rewriting/filters.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
type Meta = Readonly<Record<string, string>>;

interface Given {
  readonly sub?: Meta;
  readonly pub?: Meta;
  readonly subscribed?: readonly string[];
  readonly ids?: Meta;
  readonly contentFilters?: readonly string[];
}

const context = ({ sub = {}, pub = {}, subscribed = [], ids = {} }: Given): FilterContext => ({
  subMeta: sub,
  pubMeta: pub,
  isSubscribedTo: (channel) => subscribed.includes(channel),
  lastIds: ids,
  channel: 'a',
});

/** The content that is sent, or `-` for a drop, or what is asked, or the error. */
function run(filters: readonly string[], content: string, given: Given = {}): string {
  const verdict = runFilters(filters, bytesOf(content), given.contentFilters, context(given));
  switch (verdict.kind) {
    case 'send':
      return textOf(verdict.content);
    case 'drop':
      return '-';
    case 'ask':
      return `? ${verdict.filter} ${verdict.url} [${verdict.rest.join()}] ${textOf(verdict.content)}`;
    case 'error':
      return `! ${verdict.message}`;
    default:
      return verdict satisfies never;
  }
}

describe('deliveries', () => {
  test.each<[string, string[], Given, string]>([
    ['no filters', [], {}, 'x'],
    ['unknown filters', ['later', 'constructor', ''], {}, 'x'],
    ['skip-self, the same', ['skip-self'], { sub: { user: 'u' }, pub: { sender: 'u' } }, '-'],
    ['skip-self, another', ['skip-self'], { sub: { user: 'u' }, pub: { sender: 'v' } }, 'x'],
    ['skip-self, both empty', ['skip-self'], { sub: { user: '' }, pub: { sender: '' } }, 'x'],
    ['skip-self, none', ['skip-self'], {}, 'x'],
    [
      'skip-users, listed',
      ['skip-users'],
      { sub: { user: 'u' }, pub: { skip_users: 'v, u ,w' } },
      '-',
    ],
    [
      'skip-users, not listed',
      ['skip-users'],
      { sub: { user: 'u' }, pub: { skip_users: 'uu' } },
      'x',
    ],
    ['skip-users, nobody', ['skip-users'], { sub: { user: '' }, pub: { skip_users: ',' } }, 'x'],
    ['skip-users, no list', ['skip-users'], { sub: { user: 'u' } }, 'x'],
    [
      'require-sub, subscribed',
      ['require-sub'],
      { pub: { require_sub: 'b' }, subscribed: ['b'] },
      'x',
    ],
    ['require-sub, not subscribed', ['require-sub'], { pub: { require_sub: 'b' } }, '-'],
    ['require-sub, nothing required', ['require-sub'], { pub: { require_sub: '' } }, 'x'],
    [
      'inherited names',
      ['skip-self'],
      { sub: Object.create({ user: 'u' }) as Meta, pub: { sender: 'u' } },
      'x',
    ],
    [
      'a drop behind a broken content',
      ['var-subst', 'require-sub'],
      { pub: { require_sub: 'b' } },
      '-',
    ],
  ])('%s', (_, filters, given, outcome) => {
    const content = filters.includes('var-subst') ? '%' : 'x';
    expect(run(filters, content, given)).toBe(outcome);
  });
});

describe('var-subst', () => {
  const sub = { user: 'ä', empty: '' };

  test.each([
    ['plain', 'plain'],
    ['%(user)s: 100%%', 'ä: 100%'],
    ['[%(empty)s]', '[]'],
    ['%(nobody)s', "! filter error: var-subst: No such variable 'nobody' at position 9"],
    ['%(toString)s', "! filter error: var-subst: No such variable 'toString' at position 11"],
    ['%s', "! filter error: var-subst: Directive 's' requires argument at position 1"],
    ['%(user)I', "! filter error: var-subst: Unknown directive 'I' at position 7"],
    ['100%', "! filter error: var-subst: Expected directive after '%' at position 3"],
  ])('%j becomes %j', (content, becomes) => {
    expect(run(['var-subst'], content, { sub })).toBe(becomes);
  });
});

describe('build-id', () => {
  const sub = { id_format: '%(a)s:%(b)s' };
  const ids = { a: '1', b: '2' };

  test.each<[string, Given, string]>([
    ['id %I', { sub, ids }, 'id 1:2'],
    ['id %(x)I %%', { sub, ids }, 'id x %'],
    ['id %I %(x)I', { sub: { ...sub, id_encoding: 'hex' }, ids }, 'id 313a32 78'],
    ['plain', { sub: { id_format: 'fixed' } }, 'plain'],
    ['%I', { sub: { id_format: 'fixed' } }, 'fixed'],
    ['[%I]', { sub: { id_format: '' } }, '[]'],
    ['plain', {}, "! filter error: build-id: no sub meta 'id_format'"],
    [
      'plain',
      { sub, ids: { a: '1' } },
      "! filter error: build-id: failed to render ID: No such variable 'b' at position 10",
    ],
    [
      '%I',
      { sub: { id_format: 'f', id_encoding: 'base64' } },
      '! filter error: build-id: unsupported encoding: base64',
    ],
    ['ab%s', { sub, ids }, "! filter error: build-id: Unknown directive 's' at position 3"],
    ['ab%', { sub, ids }, "! filter error: build-id: Expected directive after '%' at position 0"],
    ['ab%(c', { sub, ids }, '! filter error: build-id: Unterminated field starting at position 1'],
  ])('%j with %j', (content, given, becomes) => {
    expect(run(['build-id'], content, given)).toBe(becomes);
  });

  test('and what follows it work on each other’s content', () => {
    const given = { sub: { ...sub, user: '%I' }, ids };
    expect(run(['var-subst', 'build-id'], '%(user)s', given)).toBe('1:2');
    expect(run(['build-id', 'var-subst'], '%%(user)s', given)).toBe('%I');
  });
});

describe('asking an origin', () => {
  const sub = { url: '/check', user: 'u' };

  test.each<[string[], Given, string]>([
    [['http-check'], { sub }, '? http-check /check [] %(user)s'],
    [
      ['var-subst', 'http-modify', 'later', 'skip-self'],
      { sub },
      '? http-modify /check [skip-self] u',
    ],
    [['http-check', 'var-subst'], { sub }, '? http-check /check [var-subst] %(user)s'],
    [['http-check'], {}, '! filter error: missing url value'],
    [['http-modify'], { sub: { url: '' } }, '! filter error: missing url value'],
    [['http-check', 'skip-self'], { sub, pub: { sender: 'u' } }, '-'],
  ])('%j with %j', (filters, given, outcome) => {
    expect(run(filters, '%(user)s', given)).toBe(outcome);
  });
});

describe('content-filters', () => {
  const sub = { user: 'u', id_format: 'i' };

  test.each<[string[], string[] | undefined, string]>([
    [['skip-self'], [], 'x'],
    [['skip-self', 'var-subst', 'later'], ['var-subst'], 'x'],
    [['build-id', 'var-subst'], ['build-id', 'var-subst'], 'x'],
    [['var-subst'], undefined, 'x'],
    [['var-subst'], [], '! content filter mismatch: subscription=var-subst message='],
    [[], ['var-subst'], '! content filter mismatch: subscription= message=var-subst'],
    [
      ['var-subst', 'http-modify', 'build-id'],
      ['build-id', 'var-subst'],
      '! content filter mismatch: subscription=var-subst,http-modify,build-id message=build-id,var-subst',
    ],
    [['http-check'], ['http-check'], '! content filter mismatch: subscription= message=http-check'],
  ])('of %j and a message for %j', (filters, contentFilters, outcome) => {
    const given = { sub, ...(contentFilters === undefined ? {} : { contentFilters }) };
    expect(run(filters, 'x', given)).toBe(outcome);
  });

  test('are judged before anybody is left out', () => {
    const given = { sub, pub: { sender: 'u' }, contentFilters: ['var-subst'] };
    expect(run(['skip-self'], 'x', given)).toMatch(/^! content filter mismatch/);
  });
});

test.each<[boolean, string[]]>([
  [false, []],
  [false, ['later', 'constructor']],
  [true, ['later', 'skip-self']],
  [true, ['http-check']],
])('needs an owner: %j for %j', (needed, filters) => {
  expect(needsOwner(filters)).toBe(needed);
});

describe('content of responses', () => {
  const filtered = (filters: string[], content: string, sub: Meta): string => {
    const part = filterResponseContent(filters, bytesOf(content), { subMeta: sub });
    return part.kind === 'send' ? textOf(part.content) : `! ${part.message}`;
  };

  test.each<[string[], string, Meta, string]>([
    [[], '%I', {}, '%I'],
    [['var-subst', 'skip-self'], '%(user)s', { user: 'u' }, '%(user)s'],
    [['build-id'], 'id %(7)I', { id_format: '%(a)s' }, 'id 7'],
    [['var-subst', 'build-id', 'build-id'], '%(7)I', { id_format: 'f', id_encoding: 'hex' }, '37'],
    [
      ['build-id'],
      '%I',
      { id_format: 'fixed' },
      '! filter error: build-id: No ID specified and no default ID in context at position 1',
    ],
    [['build-id'], 'x', {}, "! filter error: build-id: no sub meta 'id_format'"],
    [
      ['build-id'],
      '50%',
      { id_format: 'f' },
      "! filter error: build-id: Expected directive after '%' at position 0",
    ],
  ])('%j on %j with %j', (filters, content, sub, becomes) => {
    expect(filtered(filters, content, sub)).toBe(becomes);
  });

  test('in parts gives what the whole gives', () => {
    const subMeta = { id_format: 'f' };
    const pieces = fc.array(fc.constantFrom('a', '%%', '%(b)I', 'ä', '%(\\))I'), { maxLength: 8 });
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(40), { maxLength: 4 }), (texts, cuts) => {
        const body = bytesOf(texts.join(''));
        const ends = cuts.filter((cut) => cut < body.length).toSorted((a, b) => a - b);
        const out: number[] = [];
        let held = new Uint8Array(0);
        let from = 0;
        for (const to of [...ends, body.length]) {
          const part = Uint8Array.from([...held, ...body.subarray(from, to)]);
          const isLast = to === body.length;
          const result = filterResponseContent(['build-id'], part, { subMeta }, isLast);
          if (result.kind !== 'send') throw new Error(result.message);
          out.push(...result.content);
          held = Uint8Array.from(result.held);
          from = to;
        }
        const whole = filterResponseContent(['build-id'], body, { subMeta });
        expect(held).toHaveLength(0);
        expect(out).toEqual(whole.kind === 'send' && [...whole.content]);
      }),
    );
  });
});
