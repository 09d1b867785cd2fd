// What a run has met, counted from its plan and trace: a fault that never bites, or an answer that never comes,
// means that the workload is too tame. Refuses to judge.

import type { Plan } from './plan.ts';
import type { TraceEvent } from './trace.ts';

export function marksOf(events: readonly TraceEvent[], plan: Plan): Map<string, number> {
  const marks = new Map<string, number>();
  const count = (name: string): void => {
    marks.set(name, (marks.get(name) ?? 0) + 1);
  };
  for (const { kind } of plan.faults) count(`fault ${kind}`);
  for (const event of events) {
    const name = nameOf(event);
    if (name !== undefined) count(name);
  }
  return marks;
}

function nameOf(event: TraceEvent): string | undefined {
  switch (event.kind) {
    case 'connected':
      return `connected by ${event.transport}`;
    case 'closed':
      return `closed by ${event.by} ${event.code}`;
    case 'subscribed':
      return event.recovered === undefined
        ? 'subscribed'
        : `subscribed, recovered ${event.recovered}`;
    case 'published':
      return event.isDuplicate ? 'published, duplicate' : 'published';
    case 'publishFailed':
      return `publish ${event.why}`;
    case 'gap':
      return `gap ${event.reason}`;
    case 'message':
      return event.position === undefined ? 'message, bare' : 'message';
    case 'shardCrashed':
    case 'shardStarted':
    case 'unsubscribed':
    case 'unexpected':
    case 'actorFailed':
      return event.kind;
    case 'healed':
    case 'joined':
    case 'publishSent':
    case 'quiet':
    case 'sampled':
    case 'subscribeSent':
    case 'unsubscribeSent':
      return undefined;
    default:
      return event satisfies never;
  }
}
