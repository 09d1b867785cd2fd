// Calls: what somebody says at the door of a chat, all at once, and all that he hears until the connection ends or his
// patience does. Written from spec/hp.md, "Lines" to "Login", for the options of `callOptions`.
// Refuses to know who calls, and when.

import type { ChatOptions } from '../../../actors/chat/chat-options.ts';

export interface Call {
  readonly name: string;
  /** Each character is a byte. */
  readonly says: string;
  /** `TYPE`, and of errors their code, field, and `fatal`. */
  readonly hears: readonly string[];
  /** The node ends the connection. */
  readonly isEnded: boolean;
}

/** What the nodes are set to where calls are made. */
export const callOptions = {
  auth: ['none', 'token'],
  allowPlaintext: true,
  admins: ['Warden'],
} as const satisfies Partial<ChatOptions>;

function envelope(fields: Readonly<Record<string, unknown>>): string {
  const usual = { version: '1.0', type: 'HELLO', id: 'c1', timestamp: 1, source: 'client' };
  return `${JSON.stringify({ ...usual, payload: {}, ...fields })}\n`;
}

function line(type: string, payload: object = {}): string {
  return envelope({ type, payload });
}

function call(name: string, says: string, ...hears: readonly string[]): Call {
  return { name, says, hears: hears.map((words) => words.trim()), isEnded: false };
}

/** The last that is heard is fatal. */
function fatal(name: string, says: string, ...hears: readonly string[]): Call {
  return { name, says, hears: hears.map((words) => words.trim()), isEnded: true };
}

/** Said by somebody who has logged in, and then goes. */
function inside(name: string, says: string, ...hears: readonly string[]): Call {
  const login = line('LOGIN', { user: `c.${name}` });
  return fatal(name, `${login}${says}${line('BYE')}`, 'LOGIN_OK', ...hears, 'BYE');
}

function envelopeError(name: string, fields: object, code: string, field = ''): Call {
  return call(name, envelope({ ...fields }), `ERROR ${code} ${field}`);
}

function payloadError(name: string, type: string, payload: object, code: string, field = ''): Call {
  return inside(name, line(type, payload), `ERROR ${code} ${field}`);
}

const token = (claims: object): string =>
  encodeURIComponent(JSON.stringify({ subscribe: [], publish: [], ...claims }));
const withToken = (user: string, claims: object): string =>
  line('LOGIN', { user, auth: { method: 'token', token: token(claims) } });
const password = line('LOGIN', { user: 'x', auth: { method: 'password', password: 'y' } });
const NOT_IT = 'ERROR AUTH_METHOD payload.auth';

