// Errands at the control server and at the socket of commands. Written from spec/grip.md, "The control server", "Items"
// and "Commands".

import type { Errand } from './errand.ts';

function posts(
  name: string,
  answer: string,
  what: Partial<Extract<Errand, { to: 'control' }>>,
): Errand {
  const usual = { method: 'POST', target: '/publish', accept: undefined, body: '{"items":[]}' };
  return { name, to: 'control', ...usual, ...what, answer };
}

/** Of one item that is wrong. */
function publishes(name: string, answer: string, item: object): Errand {
  return posts(name, `400 Invalid format: ${answer}\n`, {
    body: JSON.stringify({ items: [item] }),
  });
}

function commands(name: string, fields: unknown, answer: unknown): Errand {
  return { name, to: 'command', fields, answer };
}

function refused(condition: string, value?: string): object {
  return { id: '1', success: false, condition, ...(value === undefined ? {} : { value }) };
}

/** Of one whose answer is wrong. */
function answersWith(name: string, answer: string, fields: object): Errand {
  return publishes(name, answer, { channel: 'e-none', formats: { 'http-response': fields } });
}

/** A frame that nobody can read. */
function unread(name: string, frame: string): Errand {
  return commands(name, frame, { success: false, condition: 'bad-request' });
}

const stream = { 'http-stream': { content: 'x' } };
const ok = { id: '1', success: true };
/** Of all nodes. */
export const uris = { command: 'ipc://c', 'publish-pull': 'ipc://p' };

