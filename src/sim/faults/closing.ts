// How a run ends: faults are over and what waited may move, all has come to rest, whoever is there is asked, everybody is
// counted. Refuses to know when.

import { countShards, tellFollowed } from '../figures.ts';
import { carryOut, turns } from './mishaps.ts';
import { phases } from '../plan/phases.ts';
import { tellBooks } from '../records/books.ts';
import { tellCopies, tellGhosts, tellNodes } from '../records/chat-books.ts';
import type { World } from '../world.ts';
import { askCensus, probe, tellUnanswered } from '../workload/behaviours.ts';

/** True when nothing follows. */
export function closePhase(world: World, phase: number): boolean {
  const { clients, trace, shards, gateway, chat } = world;
  switch (phase) {
    case phases.heal:
      tellBooks(trace, shards);
      heal(world);
      return false;
    case phases.rest:
      for (const client of clients) tellUnanswered(client);
      tellBooks(trace, shards);
      trace.add({ kind: 'rested' });
      tellCopies(trace, shards);
      tellNodes(trace, shards, false);
      tellGhosts(trace, shards);
      describeClusters(shards);
      chat?.rest();
      return false;
    case phases.probe:
      describeClusters(shards);
      for (const client of clients) probe(client);
      gateway?.probe();
      chat?.probe();
      return false;
    case phases.census:
      for (const client of clients) askCensus(client);
      tellFollowed(trace, shards);
      gateway?.dismiss();
      chat?.dismiss();
      return false;
    default:
      tellBooks(trace, shards);
      countShards(trace, shards);
      tellNodes(trace, shards, true);
      trace.add({ kind: 'quiet' });
      return true;
  }
}

/** An operator asks every node what it sees. */
function describeClusters(shards: World['shards']): void {
  for (const shard of shards)
    if (shard.plan.cluster !== undefined && shard.plan.shard === 0) shard.describeCluster();
}

/** Faults end, clients do nothing more of their own accord, and everything that waited may move. */
function heal(world: World): void {
  const { plan, fronts, pipes, clients, gateway, chat, trace } = world;
  world.isSettling = true;
  for (const fault of plan.faults) if (fault.at <= world.now) carryOut(world, fault, turns.end);
  for (const front of fronts) front.settle();
  for (const pipe of pipes) {
    // Whatever had fallen silent is given up by the network in the end, and whatever crept comes at once.
    if (pipe.connection.isCut) pipe.connection.end();
    pipe.hurry();
    pipe.resume();
  }
  for (const client of clients) client.settle();
  gateway?.heal();
  chat?.heal();
  trace.add({ kind: 'healed' });
}
