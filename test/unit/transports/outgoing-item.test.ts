// Items from the command line. The JSON was read off pushpin-publish 1.36, and the sentences too.

import { expect, test } from 'vitest';
import { itemFromZmq, itemsFromControlBody } from '../../../src/actors/codecs/grip/publish-item.ts';
import { encodeTnetstring } from '../../../src/actors/codecs/grip/tnetstring.ts';
import {
  itemOf,
  type ItemWishes,
  jsonOf,
  type ReadFile,
} from '../../../src/transports/publishing/outgoing-item.ts';

const plain: ItemWishes = {
  channel: 'chan',
  content: 'x',
  id: '',
  prevId: '',
  sender: '',
  code: '200',
  headers: [],
  meta: [],
  isHint: false,
  isClose: false,
  isPatch: false,
  isUnsequenced: false,
  hasEndOfLine: true,
};
const files: Readonly<Record<string, Uint8Array>> = {
  text: Buffer.from('from a file'),
  bytes: Uint8Array.of(0xff, 0x00),
};
const readFile: ReadFile = (name) => {
  const bytes = files[name];
  return bytes === undefined ? { problem: 'no such file or directory' } : { bytes };
};

const formats = (http: string, ws: string): object => ({
  'http-response': { body: http, code: 200 },
  'http-stream': { content: http },
  'ws-message': { content: ws },
});

test.each<[string, Partial<ItemWishes>, object]>([
  ['content ends a line for HTTP', {}, { formats: formats('x\n', 'x') }],
  ['or does not', { hasEndOfLine: false }, { formats: formats('x', 'x') }],
  [
    'a file is sent as it is',
    { content: '@text' },
    { formats: formats('from a file', 'from a file') },
  ],
  [
    'even if it is no text',
    { content: '@bytes' },
    {
      formats: {
        'http-response': { 'body-bin': '/wA=', code: 200 },
        'http-stream': { 'content-bin': '/wA=' },
        'ws-message': { 'content-bin': '/wA=' },
      },
    },
  ],
  [
    'everything about an item',
    {
      id: '1',
      prevId: '0',
      sender: 'me',
      code: '201',
      headers: ['A: b ', 'C:d:e'],
      meta: ['x=y ', 'z=a=b'],
      isUnsequenced: true,
    },
    {
      id: '1',
      'prev-id': '0',
      formats: {
        ...formats('x\n', 'x'),
        'http-response': {
          body: 'x\n',
          code: 201,
          headers: [
            ['A', 'b'],
            ['C', 'd:e'],
          ],
        },
      },
      meta: { sender: 'me', x: 'y', z: 'a=b' },
      'no-seq': true,
    },
  ],
  [
    'a hint, before anything else',
    { isHint: true, isClose: true, content: undefined, code: 'x' },
    {
      formats: {
        'http-response': { action: 'hint' },
        'http-stream': { action: 'hint' },
        'ws-message': { action: 'hint' },
      },
    },
  ],
  [
    'a close',
    { isClose: true, content: undefined },
    { formats: { 'http-stream': { action: 'close' }, 'ws-message': { action: 'close' } } },
  ],
  [
    'a patch',
    { isPatch: true, content: '[{"op":"remove","path":"/a"}]', headers: ['A: b'] },
    {
      formats: {
        'http-response': {
          'body-patch': [{ op: 'remove', path: '/a' }],
          code: 200,
          headers: [['A', 'b']],
        },
      },
    },
  ],
])('%s', (_, changed, expected) => {
  const making = itemOf({ ...plain, ...changed }, readFile);
  if (!making.ok) throw new Error(making.problem);
  const json = jsonOf(making.item);
  expect(JSON.parse(json)).toEqual({ channel: 'chan', ...expected });
  // Both forms are read as the same item.
  const byHttp = itemsFromControlBody(Buffer.from(`{"items":[${json}]}`));
  const byZmq = itemFromZmq(encodeTnetstring(making.item));
  if (!byHttp.ok || !byZmq.ok) throw new Error('an item that nobody can read');
  const [item] = byHttp.items;
  const { response, stream, ws } = byZmq.item;
  expect({ id: item?.id, noSeq: item?.noSeq, meta: { ...item?.meta } }).toEqual({
    id: byZmq.item.id,
    noSeq: byZmq.item.noSeq,
    meta: { ...byZmq.item.meta },
  });
  expect(Buffer.from(stream?.content ?? [])).toEqual(Buffer.from(item?.stream?.content ?? []));
  expect(Buffer.from(ws?.content ?? [])).toEqual(Buffer.from(item?.ws?.content ?? []));
  expect(Buffer.from(response?.body ?? [])).toEqual(Buffer.from(item?.response?.body ?? []));
});

test.each<[Partial<ItemWishes>, string]>([
  [{ content: undefined }, 'must specify content'],
  [{ code: '1000' }, 'code must be an integer between 0 and 999'],
  [{ code: 'abc' }, 'failed to parse code: invalid digit found in string'],
  [{ code: '-1' }, 'failed to parse code: invalid digit found in string'],
  [{ headers: ['A: b', 'no border'] }, 'header must be in the form "name: value"'],
  [{ meta: ['no border'] }, 'meta must be in the form "name=value"'],
  [{ isPatch: true, content: '{}' }, 'patch content must be a JSON array'],
  [{ isPatch: true, content: 'x' }, 'is not valid JSON'],
  [{ content: '@gone' }, "can't read file gone: no such file or directory"],
])('%o is refused', (changed, problem) => {
  const making = itemOf({ ...plain, ...changed }, readFile);
  expect(making).toMatchObject({ ok: false });
  expect('problem' in making && making.problem).toContain(problem);
});