export const calls: readonly Call[] = [
  fatal('http', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'ERROR INVALID_JSON  fatal'),
  call(
    'hello',
    line('HELLO', { caps: ['ack'], agent: 'me', versions: ['2.0', '1.7'] }),
    'HELLO_OK',
  ),
  call('hello-twice', line('HELLO') + line('HELLO'), 'HELLO_OK', 'ERROR FORBIDDEN type'),
  fatal(
    'hello-of-tomorrow',
    line('HELLO', { versions: ['2.0'] }),
    'ERROR UNSUPPORTED_VERSION payload.versions fatal',
  ),
  call('blank-lines', `\n \r\n${line('HELLO')}`, 'HELLO_OK'),
  call('line-ends-of-others', line('HELLO').replace('\n', '\r\n'), 'HELLO_OK'),
  call('not-in', line('ROOM_MESSAGE', { room: 'general', body: 'x' }), 'ERROR NOT_LOGGED_IN'),
  call('half-a-line', line('HELLO').slice(0, -1)),
  fatal('too-long', `${'x'.repeat(8_193)}\n`, 'ERROR LINE_TOO_LONG  fatal'),
  fatal('of-no-end', 'x'.repeat(100_000), 'ERROR LINE_TOO_LONG  fatal'),
  fatal(
    'garbage',
    'x\ny\nz\n',
    'ERROR INVALID_JSON',
    'ERROR INVALID_JSON',
    'ERROR INVALID_JSON  fatal',
  ),
  call('bytes', '{"version":"\xff"}\n', 'ERROR INVALID_UTF8'),
  call('doubled', '{"version":"1.0","version":"1.0"}\n', 'ERROR DUPLICATE_KEY version'),
  call(
    'doubled-in-disguise',
    `${String.raw`{"version":"1.0","\u0076ersion":"1.0"}`}\n`,
    'ERROR DUPLICATE_KEY version',
  ),
  call(
    'doubled-in-its-payload',
    line('HELLO').replace('{}', '{"x":1,"x":2}'),
    'ERROR DUPLICATE_KEY payload.x',
  ),
  envelopeError('version-missing', { version: undefined }, 'MISSING_FIELD', 'version'),
  fatal(
    'version-of-tomorrow',
    envelope({ version: '2.0' }),
    'ERROR UNSUPPORTED_VERSION version fatal',
  ),
  fatal('version-in-figures', envelope({ version: 1 }), 'ERROR INVALID_VERSION version fatal'),
  envelopeError('type-missing', { type: undefined }, 'MISSING_FIELD', 'type'),
  envelopeError('type-in-small-letters', { type: 'hello' }, 'INVALID_TYPE', 'type'),
  envelopeError('type-of-no-text', { type: 5 }, 'INVALID_TYPE', 'type'),
  envelopeError('type-misspelt', { type: 'HELO' }, 'UNKNOWN_TYPE', 'type'),
  envelopeError('id-missing', { id: undefined }, 'MISSING_FIELD', 'id'),
  envelopeError('id-empty', { id: '' }, 'INVALID_ID', 'id'),
  envelopeError('source-missing', { source: undefined }, 'MISSING_FIELD', 'source'),
  envelopeError(
    'source-of-a-node',
    { type: 'NODE_HELLO', source: 'server' },
    'INVALID_SOURCE',
    'source',
  ),
  envelopeError('timestamp-missing', { timestamp: undefined }, 'MISSING_FIELD', 'timestamp'),
  envelopeError('timestamp-before-all', { timestamp: -1 }, 'INVALID_TIMESTAMP', 'timestamp'),
  envelopeError('payload-missing', { payload: undefined }, 'MISSING_FIELD', 'payload'),
  envelopeError('payload-of-a-list', { payload: [] }, 'INVALID_PAYLOAD', 'payload'),
  call('user-missing', line('LOGIN'), 'ERROR MISSING_FIELD payload.user'),
  call('user-of-two-words', line('LOGIN', { user: 'a b' }), 'ERROR INVALID_PAYLOAD payload.user'),
  call(
    'status-of-no-kind',
    line('LOGIN', { user: 'a', status: 'asleep' }),
    'ERROR INVALID_PAYLOAD payload.status',
  ),
  call(
    'auth-of-a-list',
    line('LOGIN', { user: 'a', auth: [] }),
    'ERROR INVALID_PAYLOAD payload.auth',
  ),
  fatal('passwords', password + password + password, NOT_IT, NOT_IT, `${NOT_IT} fatal`),
  call('token-of-another', withToken('caller.token', { subject: 'else' }), 'ERROR AUTH_FAILED'),
  call('token-of-nobody', withToken('caller.token', {}), 'ERROR AUTH_FAILED'),
  call(
    'token-of-no-sense',
    line('LOGIN', { user: 'a', auth: { method: 'token', token: '}' } }),
    'ERROR AUTH_FAILED',
  ),
  fatal(
    'token',
    withToken('caller.Token', { subject: 'Caller.token' }) + line('BYE'),
    'LOGIN_OK',
    'BYE',
  ),
  fatal(
    'token-that-ends',
    withToken('caller.ends', { subject: 'caller.ends', expiresInMs: 400 }),
    'LOGIN_OK',
    'ERROR AUTH_FAILED  fatal',
  ),
  call(
    'comes-back-from-nowhere',
    line('RESUME', { token: 'none' }),
    'ERROR SESSION_EXPIRED payload.token',
  ),
  call(
    'comes-back-with-half-a-place',
    line('RESUME', { token: 'x', rooms: { general: { seq: 1 } } }),
    'ERROR INVALID_PAYLOAD payload.rooms',
  ),
  call(
    'comes-back-with-no-room',
    line('RESUME', { token: 'x', rooms: { 'a b': 1 } }),
    'ERROR INVALID_ROOM payload.rooms',
  ),
  inside('stats-of-anybody', line('STATS'), 'ERROR FORBIDDEN'),
  fatal(
    'stats',
    line('LOGIN', { user: 'warden' }) + line('STATS') + line('BYE'),
    'LOGIN_OK',
    'STATS_OK',
    'BYE',
  ),
  inside('whoami', line('WHOAMI'), 'WHOAMI_OK'),
  inside('long-and-in', `${'x'.repeat(70_000)}\n${line('PING')}`, 'ERROR LINE_TOO_LONG', 'PONG'),
  payloadError('history-of-nothing', 'HISTORY', {}, 'MISSING_FIELD', 'payload.room'),
  payloadError(
    'history-of-both',
    'HISTORY',
    { room: 'a', with: 'b' },
    'INVALID_PAYLOAD',
    'payload.with',
  ),
  payloadError(
    'history-of-a-room-of-others',
    'HISTORY',
    { room: 'general' },
    'NOT_IN_ROOM',
    'payload.room',
  ),
  payloadError(
    'history-of-too-much',
    'HISTORY',
    { room: 'general', limit: 101 },
    'INVALID_PAYLOAD',
    'payload.limit',
  ),
  payloadError(
    'join-with-a-list',
    'JOIN',
    { room: 'general', history: [] },
    'INVALID_PAYLOAD',
    'payload.history',
  ),
  payloadError(
    'typing-of-no-kind',
    'TYPING',
    { room: 'general', on: 'yes' },
    'INVALID_PAYLOAD',
    'payload.on',
  ),
  payloadError('typing-nowhere', 'TYPING', { room: 'general' }, 'MISSING_FIELD', 'payload.on'),
  payloadError('query-of-nobody', 'PRESENCE_QUERY', {}, 'MISSING_FIELD', 'payload.users'),
  payloadError('set-to-nothing', 'PRESENCE_SET', {}, 'MISSING_FIELD', 'payload.status'),
  payloadError(
    'set-to-anything',
    'PRESENCE_SET',
    { status: 'asleep' },
    'INVALID_PAYLOAD',
    'payload.status',
  ),
  payloadError(
    'receipt-of-nothing',
    'RECEIPT',
    { to: 'a', ref: '!', state: 'read' },
    'INVALID_PAYLOAD',
    'payload.ref',
  ),
  payloadError(
    'pages-from-nowhere',
    'ROOM_LIST',
    { after: 'a b' },
    'INVALID_PAYLOAD',
    'payload.after',
  ),
  payloadError(
    'says-nul',
    'DIRECT_MESSAGE',
    { to: 'absent', body: '\0' },
    'INVALID_STRING',
    'payload.body',
  ),
  payloadError(
    'says-half',
    'PRESENCE_SET',
    { status: 'away', note: '\ud800' },
    'INVALID_STRING',
    'payload.note',
  ),
  inside('pong', line('PONG') + line('PING', { echo: 'e' }), 'PONG'),
];

export function callNamed(name: string): Call | undefined {
  return calls.find((one) => one.name === name);
}
