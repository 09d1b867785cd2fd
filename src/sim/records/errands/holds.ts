// Errands that are held, and answered by the item that is published then: patches of what the origin said, and filters
// that fill in what it wrote. Written from spec/grip.md, "Filters" and "Patches"; the route tells what went wrong.

import { asks, type Errand } from './errand.ts';

const BODY = '{"a":1,"b":[1,2],"c":{"d":"e","f~/g":null}}\n';

interface Held {
  readonly body?: string;
  readonly filters?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
}

export function holds(
  name: string,
  { body = BODY, filters = [], meta = {} }: Held,
  format: object,
  answer: string,
  isPulled = false,
): Errand {
  const hold = { mode: 'response', channels: [{ name, filters }], meta, timeout: 4 };
  const said = {
    status: 200,
    headers: [['Content-Type', 'application/grip-instruct']] as const,
    body: JSON.stringify({ hold, response: { body } }),
  };
  const item = { channel: `e-${name}`, formats: { 'http-response': format } };
  return asks(name, { host: 'ed.test', said, items: [isPulled ? { pull: item } : item] }, answer);
}

function pulls(name: string, format: object, answer: string): Errand {
  return holds(name, {}, format, answer, true);
}

export function patches(
  name: string,
  ops: readonly unknown[],
  becomes: string,
  held: Held = {},
): Errand {
  return holds(name, held, { 'body-patch': ops }, `200 OK || ${becomes}\n`);
}

export function wrong(name: string, op: unknown, held: Held = {}): Errand {
  return holds(name, held, { 'body-patch': [op] }, failure('failed to apply body-patch'));
}

export function fills(name: string, held: Held, text: string, becomes: string): Errand {
  return holds(name, { body: 'never', ...held }, { body: text }, `200 OK || ${becomes}`);
}

export function unfilled(name: string, held: Held, text: string, problem: string): Errand {
  return holds(
    name,
    { body: 'never', ...held },
    { body: text },
    failure(`filter error: ${problem}`),
  );
}

export function failure(details: string): string {
  return `502 Bad Gateway | content-type: text/plain || ${details}\n`;
}

const C = '"c":{"d":"e","f~/g":null}';
const vars: Held = { filters: ['var-subst'], meta: { user: 'ann', constructor: 'c' } };
const ids: Held = { filters: ['build-id'], meta: { id_format: 'x%%y' } };

