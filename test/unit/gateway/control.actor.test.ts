// The control actor, stepped with messages and judged by what it said. The texts were read off Pushpin 1.36.

import { expect, test } from 'vitest';
import { decodeTnetstring, encodeTnetstring } from '../../../src/actors/codecs/grip/tnetstring.ts';
import { ControlStage } from './control-stage.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const item = (channel: string): object => ({
  channel,
  formats: { 'http-stream': { content: 'x' } },
});
const bodyOf = (...channels: string[]): string => JSON.stringify({ items: channels.map(item) });

function ask(
  stage: ControlStage,
  method: string,
  target: string,
  body = '',
  accept?: string,
): string {
  const connection = stage.answers.length + 1;
  stage.tell({ type: 'controlRequested', connection, method, target, accept, body: bytes(body) });
  const answer = stage.answers.at(-1);
  if (answer?.type !== 'controlAnswer') throw new Error('no answer');
  expect(answer.connection).toBe(connection);
  const headers = answer.headers.map(([name, value]) => `${name}: ${value}`);
  return [answer.status, ...headers, answer.body].join(' | ');
}

const plain = 'Content-Type: text/plain';
const json = 'Content-Type: application/json';
const notAcceptable = `406 | ${plain} | Not Acceptable. Supported formats are text/plain and application/json.\n`;

test.each<[string, string, string, string | undefined, string]>([
  ['POST', '/publish', '{"items":[]}', undefined, `200 | ${plain} | Published\n`],
  ['POST', '/publish/', '{"items":[]}  ', undefined, `200 | ${plain} | Published\n`],
  [
    'POST',
    '/publish/',
    '{"items":[]}',
    'application/json',
    `200 | ${json} | {"message":"Published"}\n`,
  ],
  [
    'POST',
    '/publish/',
    '{"items":[]}',
    'application/*',
    `200 | ${json} | {"message":"Published"}\n`,
  ],
  [
    'POST',
    '/publish/',
    '{"items":[]}',
    'text/plain, application/json',
    `200 | ${json} | {"message":"Published"}\n`,
  ],
  [
    'POST',
    '/publish/',
    '{"items":[]}',
    'application/json, */*;q=0.1',
    `200 | ${plain} | Published\n`,
  ],
  [
    'POST',
    '/publish/',
    '{"items":[]}',
    'application/json, image/png',
    `200 | ${json} | {"message":"Published"}\n`,
  ],
  ['POST', '/publish/', '{"items":[]}', 'Application/JSON', notAcceptable],
  ['POST', '/publish/', '{"items":[]}', '', notAcceptable],
  ['GET', '/nowhere', '', 'image/png', notAcceptable],
  ['GET', '/', '', undefined, `200 | ${plain} | Pushpin API\n`],
  ['PUT', '/', '', 'application/json', `200 | ${plain} | Pushpin API\n`],
  ['GET', '/nowhere', '', undefined, `404 | ${plain} | Not Found\n`],
  ['POST', '/publish?a=1', '{"items":[]}', undefined, `404 | ${plain} | Not Found\n`],
  ['POST', '/publish//', '{"items":[]}', undefined, `404 | ${plain} | Not Found\n`],
  ['POST', 'http://h/publish', '{"items":[]}', undefined, `404 | ${plain} | Not Found\n`],
  [
    'GET',
    '/publish/',
    '',
    'application/json',
    `405 | Allow: POST | ${plain} | Method not allowed: GET.\n`,
  ],
  [
    'OPTIONS',
    '/recover',
    '',
    undefined,
    `405 | Allow: POST | ${plain} | Method not allowed: OPTIONS.\n`,
  ],
  ['POST', '/recover', '', undefined, `200 | ${plain} | Updated\n`],
  ['POST', '/recover/', '', '*', `200 | ${plain} | Updated\n`],
  ['POST', '/recover/', '', 'application/json', `200 | ${json} | {"message":"Updated"}\n`],
])('%s %s %s, Accept %s', (method, target, body, accept, expected) => {
  const stage = new ControlStage();
  expect(ask(stage, method, target, body, accept)).toBe(expected);
  expect(stage.troubles).toEqual([]);
});

