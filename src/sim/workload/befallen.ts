// What faults make clients do: break off in the middle of a frame, go for ever, publish many times at once.
// Refuses to know when.

import type { Client } from './client.ts';

/** Breaks off in the middle of a frame. */
export function abort(client: Client): void {
  const { plan, world, isOpen } = client;
  if (isOpen && plan.transport === 'ws' && world.lane === 'byte') client.sayRaw(HALF_A_FRAME);
  client.leave(false);
}

export function leaveForever(client: Client): void {
  if (client.isAway) return;
  const { node, client: number } = client.plan;
  client.isAway = true;
  client.world.trace.add({ kind: 'left', node, client: number });
  client.leave(false);
}

/** Publishes many times at once, if it publishes at all. */
export function burst({ plan, world, isOpen, chance, answers }: Client, count: number): void {
  if (world.isSettling || !isOpen || plan.transport !== 'ws' || plan.publishes.length === 0) return;
  const topic = chance.pick(plan.publishes);
  for (let i = 0; i < count; i += 1) answers.publish(topic, i % 2 === 0);
}

const HALF_A_FRAME = new Uint8Array([0x81, 0xa0, 1, 2, 3, 4, 0x7a]);
