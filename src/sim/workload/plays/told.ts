// A line that a node says, as plays write it: its type, and all in it that is not another in each run. What a node says of its
// limits is compared here. Refuses to know who hears it.

import { WRITTEN_AT } from '../../records/plays/play.ts';
import { type House, limitsOf } from '../../records/plays/house.ts';

type Entry = Readonly<Record<string, unknown>>;

export interface Told {
  readonly type: string;
  readonly id: string;
  readonly timestamp: number;
  readonly payload: Readonly<Record<string, unknown>>;
  /** As it is written. */
  readonly data?: string | undefined;
}

/** `nextId` is the id of the request that has to be answered next; `isAnswer` tells that this line does. */
export function toldOf(
  { type, id, timestamp, payload, data }: Told,
  nextId: string | undefined,
  house: House,
): { readonly words: string; readonly isAnswer: boolean } {
  const { ref } = payload;
  const isAnswer = 'ref' in payload && type !== 'RECEIPT' && ref === nextId;
  const words = [type];
  if (type === 'ROOM_MESSAGE' || type === 'DIRECT_MESSAGE') words.push(`id=${shown(id)}`);
  if (!areRight(payload, house)) words.push('terms=wrong');
  const isAlone = house.company === undefined && house.isAmongOthers !== true;
  if ('node' in payload && isAlone && payload['node'] !== NODE) words.push('node=wrong');
  if (words.length > 1 && isAlone && !isAsWritten(id, timestamp, payload['from']))
    words.push('timestamp=wrong');
  const { fatal, retry_after: wait, ...rest } = payload;
  const all =
    type === 'ERROR'
      ? { ...rest, fatal, ...('retry_after' in payload ? { retry_after: wait } : {}) }
      : payload;
  for (const [name, value] of Object.entries(all)) {
    // Where there are several nodes it matters which one is named.
    const isNode = name === 'node' && house.company !== undefined;
    if ((CHANGING.includes(name) && !isNode) || (name === 'ref' && isAnswer)) continue;
    if (name === 'data') words.push(`data=${data?.replaceAll(' ', '_')}`);
    else if (type === 'ERROR' && (name === 'code' || name === 'field')) words.push(String(value));
    else if (type === 'ERROR' && name === 'fatal') words.push(...(value === true ? ['fatal'] : []));
    else if (name === 'messages' && house.company !== undefined)
      words.push(`messages=${(value as Entry[]).map(placedEntryOf).join(',')}`);
    else words.push(`${name}=${shown(value, name)}`);
  }
  return { words: words.join(' '), isAnswer };
}

function shown(value: unknown, name = ''): string {
  if (name === 'messages' && Array.isArray(value)) return value.map(entryOf).join(',');
  if (typeof value !== 'string') return JSON.stringify(value, plain).replaceAll(' ', '_');
  if (UUID.test(value)) return 'made';
  return value.length > LONG ? `${value.slice(0, 2)}~${value.length}` : value;
}

/** [HP-OUT-2] What came over a bridge, and what a lenient listener was told, has the node's time. */
function isAsWritten(id: string, timestamp: unknown, from: unknown): boolean {
  return timestamp === WRITTEN_AT || UUID.test(id) || String(from).includes('@');
}

/** [HP-HIST-2] Of a page: what was said, where it has all that it has to have. */
function entryOf(entry: Entry): string {
  const fields = Object.keys(entry).filter((name) => name !== 'data');
  return ENTRIES.includes(fields.join()) ? shown(entry['body']) : `fields:${fields.join('/')}`;
}

/** The same, with its place, its id, and the node that gave it that. */
function placedEntryOf(entry: Entry): string {
  const { seq, id, from, node = 'here' } = entry;
  return [seq, id, from, node, entryOf(entry)].map(String).join(':');
}

function plain(name: string, value: unknown): unknown {
  return CHANGING.includes(name) || name === 'since' ? undefined : value;
}

/** [HP-LIM-1] */
function areRight(payload: Told['payload'], house: House): boolean {
  const { limits, heartbeat, resume } = payload;
  const rightWindow = limitsOf(house)['resume_window'];
  if (heartbeat !== undefined && heartbeat !== limitsOf(house)['ping_every']) return false;
  if (typeof resume === 'object' && (resume as { window?: number }).window !== rightWindow)
    return false;
  return limits === undefined || sorted(limits) === sorted(limitsOf(house));
}

function sorted(limits: unknown): string {
  return JSON.stringify(
    Object.entries(limits ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
}

const CHANGING: readonly string[] = [
  ...['session', 'node', 'incarnation', 'heartbeat', 'limits', 'message', 'cluster', 'epoch'],
  ...['timestamp', 'uptime', 'shard', 'id_'],
];
const NODE = 'n1';
const ENTRIES: readonly string[] = [
  'id,timestamp,room,from,body,seq,epoch,node',
  'id,timestamp,from,to,body,seq',
];
const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const LONG = 24;
