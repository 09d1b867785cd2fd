// What no node says to another one: lines that are no JSON, or none of theirs, fields that are wrong, words that come too late;
// and some that are unusual and well. Each with the code of the error that answers it. Refuses to know who says them, and when.

/** A line with its ending. */
export interface WrongWord {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Undefined where it is passed over. */
  readonly code: string | undefined;
  /** The code before the link stands; undefined where nothing is said to it. */
  readonly first: string | undefined;
}

/** First lines may not be longer. */
const FIRST_BYTES_MAX = 8_192;

type Fields = Readonly<Record<string, unknown>>;

const encoder = new TextEncoder();
const AROUND = {
  ...{ version: '1.0', type: 'HEARTBEAT_ACK', id: 'w1', source: 'server' },
  ...{ timestamp: 1_700_000_000, payload: { hb: 0 } },
};

function text(name: string, said: string, code: string | undefined, first = code): WrongWord {
  return { name, bytes: encoder.encode(`${said}\n`), code, first };
}

/** An envelope that is otherwise well. */
function around(name: string, more: Fields, code: string | undefined, first = code): WrongWord {
  return text(name, JSON.stringify({ ...AROUND, ...more }), code, first);
}

function payload(type: string, name: string, fields: Fields): WrongWord {
  return around(`${type} with ${name}`, { type, payload: fields }, 'INVALID_PAYLOAD');
}

/** Of the handshake, which is over. */
function standing(type: string, fields: Fields): WrongWord {
  return { ...around(type, { type, payload: fields }, 'INVALID_MESSAGE'), first: undefined };
}

