// Lines that are wrong, each with the code that spec/hp.md has for it; said by somebody who is logged in.
// Refuses to know who says them.

export interface HpMistakeLine {
  /** What the answer refers to. */
  readonly id: string | null;
  /** As it is; undefined where type and payload make an envelope. */
  readonly line?: string;
  readonly type?: string;
  readonly payload?: object;
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
];