test.each([
  ['', 'Body is not valid JSON.'],
  ['x', 'Body is not valid JSON.'],
  ['1', 'Body is not valid JSON.'],
  ['null', 'Body is not valid JSON.'],
  ['"a"', 'Body is not valid JSON.'],
  ['[]', 'Invalid format.'],
  ['{}', "Invalid format: object does not contain 'items'"],
  ['{"items":1}', "Invalid format: object contains 'items' with wrong type"],
  ['{"items":[1]}', 'Invalid format: publish item object is not an object'],
  ['{"items":[{}]}', "Invalid format: publish item object does not contain 'channel'"],
  ['{"items":[{"channel":"a"}]}', 'Invalid format: no formats specified'],
  ['{"items":[{"channel":"a","formats":{}}]}', 'Invalid format: no formats specified'],
  ['{"items":[{"channel":"a","formats":{"http-stream":{"action":"foo"}}}]}', 'Invalid format: '],
])('a body that is wrong is refused: %s', (body, text) => {
  const stage = new ControlStage();
  expect(ask(stage, 'POST', '/publish', body, 'application/json')).toBe(
    `400 | ${plain} | ${text}\n`,
  );
  expect(stage.published).toEqual([]);
});

test('[GRIP-STATS-4] items are blocks where the operator wants to know', () => {
  const stage = new ControlStage({ messageBlockBytes: 10 });
  const sized = (size: number): object => ({
    ...{ channel: 'a', size },
    formats: { 'http-stream': { content: 'x' } },
  });
  const items = [sized(0), sized(10), sized(11)];
  ask(stage, 'POST', '/publish', JSON.stringify({ items }));
  expect(stage.said).toContainEqual({
    to: 'operator',
    message: { type: 'itemsPublished', count: 3, blocks: 4 },
  });
});

test('items go to the keepers of their channels in order, after the answer', () => {
  const channels = ['news', 'weather', 'rooms/12', 'zebra crossing', 'é', 'news'];
  const stage = new ControlStage();
  ask(stage, 'POST', '/publish', bodyOf(...channels));
  expect(stage.said[0]?.to).toBe('control');
  expect(stage.published).toEqual(channels);
  expect(new Set(stage.said.map((said) => ('shard' in said ? said.shard : 0)))).toEqual(
    new Set([0]),
  );
  expect(stage.said.filter(({ to }) => to === 'operator')).toEqual([
    { to: 'operator', message: { type: 'itemsPublished', count: 6, blocks: undefined } },
  ]);
  expect(stage.system.counters.get('control.itemsPublished')).toBe(6);
});

test('one bad item keeps all others back', () => {
  const stage = new ControlStage();
  const answer = ask(
    stage,
    'POST',
    '/publish',
    `{"items":[${JSON.stringify(item('a'))},{"channel":"b"}]}`,
  );
  expect(answer).toContain('400');
  expect(stage.published).toEqual([]);
});

test('recover is said to the keepers of all shards', () => {
  const stage = new ControlStage();
  ask(stage, 'POST', '/recover');
  const told = stage.said.filter(({ to }) => to === 'keeper');
  expect(told).toEqual(
    [0, 1].map((shard) => ({ to: 'keeper', shard, message: { type: 'recover' } })),
  );
});

test('items come in one frame by PULL, and behind their channel by SUB', () => {
  const stage = new ControlStage();
  const framed = bytes(`J${JSON.stringify(item('p'))}`);
  const tnet = encodeTnetstring({
    channel: 'ignored',
    formats: { 'ws-message': { content: bytes('x') } },
  });
  stage.tell({ type: 'itemReceived', input: 'pull', frames: [framed] });
  stage.tell({ type: 'itemReceived', input: 'sub', frames: [bytes('s'), tnet] });
  stage.tell({ type: 'itemReceived', input: 'sub', frames: [bytes(''), framed] });
  expect(stage.published).toEqual(['p', 's', 'p']);
  expect(stage.system.counters.get('control.itemsDropped')).toBeUndefined();
});

