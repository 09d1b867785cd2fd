// Lines that are wrong, each with the code that spec/hp.md has for it, and lines that are just right beside them: the longest
// name, and one that is longer. Said by somebody who is logged in. Refuses to know who says them.

export interface HpMistakeLine {
  /** What the answer refers to. */
  readonly id: string | null;
  /** As it is; undefined where type and payload make an envelope. */
  readonly line?: string;
  readonly type?: string;
  readonly payload?: object;
  /** A code, or the answer of a line that is just right. */
  readonly expected: string;
}

const envelope = (fields: string): string => `{"version":"1.0",${fields}}`;

export const mistakes: readonly HpMistakeLine[] = [
  { id: null, line: 'hello?', expected: 'INVALID_JSON' },
  { id: null, line: '{"version":"1.0","type":"PING"', expected: 'INVALID_JSON' },
  { id: null, line: '[1,2]', expected: 'INVALID_MESSAGE' },
  { id: null, line: `${'['.repeat(40)}${']'.repeat(40)}`, expected: 'TOO_DEEP' },
  {
    id: 'w1',
    line: envelope('"type":"NONSENSE","id":"w1","timestamp":1,"source":"client","payload":{}'),
    expected: 'UNKNOWN_TYPE',
  },
  {
    id: 'w2',
    line: envelope('"type":"PING","id":"w2","timestamp":1,"source":"server","payload":{}'),
    expected: 'INVALID_SOURCE',
  },
  {
    id: 'w3',
    line: envelope('"type":"PING","id":"w3","timestamp":1.5,"source":"client","payload":{}'),
    expected: 'INVALID_TIMESTAMP',
  },
  { id: 'w4', type: 'JOIN', payload: {}, expected: 'MISSING_FIELD' },
  { id: 'w5', type: 'JOIN', payload: { room: 'No Such Name' }, expected: 'INVALID_ROOM' },
  { id: 'w6', type: 'LOGIN', payload: { user: 'again' }, expected: 'ALREADY_LOGGED_IN' },
  {
    id: 'w7',
    type: 'ROOM_MESSAGE',
    payload: { room: 'elsewhere', body: 'x' },
    expected: 'NOT_IN_ROOM',
  },
  { id: 'w8', type: 'LEAVE', payload: { room: 'elsewhere' }, expected: 'NOT_IN_ROOM' },
  { id: 'w9', type: 'DIRECT_MESSAGE', payload: { to: 'u0', body: '' }, expected: 'BODY_EMPTY' },
  { id: 'w10', type: 'PRESENCE_QUERY', payload: { users: 'u0' }, expected: 'INVALID_PAYLOAD' },
  { id: 'w11', type: 'PING', payload: { echo: 'x', n: 1.5 }, expected: 'INVALID_NUMBER' },
  { id: 'w12', type: 'ROOM_MEMBERS', payload: { room: 'no-such-room' }, expected: 'NO_SUCH_ROOM' },
  { id: 'w13', type: 'STATS', payload: {}, expected: 'FORBIDDEN' },
  ...pair('PING', (echo) => ({ echo }), [64, 'PONG', 'INVALID_PAYLOAD']),
  ...pair('ROOM_MEMBERS', (room) => ({ room }), [64, 'NO_SUCH_ROOM', 'INVALID_ROOM']),
  ...pair('PRESENCE_QUERY', one, [32, 'PRESENCE_STATE', 'INVALID_PAYLOAD']),
  ...pair('PRESENCE_QUERY', many, [100, 'PRESENCE_STATE', 'INVALID_PAYLOAD']),
  ...pair('ROOM_LIST', page, [100, 'ROOM_LIST_OK', 'INVALID_PAYLOAD']),
  ...pair('PRESENCE_UNSUBSCRIBE', one, [32, 'ACK', 'INVALID_PAYLOAD']),
  { id: 'w'.repeat(64), type: 'PING', payload: {}, expected: 'PONG' },
  { id: null, line: ping('"id":"' + 'w'.repeat(65) + '","timestamp":1'), expected: 'INVALID_ID' },
  { id: 'w14', line: ping('"id":"w14","timestamp":100000000000'), expected: 'PONG' },
  { id: 'w15', line: ping('"id":"w15","timestamp":100000000001'), expected: 'INVALID_TIMESTAMP' },
  { id: 'w16', line: deepPing(32 - 2), expected: 'PONG' },
  { id: null, line: deepPing(33 - 2), expected: 'TOO_DEEP' },
];

function one(user: string): object {
  return { users: [user] };
}

function many({ length }: string): object {
  return { users: Array.from({ length }, (_, at) => `nobody${at}`) };
}

function page({ length }: string): object {
  return { prefix: 'no', limit: length };
}

/** The longest that is right, and one more. */
function pair(
  type: string,
  payload: (text: string) => object,
  [length, right, wrong]: readonly [length: number, right: string, wrong: string],
): HpMistakeLine[] {
  const line = (more: number, expected: string): HpMistakeLine => {
    const id = `w.${type}.${length + more}`;
    return { id, type, payload: payload('n'.repeat(length + more)), expected };
  };
  return [line(0, right), line(1, wrong)];
}

function ping(fields: string): string {
  return `{"version":"1.0","type":"PING",${fields},"source":"client","payload":{}}`;
}

/** With lists in lists beside the envelope and the payload. */
function deepPing(lists: number): string {
  const deep = '['.repeat(lists) + ']'.repeat(lists);
  const around = '{"version":"1.0","type":"PING","id":"w16","timestamp":1,"source":"client"';
  return `${around},"payload":{"more":${deep}}}`;
}

/** By one byte. */
export function tooLong({ bodyBytesMax }: { readonly bodyBytesMax: number }): HpMistakeLine {
  const body = 'x'.repeat(bodyBytesMax + 1);
  return {
    id: 'w17',
    type: 'DIRECT_MESSAGE',
    payload: { to: 'u0', body },
    expected: 'BODY_TOO_LONG',
  };
}
