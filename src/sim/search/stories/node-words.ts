// What was found inside a node, in words. Refuses to judge.

import type { NodeRecord } from '../../records/node-records.ts';

export function nodeWords(event: NodeRecord): string {
  if (event.kind === 'poisoned')
    return `the session of client ${event.client} is told what it cannot bear (${event.how})`;
  const { node, shard } = event;
  if (event.kind === 'publisherWaits')
    return `shard ${node}.${shard}: a publisher waits for readers (${event.holds})`;
  if (event.kind === 'routesSeen')
    return `shard ${node}.${shard}: publishers to ${event.lags.length} topics wait, and ${event.adrift.length} topics have no home`;
  if (event.kind === 'copyAwaited')
    return `shard ${node}.${shard}: who said a ${event.what} waits for its copies`;
  if (event.kind === 'copyDiffers')
    return `shard ${node}.${shard}: ${event.peer} has another copy of ${event.room ?? event.user ?? ''}`;
  if (event.kind === 'nodesDiffer')
    return `node ${node} is wrong about ${event.peer} (${event.what}): it lacks ${event.lacks.join(', ') || 'nothing'}, and has ${event.tooMuch.join(', ') || 'nothing'} too much`;
  if (event.kind === 'heldInVain')
    return `shard ${node}.${shard} holds ${event.message} for ${event.user} and for ${event.owner}, where it waits no more`;
  if (event.kind === 'awaySeen')
    return `shard ${node}.${shard}: ${event.messages} messages wait for ${event.session}, which is away`;
  const { historyBytes, wanted } = event;
  return `shard ${node}.${shard}: ${historyBytes} bytes of history, ${wanted} subscriptions`;
}