test.each<['pull' | 'sub', readonly Uint8Array[], string]>([
  ['pull', [], '1 frames were expected, 0 came'],
  ['pull', [bytes('a'), bytes('b')], '1 frames were expected, 2 came'],
  ['sub', [bytes('a')], '2 frames were expected, 1 came'],
  ['sub', [bytes('a'), bytes('b'), bytes('c')], '2 frames were expected, 3 came'],
  ['pull', [bytes('T5:abc')], 'shorter'],
  ['pull', [bytes('')], 'empty'],
  ['pull', [bytes('J{')], 'JSON'],
  ['pull', [bytes('T2:{}}')], ''],
  ['sub', [Uint8Array.of(0xff), bytes(`J${JSON.stringify(item('p'))}`)], 'UTF-8'],
])('what cannot be read is dropped, counted and told: %s %o', (input, frames, problem) => {
  const stage = new ControlStage();
  stage.tell({ type: 'itemReceived', input, frames });
  stage.tell({
    type: 'itemReceived',
    input: 'pull',
    frames: [bytes(`J${JSON.stringify(item('next'))}`)],
  });
  expect(stage.published).toEqual(['next']);
  expect(stage.system.counters.get('control.itemsDropped')).toBe(1);
  const logged = stage.said.flatMap((said) => (said.to === 'log' ? [said.message] : []));
  expect(logged).toHaveLength(1);
  expect(logged[0]).toMatchObject({ level: 'warn', event: 'publish.dropped', fields: { input } });
  expect(String(logged[0]?.fields['problem'])).toContain(problem);
  expect(stage.troubles).toEqual([]);
});

function command(stage: ControlStage, request: unknown, ref = 7): void {
  const frame = request instanceof Uint8Array ? request : encodeTnetstring(request);
  stage.tell({ type: 'commandReceived', ref, frame });
}

/** The replies so far, with bytes as text. */
function replies(stage: ControlStage): unknown[] {
  return stage.answers.map((answer) => {
    if (answer.type !== 'commandReply') throw new Error('not a reply');
    const decoded = decodeTnetstring(answer.frame);
    if (!decoded.ok) throw new Error(decoded.mistake.message);
    expect(decoded.rest).toBe(answer.frame.length);
    return plainOf(decoded.value);
  });
}

function plainOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plainOf(member)]));
}

const badRequest = { success: false, condition: 'bad-request' };

test.each<[string, unknown, unknown]>([
  ['no tnetstring', bytes('nonsense'), badRequest],
  ['shorter than it says', bytes('99:abc,'), badRequest],
  ['no dictionary', [1], badRequest],
  ['no method', { id: 'i' }, badRequest],
  ['an id that is no string', { id: 1, method: 'recover' }, badRequest],
  ['arguments that are no dictionary', { method: 'recover', args: 'x' }, badRequest],
  [
    'a method that is not there',
    { id: 'i', method: 'x' },
    { id: 'i', success: false, condition: 'method-not-found' },
  ],
  ['recover', { id: 'i', method: 'recover' }, { id: 'i', success: true, value: null }],
  ['recover without an id', { method: 'recover', args: {} }, { success: true, value: null }],
  [
    'publish without items',
    { method: 'publish' },
    { ...badRequest, value: "Invalid format: object does not contain 'items'" },
  ],
  [
    'publish with something else',
    { method: 'publish', args: { items: 'x' } },
    { ...badRequest, value: "Invalid format: object contains 'items' with wrong type" },
  ],
  [
    'publish of a bad item',
    { method: 'publish', args: { items: [{}] } },
    { ...badRequest, value: "Invalid format: publish item object does not contain 'channel'" },
  ],
  [
    'publish',
    { id: 'p', method: 'publish', args: { items: [item('a')] } },
    { id: 'p', success: true, value: null },
  ],
  ['refresh of nothing', { method: 'refresh' }, badRequest],
  ['refresh of a number', { method: 'refresh', args: { cid: 1 } }, badRequest],
  ['refresh of a bad channel', { method: 'refresh', args: { channel: null } }, badRequest],
  [
    'refresh of a channel',
    { method: 'refresh', args: { channel: 'a' } },
    { success: true, value: null },
  ],
  ['conncheck of nothing', { method: 'conncheck' }, badRequest],
  ['conncheck of numbers', { method: 'conncheck', args: { ids: ['a', 1] } }, badRequest],
  [
    'where to publish',
    { method: 'get-zmq-uris' },
    { success: true, value: { command: 'tcp://a', 'publish-sub': 'tcp://c' } },
  ],
])('command: %s', (_, request, expected) => {
  const stage = new ControlStage({
    zmqUris: { command: 'tcp://a', publishPull: undefined, publishSub: 'tcp://c' },
  });
  command(stage, request);
  expect(replies(stage)).toEqual([expected]);
  expect(stage.answers).toMatchObject([{ ref: 7 }]);
  expect(stage.troubles).toEqual([]);
});

