// What was found inside a node, in words. Refuses to judge.

import { grouped } from '../telling.ts';
import type { NodeRecord } from '../../records/node-records.ts';

export function nodeWords(event: NodeRecord): string {
  if (event.kind === 'poisoned')
    return `the session of client ${event.client} is told what it cannot bear (${event.how})`;
  if (event.kind === 'unheard') return `client ${event.client} was told nothing, and goes`;
  const { node, shard } = event;
  if (event.kind === 'lagged')
    return `on shard ${node}.${shard} ${grouped(event.queuedBytes)} bytes wait for one reader, and one has taken nothing for ${grouped(event.stalledUs)} µs`;
  if (event.kind === 'receiptUnnoted')
    return `shard ${node}.${shard} takes no note of what a network took`;
  if (event.kind === 'recoveryGivenUp')
    return `shard ${node}.${shard}: a recovery of '${event.topic}' is given up before its turn`;
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
