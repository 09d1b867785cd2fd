import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { patchBody } from '../../../../src/actors/codecs/grip/json-patch.ts';
import { bytesOf, hex } from '../websocket-reading.ts';
import { recorded } from './recorded.ts';

function patched(body: string | Uint8Array, ...ops: readonly unknown[]): string | null {
  const read = patchBody(bytesOf(body), ops);
  return read.ok ? new TextDecoder().decode(read.body) : null;
}

function mistake(body: string | Uint8Array, ...ops: readonly unknown[]): string {
  const read = patchBody(bytesOf(body), ops);
  return read.ok ? 'patched' : read.mistake.message;
}

describe('a body patch', () => {
  test.each(recorded('patches') as [string, unknown[], string | null][])(
    '%j %j',
    (body, ops, out) => {
      expect(patched(body, ...ops)).toBe(out);
    },
  );

  test.each([
    ['{}', { op: 'add', path: 'a', value: 1 }, 'pointer must start with /'],
    ['{}', { op: 'add', path: '/a//b', value: 1 }, 'reference cannot be empty'],
    ['{}', { op: 'add', path: '/a/b', value: 1 }, 'cannot step into undefined reference'],
    ['{"a":1}', { op: 'add', path: '/a/b' }, 'non-container value cannot have child reference'],
    ['[1]', { op: 'add', path: '/x', value: 1 }, 'index must be an integer'],
    ['[1]', { op: 'add', path: '/1', value: 1 }, 'index out of range'],
    ['{}', { op: 'add', path: '/a' }, "op does not contain 'value'"],
    ['{}', { op: 'add', value: 1 }, "op does not contain 'path'"],
    ['{}', { path: '/a' }, "op does not contain 'op'"],
    ['{}', { op: 'remove', path: '/a' }, 'location does not exist'],
    ['{}', { op: 'copy', path: '/a' }, "op does not contain 'from'"],
    ['{"a":{}}', { op: 'move', from: '/a', path: '/a/b' }, 'cannot move location into itself'],
    ['{}', { op: 'nop', path: '/a' }, 'unsupported op: nop'],
    ['{}', 5, 'invalid op'],
    ['5', undefined, 'the stored body is no JSON object or list'],
    ['{}', { op: 'add', path: '/', value: 5 }, 'the patched body is no object or list'],
  ])('%s %j: %s', (body, op, expected) => {
    expect(mistake(body, ...(op === undefined ? [] : [op]))).toBe(expected);
  });

  test('bytes of a tnetstring are texts', () => {
    const op = { op: bytesOf('add'), path: bytesOf('/a'), value: [bytesOf('é'), null] };
    expect(patched('{}', op)).toBe('{"a":["é",null]}');
    expect(mistake('{}', { op: 'add', path: '/a', value: hex('ff') })).toContain('JSON has not');
    expect(mistake('{}', { op: 'add', path: '/a', value: Infinity })).toContain('JSON has not');
  });

  test('a body that is not UTF-8 or not JSON has none', () => {
    expect(patched(hex('5b 22 ff 22 5d'))).toBeNull();
    expect(patched('[1e999]')).toBeNull();
    expect(patched('')).toBeNull();
  });

  test('a __proto__ is a member like any other', () => {
    const body = '{"__proto__":{"a":1}}';
    expect(patched(body, { op: 'add', path: '/__proto__/b', value: 2 })).toBe(
      '{"__proto__":{"a":1,"b":2}}',
    );
    expect(patched('{}', { op: 'add', path: '/__proto__', value: 2 })).toBe('{"__proto__":2}');
    expect(patched('{}', { op: 'add', path: '/toString/x', value: 2 })).toBeNull();
    expect(({} as Record<string, unknown>)['b']).toBeUndefined();
  });

  test('copies of copies are refused when they get too large, and in no time', () => {
    const double = { op: 'copy', from: '/', path: '/a' };
    const twice = { op: 'copy', from: '/', path: '/b' };
    const ops = Array.from({ length: 60 }, () => [double, twice]).flat();
    expect(mistake('{}', ...ops)).toBe('the patched body is too large');
    expect(mistake('{}', ...Array.from({ length: 600 }, () => double))).toBe(
      'the patched body is too deep',
    );
  });

  test('[GRIP-PATCH-3] copies cost no more than the body may be long', () => {
    const copy = { op: 'copy', from: '/a', path: '/b/-' };
    const rows = Array.from({ length: 40_000 }, () => 0);
    const body = JSON.stringify({ a: rows, b: [] });
    const copies = (count: number) => Array.from({ length: count }, () => copy);
    expect(patched(body, ...copies(4))).toHaveLength(body.length + 4 * 80_002 - 1);
    expect(mistake(body, ...copies(5))).toBe('the patched body is too large');
    // What the publisher sends has its own bound.
    const value = Array.from({ length: 300_000 }, () => 0);
    expect(patched('{}', { op: 'add', path: '/a', value })).toHaveLength(600_007);
  });

  test('[GRIP-PATCH-3] of places deeper than any body that is printed none is looked for', () => {
    const depth = 49_000;
    const body = `${'['.repeat(depth)}0${']'.repeat(depth)}`;
    const path = '/0'.repeat(depth);
    const value = 1;
    for (const op of [
      { op: 'add', path, value },
      { op: 'test', path, value: 0 },
      { op: 'remove', path },
      { op: 'move', from: path, path: '/0' },
      { op: 'copy', from: '/', path },
    ])
      expect(mistake(body, op)).toMatch(/^(?:pointer|the patched body) is too deep$/);
  });

  test('what was copied, or came with an operation, is not what it was copied from', () => {
    const value = { b: [1] };
    const ops = [
      { op: 'add', path: '/a', value },
      { op: 'copy', from: '/a', path: '/c' },
      { op: 'add', path: '/a/b/-', value: 2 },
      { op: 'copy', from: '/', path: '/d' },
      { op: 'remove', path: '/c/b/0' },
      { op: 'move', from: '/', path: '/e' },
      { op: 'add', path: '/e/f', value },
    ];
    const whole = '"a":{"b":[1,2]},"c":{"b":[]},"d":{"a":{"b":[1,2]},"c":{"b":[1]}}';
    expect(patched('{}', ...ops)).toBe(`{${whole},"e":{${whole},"f":{"b":[1]}}}`);
    expect(value).toEqual({ b: [1] });
  });

  test('what it prints is what it read, and the input stays as it was', () => {
    const values = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()));
    fc.assert(
      fc.property(values, fc.constantFrom('', '\n', '\r\n'), (value, end) => {
        const body = JSON.stringify(value) + end;
        const out = patched(body) ?? expect.fail('refused');
        expect(JSON.parse(out)).toEqual(JSON.parse(body));
        expect(out.endsWith(end)).toBe(true);
        expect(patched(out)).toBe(out);
      }),
    );
  });

  test('no operations make it throw', () => {
    const paths = fc.constantFrom(
      '/',
      '/a',
      '/a/0',
      '/a/-',
      '/b/a',
      '/a/1/b',
      '',
      '/-',
      '/0',
      '/~1',
    );
    const op = fc.record(
      {
        op: fc.constantFrom<unknown>('add', 'remove', 'replace', 'move', 'copy', 'test', 5),
        path: paths,
        from: paths,
        value: fc.constantFrom<unknown>([], {}, [1, { b: 2 }], 'x', 1, null, true, undefined),
      },
      { requiredKeys: ['op', 'path'] },
    );
    const bodies = fc.constantFrom(
      '{"a":[1,2,{"b":3}],"b":{"a":null}}',
      '[[1],{"a":2}]',
      '{}',
      '[]',
    );
    fc.assert(
      fc.property(bodies, fc.array(op, { maxLength: 6 }), (body, ops) => {
        const before = JSON.stringify(ops);
        const out = patched(body, ...ops);
        if (out !== null) expect(JSON.parse(out)).toBeTypeOf('object');
        expect(JSON.stringify(ops)).toBe(before);
      }),
      { numRuns: 3_000 },
    );
  });
});