test('the command publishes, and refreshes a channel out of sequence', () => {
  const stage = new ControlStage();
  command(stage, { method: 'publish', args: { items: [item('a'), item('b')] } });
  command(stage, { method: 'refresh', args: { channel: 'c' } });
  expect(stage.published).toEqual(['a', 'b', 'c']);
  const last = stage.said.findLast(({ to }) => to === 'keeper');
  expect(last?.message).toMatchObject({
    item: {
      noSeq: true,
      id: undefined,
      ws: { action: 'refresh' },
      response: undefined,
      stream: undefined,
    },
  });
});

function checked(stage: ControlStage, shard: number, found: readonly string[], ref = 1): void {
  stage.tell({ type: 'connectionsChecked', ref, shard, found });
}

test('a connection is found on whatever shard it is, and refreshed there', () => {
  const stage = new ControlStage();
  command(stage, { id: 'i', method: 'refresh', args: { cid: 'c-1' } });
  const asked = stage.said.flatMap((said) => (said.to === 'door' ? [said] : []));
  expect(asked.map(({ shard }) => shard)).toEqual([0, 1]);
  for (const { message } of asked) {
    expect(message).toEqual({
      type: 'checkConnections',
      ref: 1,
      ids: ['c-1'],
      areWebSockets: true,
      replyTo: '0/control',
    });
  }
  checked(stage, 0, []);
  expect(replies(stage)).toEqual([]);
  checked(stage, 1, ['c-1']);
  expect(replies(stage)).toEqual([{ id: 'i', success: true, value: null }]);
  expect(stage.said.findLast(({ to }) => to === 'door')).toEqual({
    to: 'door',
    shard: 1,
    message: { type: 'refresh', cid: 'c-1' },
  });
  stage.pass(60_000);
  expect(stage.answers).toHaveLength(1);
});

test('a connection that no shard knows is not found', () => {
  const stage = new ControlStage();
  command(stage, { method: 'refresh', args: { cid: 'c-1' } });
  checked(stage, 1, []);
  checked(stage, 1, []);
  expect(replies(stage)).toEqual([]);
  checked(stage, 0, []);
  expect(replies(stage)).toEqual([{ success: false, condition: 'item-not-found' }]);
});

test('conncheck gathers what all shards know, in the order asked', () => {
  const stage = new ControlStage();
  command(stage, { method: 'conncheck', args: { ids: ['a', 'b', 'c', 'a'] } }, 1);
  command(stage, { method: 'conncheck', args: { ids: [] } }, 2);
  checked(stage, 1, ['c']);
  checked(stage, 0, [], 2);
  checked(stage, 1, [], 2);
  checked(stage, 0, ['a']);
  expect(stage.answers).toMatchObject([{ ref: 2 }, { ref: 1 }]);
  expect(replies(stage)).toEqual([
    { success: true, value: [] },
    { success: true, value: ['a', 'c'] },
  ]);
});

test('a shard that does not answer is waited for ten seconds', () => {
  const stage = new ControlStage();
  command(stage, { method: 'conncheck', args: { ids: ['a'] } });
  command(stage, { method: 'refresh', args: { cid: 'a' } });
  checked(stage, 0, ['b']);
  stage.pass(9_999);
  expect(replies(stage)).toEqual([]);
  stage.pass(1);
  expect(replies(stage)).toEqual([
    { success: false, condition: 'proxy-request-failed' },
    { success: false, condition: 'timeout' },
  ]);
  checked(stage, 1, ['a'], 2);
  expect(stage.answers).toHaveLength(2);
  expect(stage.troubles).toEqual([]);
});

test('more than a thousand inquiries at once are refused', () => {
  const stage = new ControlStage();
  for (let ref = 0; ref < 1_001; ref += 1) {
    command(stage, { method: 'conncheck', args: { ids: ['a'] } }, ref);
  }
  expect(replies(stage)).toEqual([{ success: false, condition: 'proxy-request-failed' }]);
  expect(stage.answers).toMatchObject([{ ref: 1_000 }]);
});