function deep(levels: number): unknown {
  let value: unknown = 0;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

const owned = { node: 'n1', incarnation: 1 };
const up = { op: 'up', session: 'w', user: 'wrong', status: 'online', lamport: 1 };
const delta = { ...owned, from: 0, to: 1 };
const sync = { ...owned, ver: 1, chunk: 0, chunks: 1 };
const beat = { incarnation: 1, ver: 0, digest: '', hb: 0, echo: 0, draining: false };
const forward = { n: 0, kind: 'room', own_id: false, ttl: 0, data: { key: 'r', body: {} } };
const detour = { from: 'n1', to: 'n2', caller: 'n1', call: 1, say: 'end' };
const hello = {
  ...{ cluster: 'sim', node: 'n99', incarnation: 1, versions: ['1.0'], caps: [] },
  ...{ nonce: 'B'.repeat(43), key: 'k1', advertise: '' },
};

export const wrongWords: readonly WrongWord[] = [
  text('no JSON', '}{', 'INVALID_JSON'),
  text('a list', '[]', 'INVALID_MESSAGE'),
  { ...text('no UTF-8', '', 'INVALID_UTF8'), bytes: Uint8Array.of(0x22, 0xff, 0x22, 0x0a) },
  text('a key twice', JSON.stringify(AROUND).replace('{', '{"id":"w0",'), 'DUPLICATE_KEY'),
  around('depth', { payload: { hb: 0, more: deep(40) } }, 'TOO_DEEP'),
  around('a number too large', { payload: { hb: 2 ** 60 } }, 'INVALID_NUMBER'),
  around('half a pair', { payload: { hb: 0, more: '\ud800' } }, 'INVALID_STRING'),
  around('no version', { version: 1 }, 'INVALID_VERSION'),
  around('another version', { version: '2.0' }, 'UNSUPPORTED_VERSION'),
  around('a small type', { type: 'heartbeat' }, 'INVALID_TYPE'),
  around('no id', { id: undefined }, 'INVALID_ID'),
  around('a strange id', { id: 'w 1' }, 'INVALID_ID'),
  around('a long id', { id: 'w'.repeat(65) }, 'INVALID_ID'),
  around('source client', { source: 'client' }, 'INVALID_SOURCE'),
  around('no source', { source: undefined }, 'INVALID_SOURCE'),
  around('a time before all', { timestamp: -1 }, 'INVALID_TIMESTAMP'),
  around('half a second', { timestamp: 1.5 }, 'INVALID_TIMESTAMP'),
  around('a list for a payload', { payload: [] }, 'INVALID_PAYLOAD'),
  around('no payload', { payload: undefined }, 'INVALID_PAYLOAD'),
  payload('HEARTBEAT', 'a digest that is none', { ...beat, digest: 7 }),
  payload('HEARTBEAT', 'a number below zero', { ...beat, hb: -1 }),
  payload('HEARTBEAT', 'draining that is no truth', { ...beat, draining: 'no' }),
  payload('HEARTBEAT', 'links that are no list', { ...beat, links: 'n1' }),
  payload('HEARTBEAT', 'half of what it has', { ...beat, have: { ver: 1 } }),
  payload('HEARTBEAT_ACK', 'nothing', {}),
  payload('MEMBERS', 'a state that is none', {
    members: [{ node: 'n1', incarnation: 1, state: 'gone' }],
  }),
  payload('MEMBERS', 'a name that is none', {
    members: [{ node: 'n 1', incarnation: 1, state: 'up' }],
  }),
  payload('PRESENCE_DELTA', 'an op that is none', { ...delta, ops: [{ ...up, op: 'move' }] }),
  payload('PRESENCE_DELTA', 'too few ops', { ...delta, to: 2, ops: [up] }),
  payload('PRESENCE_DELTA', 'too many ops', { ...delta, ops: [up, up] }),
  payload('PRESENCE_DELTA', 'a user that is none', { ...delta, ops: [{ ...up, user: 'a b' }] }),
  payload('PRESENCE_DELTA', 'a long note', { ...delta, ops: [{ ...up, note: 'x'.repeat(513) }] }),
  payload('PRESENCE_SYNC', 'a status that is none', {
    ...sync,
    sessions: [{ ...up, status: 'x' }],
  }),
  payload('PRESENCE_SYNC', 'a short column', {
    ...sync,
    sessions: { session: ['w'], user: [], status: ['online'], lamport: [1] },
  }),
  payload('SYNC_DONE', 'no version', { ...owned }),
  payload('PRESENCE_SYNC_REQUEST', 'a text for a number', { ...owned, have: '5' }),
  payload('INTEREST', 'a whole that is none', { whole: 'maybe', data: { add: [], remove: [] } }),
  payload('INTEREST', 'topics that are none', { whole: 'no', data: { add: [7], remove: [] } }),
  payload('FORWARD', 'a number that is none', { ...forward, n: '1' }),
  payload('FORWARD', 'a kind that is none', { ...forward, kind: 'word' }),
  payload('FORWARD', 'no key', { ...forward, data: { body: {} } }),
  payload('FORWARD', 'no word of its id', { ...forward, own_id: undefined }),
  payload('FORWARD_ACK', 'a number below zero', { n: -1 }),
  payload('DETOUR', 'nothing that it says', { ...detour, say: 'hello' }),
  payload('DETOUR', 'a name that is none', { ...detour, caller: '' }),
  payload('DETOUR', 'a text too long', {
    ...detour,
    say: 'text',
    data: { text: 'x'.repeat(32_769) },
  }),
  payload('DRAIN', 'no time', {}),
  payload('LEAVE', 'no time', { reason: 'drain' }),
  payload('SERVER_HELLO', 'a short nonce', { ...hello, nonce: 'B'.repeat(42) }),
  payload('SERVER_HELLO', 'a cluster that is none', { ...hello, cluster: '' }),
  standing('SERVER_HELLO', hello),
  standing('SERVER_AUTH', { proof: 'x' }),
  around('a newer word', { type: 'NEWER_WORD', payload: { more: [1] } }, undefined, 'UNKNOWN_TYPE'),
  around(
    'a newer field',
    { payload: { hb: 0, newer: { than: 'this' } } },
    undefined,
    'INVALID_MESSAGE',
  ),
  text('nothing', '', undefined),
];

/** Those that somebody may say who has not proved who he is. */
export const firstWords: readonly WrongWord[] = wrongWords.filter(
  ({ first, bytes }) => first !== undefined && bytes.length < FIRST_BYTES_MAX,
);
