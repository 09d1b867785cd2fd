// Which events of a trace make a violation understandable: what caused it, what else was said of the same publication
// or place, and the last turns in the lives of those whom it is about. Refuses to know words.

import type { TraceEvent, TraceKind, TracePosition, Violation } from '../../trace.ts';
import { type Focus, focusOf, topicOf } from '../shrinking/involved.ts';

/** Whom and what a violation is about, from its event back to what first caused it. */
export function focusAround(trace: readonly TraceEvent[], violation: Violation): Focus {
  return focusOf(causesOf(trace[violation.seq], trace), violation);
}

/** At most so many events, in their order; the last one is the violation's. */
export function eventsAround(
  trace: readonly TraceEvent[],
  violation: Violation,
  focus: Focus,
  most: number,
): readonly TraceEvent[] {
  const broken = trace[violation.seq];
  if (broken === undefined) return [];
  const chosen = new Set<TraceEvent>(causesOf(broken, trace));
  const left = { ...QUOTAS };
  for (let seq = broken.seq - 1; seq >= 0 && chosen.size < most; seq -= 1) {
    const event = trace[seq] as TraceEvent;
    const quota = quotaOf(event, broken, focus);
    if (quota === undefined || left[quota] === 0 || chosen.has(event)) continue;
    left[quota] -= 1;
    chosen.add(event);
  }
  return [...chosen].toSorted((one, other) => one.seq - other.seq);
}

/** An event and what caused it, back to the first. */
function causesOf(event: TraceEvent | undefined, trace: readonly TraceEvent[]): TraceEvent[] {
  const chain: TraceEvent[] = [];
  for (let each = event; each !== undefined; each = trace[each.cause]) chain.push(each);
  return chain;
}

/** How many events of each sort are told beside the chain. */
const QUOTAS = { same: 3, turn: 6, message: 3, publish: 2, shard: 3 };

function quotaOf(
  event: TraceEvent,
  broken: TraceEvent,
  { clients, topics }: Focus,
): keyof typeof QUOTAS | undefined {
  if (event.kind === 'processDied' || event.kind === 'peerSeen') return 'shard';
  if (event.kind === 'shardCrashed' || event.kind === 'shardStarted' || event.kind === 'healed')
    return 'shard';
  const topic = topicOf(event);
  const isSameTopic = topic === undefined || topics.size === 0 || topics.has(topic);
  if (!isSameTopic) return undefined;
  if (isSamePublication(event, broken) || isSamePlace(event, broken)) return 'same';
  if (!('client' in event) || !clients.has(event.client)) return undefined;
  if (turns.has(event.kind)) return 'turn';
  if (event.kind === 'message') return 'message';
  return event.kind === 'publishSent' || event.kind === 'publishFailed' ? 'publish' : undefined;
}

const turns: ReadonlySet<TraceKind> = new Set<TraceKind>([
  'connected',
  'closed',
  'subscribeSent',
  'subscribed',
  'unsubscribeSent',
  'unsubscribed',
  'turnedAway',
  'refused',
  'gap',
  'unexpected',
  'holdAsked',
  'originSaid',
  'holdOpened',
  'holdHeard',
  'holdAnswered',
  'holdEnded',
  'wordSaid',
  'wordTaken',
  'wordEchoed',
  'talkerConnected',
  'loggedIn',
  'seated',
  'unseated',
  'roomAcked',
  'directAcked',
  'talkerEnded',
]);

function isSamePublication(event: TraceEvent, broken: TraceEvent): boolean {
  if ('message' in event && 'message' in broken && event.message !== undefined)
    return event.message === broken.message;
  if ('item' in event && 'item' in broken)
    return event.item === broken.item && event.channel === broken.channel;
  return (
    'publisher' in event &&
    'publisher' in broken &&
    event.publisher === broken.publisher &&
    event.sequence === broken.sequence
  );
}

function isSamePlace(event: TraceEvent, broken: TraceEvent): boolean {
  const [one, other] = [placeOf(event), placeOf(broken)];
  return (
    one !== undefined &&
    other !== undefined &&
    one.epoch === other.epoch &&
    one.offset === other.offset &&
    topicOf(event) === topicOf(broken)
  );
}

function placeOf(event: TraceEvent): TracePosition | undefined {
  return event.kind === 'message' || event.kind === 'published' ? event.position : undefined;
}
