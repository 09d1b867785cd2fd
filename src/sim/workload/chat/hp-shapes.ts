// What each word of a node consists of, as spec/hp.md says, section "Messages": which fields it has, of which form, and no others.
// Refuses to know what the fields mean.

import type { HpLine } from './hp-lines.ts';

/** What is wrong with the payload of such a line; undefined where nothing is. */
export function flawIn(type: string, payload: HpLine['payload']): string | undefined {
  const shape = shapes.get(type);
  if (shape === undefined) return `a ${type}, which is no word of a node`;
  if (type === 'ERROR' && payload['ref'] === null && answers.includes(payload['code']))
    return `${String(payload['code'])} in answer to nothing`;
  return flawOf(type, payload, shape) ?? flawWithin(type, payload);
}

/** In the objects of a list, or in an object. */
function flawWithin(type: string, payload: HpLine['payload']): string | undefined {
  const [name = '', shape = NOTHING] = within.get(type) ?? [];
  for (const one of [payload[name] ?? []].flat()) {
    const flaw = flawOf(`${type} with one of ${name}`, one as HpLine['payload'], shape);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

function flawOf(type: string, payload: HpLine['payload'], shape: Shape): string | undefined {
  for (const [name, { form, isNeeded }] of shape) {
    const value = payload[name];
    if (value === undefined ? isNeeded : !isOf(form, value))
      return `a ${type} of which ${name} is ${JSON.stringify(value)}`;
  }
  const other = Object.keys(payload).find((name) => !shape.has(name));
  return other === undefined ? undefined : `a ${type} with ${other}`;
}

type Shape = ReadonlyMap<string, Field>;
type Form = 'text' | 'number' | 'flag' | 'list' | 'object' | 'ref' | 'words';

interface Field {
  readonly form: Form;
  readonly isNeeded: boolean;
}

function isOf(form: Form, value: unknown): boolean {
  switch (form) {
    case 'text':
      return typeof value === 'string' && value !== '';
    case 'words':
      // A sentence for people, and no code.
      return typeof value === 'string' && value.includes(' ');
    case 'number':
      return typeof value === 'number' && value >= 0;
    case 'flag':
      return typeof value === 'boolean';
    case 'list':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null;
    default:
      return value === null || typeof value === 'string';
  }
}

/** `name:form`, a text without one; `?` where it may be left out. */
function shapeOf(fields: string): Shape {
  return new Map(
    fields.split(' ').flatMap((field): [string, Field][] => {
      const [, name = '', form = 'text', mayLack = ''] = pattern.exec(field) ?? [];
      return name === '' ? [] : [[name, { form: form as Form, isNeeded: mayLack === '' }]];
    }),
  );
}

/** Nobody is told so who has asked for nothing that could be read. */
const answers: readonly unknown[] = ['TIMEOUT', 'SESSION_EXPIRED'];
const pattern = /^(\w+)(?::(\w+))?(\?)?$/;
const WELCOME =
  'ref user session node incarnation:number heartbeat:number resume:object caps:list status limits:object';
const shapes: ReadonlyMap<string, Shape> = new Map(
  Object.entries({
    HELLO_OK: 'ref version node cluster caps:list auth:list limits:object',
    LOGIN_OK: `${WELCOME} offline_count:number sessions:number`,
    RESUME_OK: `${WELCOME} replayed:number rooms:list gaps:list? anew:flag?`,
    BYE: 'ref? reason? code? message:words? retry_after:number? servers:list? resume:flag?',
    PONG: 'ref echo?',
    JOIN_OK: 'ref room seq:number epoch:number count:number already:flag?',
    LEAVE_OK: 'ref room',
    ROOM_LIST_OK: 'ref rooms:list more:flag partial:flag',
    ROOM_MEMBERS_OK: 'ref room members:list count:number more:flag partial:flag',
    ACK: 'ref status? seq:number? epoch:number? duplicate:flag?',
    PRESENCE_STATE: 'ref users:list',
    HISTORY_OK: 'ref room? with? messages:list more:flag',
    WHOAMI_OK: 'ref user session node status note? caps:list rooms:list',
    STATS_OK:
      'ref node cluster incarnation:number uptime:number shard:number shards:number users:number sessions:object rooms:number waiting:number limits:object',
    ROOM_MESSAGE: 'room from body data:object? seq:number epoch:number node delayed:flag?',
    DIRECT_MESSAGE: 'from to body data:object? delayed:flag? sent:flag?',
    ROOM_EVENT: 'room event user? count:number reason?',
    PRESENCE_EVENT: 'user status note?',
    RECEIPT: 'ref by state',
    TYPING: 'room? from on:flag',
    PING: '',
    NOTICE: 'code message:words retry_after:number? servers:list? resume:flag?',
    ERROR: 'ref:ref code message:words fatal:flag field? supported:list? retry_after:number?',
  }).map(([type, fields]) => [type, shapeOf(fields)]),
);

type Within = readonly [name: string, shape: Shape];
const NOTHING: ReadonlyMap<string, Field> = new Map();
const TOKEN = ['resume', shapeOf('token window:number')] as const;
const within: ReadonlyMap<string, Within> = new Map<string, Within>([
  ['LOGIN_OK', TOKEN],
  ['RESUME_OK', TOKEN],
  ['ROOM_LIST_OK', ['rooms', shapeOf('room count:number')]],
  ['ROOM_MEMBERS_OK', ['members', shapeOf('user status')]],
  ['PRESENCE_STATE', ['users', shapeOf('user status note? sessions:number since:number?')]],
]);
