// A trace as people read it: one line for each event, the last ones before the end, and the chain of those that led to
// one. Refuses to judge, and to know where the trace comes from.

import type { Plan } from '../../plan.ts';
import { membersOf, mishapsIn } from '../../plan/plainer.ts';
import type { TraceEvent, TraceKind, Violation } from '../../trace.ts';
import { count, instant } from '../telling.ts';

/** One event: when, its place, where, what, and its cause. */
export function eventLine(event: TraceEvent): string {
  const { kind, seq, at, cause, ...rest } = event;
  const { node, shard, client, connection, ...more } = rest as Record<string, unknown>;
  const where = Object.entries({ node, shard, client, connection })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(' ');
  const what = Object.entries(more)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${wordOf(value)}`)
    .join(' ');
  const because = cause < 0 ? '' : `← #${cause}`;
  const parts = [instant(at).padStart(12), `#${seq}`, where, kind, what, because];
  return parts.filter((part) => part !== '').join('  ');
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The last events up to a violation, or up to the end of the trace. */
export function lastLines(
  trace: readonly TraceEvent[],
  violation: Violation | undefined,
  most: number,
): string[] {
  const end = (violation?.seq ?? trace.length - 1) + 1;
  // Samples say nothing but that nothing was wrong.
  const told = trace.slice(0, end).filter(({ kind, seq }) => kind !== 'sampled' || seq === end - 1);
  return told.slice(-most).map(eventLine);
}

/**
 * What led to an event, the earliest first: its cause, the cause of that, and so on. Where none is recorded, the last
 * turn that the life of the same connection and topic, or of the same shard, took before stands in for it.
 */
export function chainLines(trace: readonly TraceEvent[], seq: number, most: number): string[] {
  const lines: string[] = [];
  for (let event = trace[seq]; event !== undefined && lines.length < most;) {
    lines.push(eventLine(event));
    event = causeOf(trace, event);
  }
  return lines.toReversed();
}

function causeOf(trace: readonly TraceEvent[], event: TraceEvent): TraceEvent | undefined {
  if (event.cause >= 0) return trace[event.cause];
  for (let seq = event.seq - 1; seq >= 0; seq -= 1) {
    const before = trace[seq];
    if (before !== undefined && turns.has(before.kind) && isOfOneLife(before, event)) return before;
  }
  return undefined;
}

const turns: ReadonlySet<TraceKind> = new Set([
  'connected',
  'subscribeSent',
  'subscribed',
  'unsubscribeSent',
  'unsubscribed',
  'gap',
  'shardCrashed',
  'shardStarted',
]);

function isOfOneLife(before: TraceEvent, event: TraceEvent): boolean {
  if ('connection' in event) {
    if (!('connection' in before) || before.connection !== event.connection) return false;
    return !('topic' in before) || !('topic' in event) || before.topic === event.topic;
  }
  const isShards = 'shard' in event && 'shard' in before;
  return isShards && before.node === event.node && before.shard === event.shard;
}

/** What a run was made of, in two lines: its sizes, and its faults by kind. */
export function planLines(plan: Plan): string[] {
  const { seed, lane, mood, nodes, shards } = plan;
  const [mishaps, members] = [mishapsIn(plan), membersOf(plan)];
  const kinds = new Map<string, number>();
  for (const kind of mishaps) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const named = [...kinds].map(([kind, times]) => (times === 1 ? kind : `${kind} ×${times}`));
  return [
    `seed ${seed}, ${lane} lane, ${mood}: ${count(nodes, 'node')} of ${count(shards, 'shard')}, ` +
      `${count(members.length, 'client')}, ${count(mishaps.length, 'fault')}`,
    ...(named.length === 0 ? [] : [`faults: ${named.join(', ')}`]),
  ];
}