export const commandErrands: readonly Errand[] = [
  posts('post-nothing', '200 Published\n', {}),
  posts('post-half', '400 Body is not valid JSON.\n', { body: '{"items"' }),
  posts('post-list', '400 Invalid format.\n', { body: '[]' }),
  posts('post-other', "400 Invalid format: object does not contain 'items'\n", {
    body: '{"item":[]}',
  }),
  posts(
    'post-items-of-another-type',
    "400 Invalid format: object contains 'items' with wrong type\n",
    { body: '{"items":{}}' },
  ),
  posts('post-for-json', '200 {"message":"Published"}\n', {
    accept: 'text/plain, application/json',
  }),
  posts('post-for-text', '200 Published\n', { accept: 'application/*, text/*;q=0' }),
  posts('post-for-anything', '200 Published\n', { accept: 'image/png, */*' }),
  posts(
    'post-for-pictures',
    '406 Not Acceptable. Supported formats are text/plain and application/json.\n',
    { accept: 'image/png' },
  ),
  posts('put', '405 Method not allowed: PUT.\n', { method: 'PUT' }),
  posts('recover', '200 Updated\n', { target: '/recover', body: '' }),
  posts('post-to-the-root', '200 Pushpin API\n', { target: '/' }),
  posts('post-with-a-query', '404 Not Found\n', { target: '/publish?x' }),
  posts('post-with-a-mark', '200 Published\n', { body: '\ufeff{"items":[]}' }),
  posts('post-with-a-line-end', '200 Published\n', {
    target: '/publish/',
    body: '{"items":[{"channel":"e-none","http-stream":{"content":"a\nb"}}]}',
  }),
  publishes('item-without-a-channel', "publish item object does not contain 'channel'", {
    formats: stream,
  }),
  publishes(
    'item-with-a-channel-of-another-type',
    "publish item object contains 'channel' with wrong type",
    {
      channel: 1,
      formats: stream,
    },
  ),
  publishes('item-without-formats', 'no formats specified', { channel: 'e-none' }),
  publishes('item-with-a-format-of-another-type', "'http-stream' is not an object", {
    channel: 'e-none',
    formats: { 'http-stream': 1 },
  }),
  publishes('item-without-content', "'http-stream' does not contain 'content' or 'content-bin'", {
    channel: 'e-none',
    formats: { 'http-stream': {} },
  }),
  publishes(
    'item-without-a-body',
    "'http-response' does not contain 'body', 'body-bin', or 'body-patch'",
    { channel: 'e-none', formats: { 'http-response': {} } },
  ),
  publishes('item-without-words', "'ws-message' does not contain 'content' or 'content-bin'", {
    channel: 'e-none',
    formats: { 'ws-message': {} },
  }),
  publishes('item-of-an-unknown-type', "'ws-message' contains 'type' with unknown value", {
    channel: 'e-none',
    formats: { 'ws-message': { type: 'song', content: '' } },
  }),
  publishes('item-with-a-wrong-status', "'http-response' contains 'code' with invalid value", {
    channel: 'e-none',
    formats: { 'http-response': { code: 1000, body: '' } },
  }),
  publishes('item-with-half-a-header', 'headers contains list with wrong number of elements', {
    channel: 'e-none',
    formats: { 'http-response': { headers: [['a']], body: '' } },
  }),
  publishes('item-with-a-header-of-another-type', "headers contains 'a' with wrong type", {
    channel: 'e-none',
    formats: { 'http-response': { headers: { a: [] }, body: '' } },
  }),
  publishes('item-with-meta-of-another-type', "'meta' contains 'a' with wrong type", {
    channel: 'e-none',
    formats: stream,
    meta: { a: [] },
  }),
  publishes('item-of-a-number', 'publish item object is not an object', 1 as unknown as object),
  publishes(
    'item-with-formats-of-another-type',
    "publish item object contains 'formats' with wrong type",
    { channel: 'e-none', formats: 'x' },
  ),
  publishes(
    'item-with-an-order-of-another-type',
    "publish item object contains 'no-seq' with wrong type",
    { channel: 'e-none', formats: stream, 'no-seq': 'true' },
  ),
  publishes(
    'item-with-a-size-of-another-type',
    "publish item object contains 'size' with wrong type",
    { channel: 'e-none', formats: stream, size: [] },
  ),
  publishes(
    'item-with-an-id-of-another-type',
    "publish item object contains 'id' with wrong type",
    { channel: 'e-none', formats: stream, id: 1 },
  ),
  publishes(
    'item-without-meaning-of-its-meta',
    "publish item object contains 'meta' with wrong type",
    { channel: 'e-none', formats: stream, meta: null },
  ),
  publishes('item-that-dances', '', {
    channel: 'e-none',
    formats: { 'http-stream': { action: 'dance' } },
  }),
  publishes(
    'item-with-content-of-another-type',
    "'http-stream' contains 'content' with wrong type",
    {
      channel: 'e-none',
      formats: { 'http-stream': { content: null } },
    },
  ),
  publishes(
    'item-with-a-filter-of-another-type',
    'content-filters contains element with wrong type',
    { channel: 'e-none', formats: { 'http-stream': { content: 'x', 'content-filters': [1] } } },
  ),
  publishes(
    'item-with-filters-of-another-type',
    "'ws-message' contains 'content-filters' with wrong type",
    { channel: 'e-none', formats: { 'ws-message': { content: 'x', 'content-filters': 'x' } } },
  ),
  answersWith(
    'answer-with-a-status-of-another-type',
    "'http-response' contains 'code' with wrong type",
    {
      code: [],
      body: '',
    },
  ),
  answersWith(
    'answer-with-a-status-below-nothing',
    "'http-response' contains 'code' with invalid value",
    {
      code: '-1',
      body: '',
    },
  ),
  answersWith(
    'answer-with-a-status-beyond-all',
    "'http-response' contains 'code' with invalid value",
    {
      code: '4294967496',
      body: '',
    },
  ),
  answersWith(
    'answer-with-headers-of-a-text',
    "'http-response' contains 'headers' with wrong type",
    {
      headers: 'x',
      body: '',
    },
  ),
  answersWith('answer-with-a-header-of-a-text', 'headers contains element with wrong type', {
    headers: ['x'],
    body: '',
  }),
  answersWith(
    'answer-with-a-name-of-another-type',
    'header contains name element with wrong type',
    { headers: [[1, 'x']], body: '' },
  ),
  answersWith(
    'answer-with-a-value-of-another-type',
    'header contains value element with wrong type',
    { headers: [['x', 1]], body: '' },
  ),
  answersWith(
    'answer-with-a-patch-of-another-type',
    "'http-response' contains 'body-patch' with wrong type",
    { 'body-patch': {} },
  ),
  posts('post-of-controls', '200 Published\n', {
    body: '{"items":[{"channel":"e-none","http-stream":{"content":"a\\"\t\\\\\n"}}]}',
  }),
  posts('post-of-what-is-open', '400 Body is not valid JSON.\n', {
    body: '{"items":[{"channel":"e-none","http-stream":{"content":"a\n}}]}',
  }),
  unread('command-of-nothing', ''),
  unread('command-cut-off', '20:2:id,1:1,}'),
  unread('command-of-no-kind', '0:?'),
  unread('command-without-a-size', ':}'),
  unread('command-without-a-colon', '0}'),
  unread('command-of-a-word', '16:6:method,4:true?}'),
  unread('command-of-half-a-member', '9:6:method,}'),
  unread('command-of-a-number', '13:6:method,1:5#}'),
  unread('command-named-by-a-number', '18:1:1#11:get-zmq-uris,}'),
  unread('command-of-no-number', '31:6:method,5:dance,4:args,4:1.5x#}'),
  commands(
    'command-of-all-kinds',
    {
      id: '1',
      method: 'get-zmq-uris',
      args: { none: null, yes: true, no: false, whole: -12, part: 0.25, list: [[], {}, ['a']] },
    },
    { ...ok, value: uris },
  ),
  commands('command-recover', { id: '1', method: 'recover' }, { ...ok, value: null }),
  commands(
    'command-with-a-number-for-an-id',
    { id: 1, method: 'recover' },
    {
      success: false,
      condition: 'bad-request',
    },
  ),
  commands(
    'command-with-a-list-of-args',
    { id: '1', method: 'recover', args: [] },
    {
      success: false,
      condition: 'bad-request',
    },
  ),
  commands(
    'command-publish-wrongly',
    {
      id: '1',
      method: 'publish',
      args: { items: [{ channel: 'e-none', formats: { 'http-response': {} } }] },
    },
    refused(
      'bad-request',
      "Invalid format: 'http-response' does not contain 'body' or 'body-patch'",
    ),
  ),
  commands(
    'command-publish-no-content',
    {
      id: '1',
      method: 'publish',
      args: { items: [{ channel: 'e-none', formats: { 'http-stream': {} } }] },
    },
    refused('bad-request', "Invalid format: 'http-stream' does not contain 'content'"),
  ),
  commands(
    'command-publish',
    { id: '1', method: 'publish', args: { items: [{ channel: 'e-none', formats: stream }] } },
    { ...ok, value: null },
  ),
  commands(
    'command-publish-nothing',
    { id: '1', method: 'publish', args: {} },
    refused('bad-request', "Invalid format: object does not contain 'items'"),
  ),
  commands(
    'command-publish-a-text',
    { id: '1', method: 'publish', args: { items: 'x' } },
    refused('bad-request', "Invalid format: object contains 'items' with wrong type"),
  ),
  commands(
    'command-conncheck',
    { id: '1', method: 'conncheck', args: { ids: ['0:999999', 'none'] } },
    { ...ok, value: [] },
  ),
  commands(
    'command-conncheck-nothing',
    { id: '1', method: 'conncheck', args: {} },
    refused('bad-request'),
  ),
  commands(
    'command-conncheck-numbers',
    { id: '1', method: 'conncheck', args: { ids: [1] } },
    refused('bad-request'),
  ),
  commands(
    'command-refresh',
    { id: '1', method: 'refresh', args: { channel: 'e-none' } },
    { ...ok, value: null },
  ),
  commands(
    'command-refresh-followed',
    { id: '1', method: 'refresh', args: { channel: 'ws-ordered' } },
    { ...ok, value: null },
  ),
  commands(
    'command-refresh-nobody',
    { id: '1', method: 'refresh', args: { cid: 'none' } },
    refused('item-not-found'),
  ),
  commands(
    'command-refresh-nothing',
    { id: '1', method: 'refresh', args: {} },
    refused('bad-request'),
  ),
  commands(
    'command-refresh-a-number',
    { id: '1', method: 'refresh', args: { channel: 1 } },
    refused('bad-request'),
  ),
  commands('command-uris', { id: '1', method: 'get-zmq-uris' }, { ...ok, value: uris }),
  commands('command-unknown', { id: '1', method: 'dance', args: {} }, refused('method-not-found')),
  commands('command-without-a-method', { id: '1' }, { success: false, condition: 'bad-request' }),
  commands(
    'command-without-an-id',
    { method: 'dance', args: {} },
    { success: false, condition: 'method-not-found' },
  ),
  commands('command-of-a-list', [], { success: false, condition: 'bad-request' }),
];
