// Each kind of fault in plain words, for those who read a story. Refuses to know how a fault is carried out.

import type { Fault, FaultKind } from '../../faults/faults.ts';
import type { Poison } from '../../faults/poison.ts';
import { grouped } from '../telling.ts';
import { seconds } from './words.ts';

interface Befallen {
  readonly client: string;
  readonly node: string;
  readonly shard: string;
  /** How long it lasts. */
  readonly lasts: string;
  readonly amount: number;
  readonly durationUs: number;
}

/** One fault, without its instant. */
export function faultWords({ kind, target, durationUs, amount }: Fault, shards: number): string {
  return says[kind]({
    client: `client ${target}`,
    node: `node ${target}`,
    shard: `shard ${Math.floor(target / shards)}.${target % shards}`,
    lasts: `for ${seconds(durationUs)}`,
    amount,
    durationUs,
  });
}

const says: Readonly<Record<FaultKind, (one: Befallen) => string>> = {
  stallDown: ({ client, lasts }) => `nothing reaches ${client} ${lasts}; then all of it does`,
  stallUp: ({ client, lasts }) =>
    `nothing that ${client} sends arrives ${lasts}; then all of it does`,
  stallBoth: ({ client, lasts }) =>
    `nothing reaches ${client}, or comes from it, ${lasts}; then all of it does`,
  reset: ({ client }) => `the connection of ${client} breaks`,
  cut: ({ client }) => `the connection of ${client} falls silent for good, and nobody is told`,
  halfOpen: ({ client }) => `${client} vanishes, and its node is not told`,
  halfClose: ({ client }) => `${client} says that it will send no more, and goes on reading`,
  abort: ({ client }) => `the connection of ${client} breaks in the middle of a frame`,
  leaveForever: ({ client }) => `${client} goes and never comes back`,
  flap: ({ client, lasts, amount }) =>
    `the way of ${client} is shut and open by turns of ${seconds(amount)} ${lasts}`,
  slowLink: ({ client, lasts, amount }) =>
    `the way of ${client} takes ${seconds(amount)} longer ${lasts}`,
  narrowLink: ({ client, lasts, amount }) =>
    `the way of ${client} takes ${grouped(amount)} bytes a second ${lasts}`,
  storm: ({ node }) => `all connections to ${node} break`,
  partition: ({ node, lasts, amount }) => {
    const way = ['nothing passes between', 'nothing passes to', 'nothing comes from'][amount];
    return `${way ?? ''} ${node} and every other of its clients ${lasts}; then all of it does`;
  },
  isolate: ({ node, lasts }) => `${node} is cut off from all its clients ${lasts}`,
  swizzle: ({ node, lasts }) =>
    `the clients of ${node} are cut off one after the other, and get through again from the last to the first, ${lasts}`,
  refuse: ({ node, lasts }) => `${node} lets nobody in ${lasts}`,
  blackhole: ({ node, lasts }) => `who connects to ${node} is never answered, ${lasts}`,
  lostAccept: ({ node, lasts }) =>
    `who connects to ${node} is lost before a byte is read, ${lasts}`,
  noDescriptors: ({ node, lasts }) => `${node} has no descriptors, and accepts nobody, ${lasts}`,
  pauseShard: ({ shard, lasts }) => `${shard} stands still ${lasts}`,
  lateTimers: ({ shard, lasts, amount }) =>
    `timers of ${shard} come up to ${seconds(amount)} late ${lasts}`,
  slowShard: ({ shard, lasts, amount }) =>
    `${shard} takes ${amount} times as long for everything ${lasts}`,
  crashShard: ({ shard, amount, durationUs }) =>
    `${shard} dies, and its clients are ${fate(amount)}; ` +
    `a fresh one takes its place ${seconds(durationUs)} after the others know`,
  pauseNode: ({ node, lasts }) => `${node} stands still ${lasts}`,
  crashNode: ({ node, amount, durationUs }) =>
    `${node} dies, and its clients are ${fate(amount)}; it comes back after ${seconds(durationUs)}`,
  crashLoop: ({ node, amount, durationUs }) =>
    `${node} dies ${amount} times, every ${seconds(durationUs)}`,
  killNode: ({ node }) => `${node} dies for ever, unless it is the last one`,
  restartNode: ({ node }) => `${node} sends its clients away (1001) and starts anew`,
  stallMain: ({ node, lasts, amount }) =>
    `deaths of threads of ${node} are noticed ${seconds(amount)} late ${lasts}`,
  slowPorts: ({ node, lasts, amount }) =>
    `crossings between the shards of ${node} take up to ${seconds(amount)} ${lasts}`,
  burst: ({ client, amount }) => `${client} publishes ${amount} times at once`,
};

/** One of the words that no session can bear. */
export function poisonWords({ client, how }: Poison): string {
  const what = how === 'flood' ? 'more than it can take at once' : 'what it cannot bear';
  return `the session of client ${client} is told ${what}`;
}

function fate(amount: number): string {
  return amount === 1 ? 'told so (1012)' : 'cut off';
}