export const holdErrands: readonly Errand[] = [
  patches('patch-copy', [{ op: 'copy', from: '/c/d', path: '/a' }], `{"a":"e","b":[1,2],${C}}`),
  patches('patch-move', [{ op: 'move', from: '/b/0', path: '/x' }], `{"a":1,"b":[2],${C},"x":1}`),
  patches(
    'patch-escaped',
    [{ op: 'replace', path: '/c/f~0~1g', value: true }],
    '{"a":1,"b":[1,2],"c":{"d":"e","f~/g":true}}',
  ),
  patches('patch-taken', [{ op: 'add', path: '/b/0', value: 9 }], `{"a":1,"b":[9,2],${C}}`),
  patches('patch-behind', [{ op: 'add', path: '/b/-', value: [] }], `{"a":1,"b":[1,2,[]],${C}}`),
  patches(
    'patch-remove',
    [
      { op: 'remove', path: '/b/1' },
      { op: 'remove', path: '/a' },
    ],
    `{"b":[1],${C}}`,
  ),
  patches(
    'patch-test',
    [
      { op: 'test', path: '/', value: { b: [1, 2], a: { c: 'd' } } },
      { op: 'add', path: '/b', value: 0 },
    ],
    '{"a":{"c":"d"},"b":0}',
    { body: '{"a":{"c":"d"},"b":[1,2]}\n' },
  ),
  patches(
    'patch-apart',
    [
      { op: 'copy', from: '/c', path: '/a' },
      { op: 'replace', path: '/a/d', value: 'x' },
    ],
    `{"a":{"d":"x","f~/g":null},"b":[1,2],${C}}`,
  ),
  patches(
    'patch-whole',
    [{ op: 'replace', path: '/', value: [{ z: 1, a: 'ä"' }] }],
    '[{"a":"ä\\"","z":1}]',
  ),
  patches('patch-line-end', [{ op: 'remove', path: '/0' }], '[]\r', { body: '[1]\r\n' }),
  patches(
    'patch-numbers',
    [
      { op: 'add', path: '/-', value: 1.5e-7 },
      { op: 'add', path: '/-', value: 1e21 },
      { op: 'add', path: '/-', value: 12.5 },
    ],
    '[1.5e-07,1e+21,12.5]',
    { body: '[]\n' },
  ),
  patches(
    'patch-test-across-kinds',
    [
      { op: 'test', path: '/a', value: true },
      { op: 'test', path: '/a', value: '1' },
      { op: 'test', path: '/a', value: 1.4 },
      { op: 'test', path: '/b', value: ['1', 2] },
      { op: 'remove', path: '/b/0' },
    ],
    `{"a":1,"b":[2],${C}}`,
  ),
  patches(
    'patch-root-into-itself',
    [{ op: 'move', from: '/', path: '/a' }],
    '{"a":{"a":1,"b":[]},"b":[]}',
    { body: '{"a":1,"b":[]}\n' },
  ),
  patches('patch-proto', [{ op: 'add', path: '/__proto__', value: 1 }], '{"__proto__":1,"a":1}', {
    body: '{"a":1}\n',
  }),
  wrong('patch-untrue-across-kinds', { op: 'test', path: '/a', value: false }),
  wrong('patch-untrue-word', { op: 'test', path: '/a', value: 'one' }),
  wrong('patch-untrue-nothing', { op: 'test', path: '/c/f~0~1g', value: 0 }),
  wrong('patch-untrue-list', { op: 'test', path: '/b', value: [1] }),
  wrong('patch-untrue-member', { op: 'test', path: '/c', value: { d: 'e', x: null } }),
  wrong('patch-tests-nothing', { op: 'test', path: '/a' }),
  wrong('patch-tests-nowhere', { op: 'test', path: '/z/a', value: 1 }),
  wrong('patch-removes-all', { op: 'remove', path: '/' }),
  wrong('patch-removes-behind', { op: 'remove', path: '/b/-' }),
  wrong('patch-removes-before', { op: 'remove', path: '/b/-1' }),
  wrong('patch-from-nowhere', { op: 'copy', path: '/a' }),
  wrong('patch-of-a-number', { op: 1, path: '/a' }),
  wrong('patch-at-a-number', { op: 'remove', path: 1 }),
  wrong('patch-of-a-text-alone', { op: 'remove', path: '/a' }, { body: '"a"' }),
  pulls(
    'pull',
    { code: 201, reason: null, headers: { 'X-A': '1' }, body: 'ä' },
    '201 Created | x-a: 1 || ä',
  ),
  pulls(
    'pull-part',
    { code: 200.6, headers: [['X-A', '1']], body: 'x' },
    '201 Created | x-a: 1 || x',
  ),
  pulls('pull-digits', { code: ' +202 ', reason: 'So', body: '' }, '202 So || '),
  pulls('pull-unknown-status', { code: 299, body: '' }, '299 Undefined Reason || '),
  pulls(
    'pull-patch',
    { 'body-patch': [{ op: 'replace', path: '/b', value: 'ä' }] },
    `200 OK || {"a":1,"b":"ä",${C}}\n`,
  ),
  holds(
    'answer-in-base64',
    {},
    { code: '203', 'body-bin': 'w6Q\n=', body: 'never' },
    '203 Non-Authoritative Information || ä',
  ),
  holds('answer-of-a-truth', {}, { code: true, body: '' }, failure('no answer has the status 1')),
  holds('answer-with-half-a-letter', {}, { body: 'a\ud83d', reason: '' }, '200 OK || a?'),
  holds(
    'answer-that-hides',
    {},
    {
      headers: [
        ['X-A', '1'],
        ['X-B', '2'],
        ['GRIP-Hold', 'x'],
        ['Grip-Expose-Headers', 'x-a, x-c'],
      ],
      body: '',
    },
    '200 OK | x-b: 2 || ',
  ),
  wrong('patch-of-no-kind', { op: 'dance', path: '/a' }),
  wrong('patch-untrue', { op: 'test', path: '/a', value: 2 }),
  wrong('patch-untrue-deep', { op: 'test', path: '/c', value: { d: 'e' } }),
  wrong('patch-of-nothing', { op: 'remove', path: '/z' }),
  wrong('patch-moves-nothing', { op: 'move', from: '/z', path: '/a' }),
  wrong('patch-copies-nothing', { op: 'copy', from: '/b/2', path: '/a' }),
  wrong('patch-replaces-nothing', { op: 'replace', path: '/z', value: 1 }),
  wrong('patch-without-slash', { op: 'remove', path: 'a' }),
  wrong('patch-beyond', { op: 'add', path: '/b/2', value: 1 }),
  wrong('patch-by-a-name', { op: 'add', path: '/b/x', value: 1 }),
  wrong('patch-below-a-number', { op: 'add', path: '/a/x', value: 1 }),
  wrong('patch-below-nothing', { op: 'add', path: '/z/x', value: 1 }),
  wrong('patch-of-an-empty-name', { op: 'add', path: '/c/', value: 1 }),
  wrong('patch-into-itself', { op: 'move', from: '/c', path: '/c/d' }),
  wrong('patch-without-a-value', { op: 'add', path: '/a' }),
  wrong('patch-without-a-path', { op: 'remove' }),
  wrong('patch-of-a-text', 'remove'),
  wrong('patch-to-a-text', { op: 'replace', path: '/', value: 'x' }),
  wrong('patch-of-no-json', { op: 'remove', path: '/a' }, { body: 'a' }),
  fills('fill', vars, '%(user)s 100%% %(constructor)s', 'ann 100% c'),
  fills('fill-nothing', vars, 'as it is', 'as it is'),
  unfilled(
    'fill-unknown',
    vars,
    'é %(toString)s',
    "var-subst: No such variable 'toString' at position 14",
  ),
  unfilled('fill-letter', vars, '%(user)x', "var-subst: Unknown directive 'x' at position 7"),
  unfilled('fill-no-letter', vars, '%1', "var-subst: Unknown directive '1' at position 1"),
  unfilled('fill-no-name', vars, '%s', "var-subst: Directive 's' requires argument at position 1"),
  unfilled('fill-end', vars, 'a%', "var-subst: Expected directive after '%' at position 1"),
  unfilled('fill-open', vars, 'a%(', "var-subst: Expected character after '(' at position 2"),
  unfilled('fill-unclosed', vars, 'a%(b', 'var-subst: Unterminated field starting at position 2'),
  unfilled('fill-closed', vars, 'a%(b)', "var-subst: Expected directive after ')' at position 4"),
  unfilled('fill-escape', vars, 'a%(b\\', "var-subst: Expected character after '\\' at position 4"),
  fills('ids', ids, '%I %(z)I', 'x%y z'),
  fills(
    'ids-in-hex',
    { ...ids, meta: { ...ids.meta, id_encoding: 'hex' } },
    '%I %(z)I',
    '782579 7a',
  ),
  unfilled(
    'ids-in-another-way',
    { ...ids, meta: { ...ids.meta, id_encoding: 'oct' } },
    '%I',
    'build-id: unsupported encoding: oct',
  ),
  unfilled('ids-of-no-form', { filters: ['build-id'] }, 'x', "build-id: no sub meta 'id_format'"),
  unfilled('ids-letter', ids, '%s', "build-id: Unknown directive 's' at position 1"),
  unfilled('ids-unclosed', ids, 'ab%(c', 'build-id: Unterminated field starting at position 1'),
  unfilled('asked-nowhere', { filters: ['http-check'] }, 'x', 'missing url value'),
  holds(
    'content-filters',
    { body: 'n', ...vars },
    { body: 'x', 'content-filters': ['build-id'] },
    failure('content filter mismatch: subscription=var-subst message=build-id'),
  ),
];
