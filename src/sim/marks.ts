// What a run has met, counted from its plan and trace: a fault that never bites, or an answer that never comes,
// means that the workload is too tame. Refuses to judge.

import { faultKinds } from './faults.ts';
import type { Plan } from './plan.ts';
import type { TraceEvent } from './trace.ts';

/** Every mark that some run must reach. */
export const registeredMarks: readonly string[] = [
  ...faultKinds.map((kind) => `fault ${kind}`),
  ...['connected by ws', 'connected by sse'],
  ...['closed by client 1000', 'closed by network 1006'],
  ...[1002, 1006, 1007, 1008, 1009, 1011, 1012, 1013, 4401].map(
    (code) => `closed by server ${code}`,
  ),
  ...['subscribed', 'subscribed, recovered true', 'subscribed, recovered false', 'unsubscribed'],
  ...['published', 'published, duplicate', 'publish refused', 'publish unknown'],
  ...['gap slow', 'gap conflated', 'gap restarted'],
  ...['message', 'message, bare'],
  ...['shardCrashed', 'shardStarted'],
];

/** How often each mark was reached; 0 for those that are registered and were not. */
export function marksOf(events: readonly TraceEvent[], plan: Plan): Map<string, number> {
  const marks = new Map(registeredMarks.map((name) => [name, 0]));
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
