// Sessions that fail, as a bug would have it: one hears a word that it cannot bear, or more words at once than its
// mailbox holds. What it was may be lost with it, and nothing else. Refuses to judge what comes of it.

import { type Arbitrary, array, constantFrom, integer } from 'fast-check';

import type { Address } from '../../actors/runtime/actor.ts';
import { plainRecord } from '../plan/drawing.ts';
import type { Shard } from '../shard.ts';
import type { Trace } from '../trace.ts';
import { Client } from '../workload/client.ts';
import { Holder } from '../workload/gateway/holder.ts';
import type { Party } from './mishaps.ts';

export interface Poison {
  readonly at: number;
  readonly client: number;
  readonly how: 'word' | 'flood';
}

export interface Poisonable {
  readonly trace: Trace;
  readonly shards: readonly Shard[];
  clientOf(client: number): Party | undefined;
}

export function drawPoisons(horizonUs: number, clients: number): Arbitrary<readonly Poison[]> {
  return array(
    plainRecord<Poison>({
      // Some when nothing else is wrong any more.
      at: integer({ min: 0, max: horizonUs + HEALED_US }),
      client: integer({ min: 0, max: Math.max(0, clients - 1) }),
      how: constantFrom('word', 'flood'),
    }),
    { minLength: 1, maxLength: 6 },
  );
}

/** Only a WebSocket that is open, and over which something passes, shows what became of it. */
export function befallPoison(world: Poisonable, { client, how }: Poison): void {
  const party = world.clientOf(client);
  if (party instanceof Holder) befallHolder(world, party);
  if (!(party instanceof Client)) return;
  const { connection, plan } = party;
  if (connection === undefined || connection.isCut) return;
  if (!party.isOpen || party.isClosing || plan.transport !== 'ws') return;
  const { node } = plan;
  const shard = world.shards.find(
    ({ plan: its, isDead }) => its.node === node && its.shard === connection.met.shard && !isDead,
  );
  const owner = shard?.web.ownerOf(connection) as Address<unknown> | undefined;
  if (shard === undefined || owner === undefined) return;
  const at = { node, client, connection: connection.id };
  world.trace.add({ kind: 'poisoned', how, address: owner, ...at });
  // No topic at all: whoever wants its name fails.
  if (how === 'word') shard.deliver(owner, { type: 'publishRefused', topic: null });
  else
    for (let word = 0; word <= MAILBOX_MAX; word += 1)
      shard.deliver(owner, { type: 'pongReceived', connection: 0, payload: NO_BYTES });
}

/** Whatever it is held for: what it hears of is nothing. */
function befallHolder(world: Poisonable, { plan, connection }: Holder): void {
  const { node, client, what } = plan;
  if (connection === undefined || connection.isCut) return;
  for (const shard of world.shards) {
    if (shard.isDead || shard.plan.node !== node) continue;
    const owner = shard.web.ownerOf(connection) as Address<unknown> | undefined;
    if (owner === undefined) continue;
    const at = { node, client, connection: connection.id };
    world.trace.add({ kind: 'holderPoisoned', what, address: owner, ...at });
    shard.deliver(
      owner,
      what === 'ws'
        ? { type: 'subscribeRefused', slot: 0, topic: null }
        : { type: 'delivered', publication: null },
    );
  }
}

const HEALED_US = 5_000_000;
/** Of a WebSocket session, as spec/broker.md has it. */
const MAILBOX_MAX = 16_384;
const NO_BYTES = new Uint8Array(0);
