// Looks into the keepers, the doors and the relay of a chat between turns: where what they count is not what there is, who
// waits for copies for too long, and, when all is at rest, what nodes do not keep for each other, or do not know. Refuses to judge.

import type { UsersState } from '../../actors/chat/users/users-state.ts';
import { costOf } from '../../actors/chat/memory-budget.ts';
import { shardOfUser } from '../../actors/chat/chat-context.ts';
import { successorsOf } from '../../actors/chat/rendezvous.ts';
import type { RoomsState } from '../../actors/chat/rooms/rooms-state.ts';
import type { Session } from '../../actors/chat/session/session.ts';
import { bytesOf } from '../../actors/chat/users/nodes/keeping.ts';
import { keyOf } from '../../actors/chat/users/user.ts';
import { userKey } from '../../actors/codecs/hp/names.ts';
import type { OwnerCopy } from '../../actors/cluster/locations/owner-copy.ts';
import type { OwnerLog } from '../../actors/cluster/locations/owner-log.ts';
import type { Interest } from '../../actors/cluster/relay/interest.ts';
import type { Outgoing } from '../../actors/cluster/relay/outgoing.ts';
import type { SessionTold } from '../../actors/codecs/hp-peer/peer-messages.ts';
import { RELAY_SHARD } from '../../actors/routing/relay/relay-seam.ts';
import { homeOf } from '../../actors/routing/topic.ts';
import type { Admission } from '../../actors/runtime/admission.ts';
import { nodeNamed } from '../plan/chat-plan.ts';
import type { Shard } from '../shard.ts';
import type { EventOf, Trace } from '../trace.ts';

interface Door {
  readonly admission: Admission;
  readonly sessions: ReadonlyMap<string, { readonly remote: string | undefined }>;
}

interface Relay {
  readonly args: { readonly carriages: readonly { readonly namespace: string }[] };
  readonly peers: ReadonlyMap<string, { readonly outgoing: Outgoing; readonly isLinked: boolean }>;
  readonly interest: Interest;
  readonly untold: ReadonlyMap<string, boolean>;
}

interface Locations {
  readonly own: OwnerLog;
  readonly copies: ReadonlyMap<string, OwnerCopy>;
  readonly isDirty: boolean;
}

type Sum = EventOf<'booksKept'>['sums'][number];

/** What is counted, and what there is of it. */
export function sumsOfChat({ system, actors }: Shard): readonly Sum[] {
  const door = system.stateOf(actors.chat) as Door | undefined;
  const rooms = system.stateOf(actors.rooms) as RoomsState | undefined;
  const users = system.stateOf(actors.users) as UsersState | undefined;
  const relay = system.stateOf(actors.relay) as Relay | undefined;
  const sums: Sum[] = [];
  if (door !== undefined) {
    const seated = [...door.sessions.values()].filter(({ remote }) => remote !== undefined);
    sums.push({ what: 'connections', counted: door.admission.open, there: seated.length });
    sums.push(...sumsOfSessions(sessionsOf(system, door)));
  }
  if (rooms !== undefined) sums.push(...sumsOfRooms(rooms));
  if (users !== undefined) sums.push(...sumsOfUsers(users));
  for (const [node, { outgoing }] of relay?.peers ?? []) {
    const { bytes, bytesThere } = outgoing;
    sums.push({ what: `bytes on their way to ${node}`, counted: bytes, there: bytesThere });
  }
  return sums;
}

/** [HP-RES-6] Of what clients with the cap `ack` were told. */
function sumsOfSessions(sessions: readonly Session[]): readonly Sum[] {
  const [counted, there] = [
    { messages: 0, bytes: 0 },
    { messages: 0, bytes: 0 },
  ];
  for (const { unacked } of sessions) {
    counted.messages += unacked.count;
    counted.bytes += unacked.bytes;
    for (const untold of unacked.all) {
      there.messages += 1;
      there.bytes += bytesOf(untold);
    }
  }
  const what = 'that nobody has acknowledged';
  return [
    { what: `messages ${what}`, counted: counted.messages, there: there.messages },
    { what: `bytes ${what}`, counted: counted.bytes, there: there.bytes },
  ];
}

function sessionsOf(system: Shard['system'], { sessions }: Door): readonly Session[] {
  return [...sessions.keys()].flatMap((address) => {
    const session = system.stateOf(address) as Session | undefined;
    return session === undefined ? [] : [session];
  });
}

function sumsOfRooms({ rooms, guests, empty, budget, chat }: RoomsState): readonly Sum[] {
  let [bytes, deserted] = [0, 0];
  const most = Math.ceil(chat.options.historyBytesTotalMax / chat.shards);
  for (const { memory } of [...rooms.values(), ...guests.values()])
    for (const entry of memory.kept) bytes += costOf(entry);
  let emptySince = Number.POSITIVE_INFINITY;
  for (const room of rooms.values()) {
    if (room.count > 0) continue;
    deserted += 1;
    emptySince = Math.min(emptySince, room.emptySince);
  }
  const roomsMost = Math.ceil(chat.options.roomsMax / chat.shards);
  const { emptySince: firstSince = Number.POSITIVE_INFINITY } = empty.first ?? {};
  return [
    { what: 'rooms', counted: rooms.size, there: rooms.size, most: roomsMost },
    // [HP-ROOM-6] The next one that makes way.
    { what: 'since when a room is empty', counted: firstSince, there: emptySince },
    { what: 'bytes that rooms remember', counted: budget.bytes, there: bytes, most },
    { what: 'rooms in which nobody is', counted: empty.size, there: deserted },
  ];
}

function sumsOfUsers({ users, household, chat }: UsersState): readonly Sum[] {
  const { waitingBytes, memory } = household;
  const { historyBytesTotalMax, offlineBytesTotalMax } = chat.options;
  let [waiting, remembered, largest] = [0, 0, 0];
  for (const user of users.values()) {
    for (const { message } of user.offline) {
      waiting += costOf(message);
      largest = Math.max(largest, costOf(message));
    }
    for (const { message } of user.held.values()) waiting += costOf(message);
    for (const entry of user.history) remembered += costOf(entry);
  }
  return [
    {
      ...{ what: 'bytes that wait for users', counted: waitingBytes, there: waiting },
      // The last one had its place as long as there was any.
      most: Math.ceil(offlineBytesTotalMax / chat.shards) + largest,
    },
    {
      ...{ what: 'bytes that users remember', counted: memory.bytes, there: remembered },
      most: Math.ceil(historyBytesTotalMax / chat.shards),
    },
  ];
}

/** Those whose speakers should have been told by now that not enough nodes have it. */
export function tellDelays(trace: Trace, { plan, system, actors }: Shard): void {
  const rooms = system.stateOf(actors.rooms) as RoomsState | undefined;
  const users = system.stateOf(actors.users) as UsersState | undefined;
  const { node, shard } = plan;
  const look = (what: 'room message' | 'direct message', since: number): void => {
    const waitedUs = trace.now - since;
    if (waitedUs > COPIES_US) trace.add({ kind: 'copyAwaited', node, shard, what, waitedUs });
  };
  for (const { waiting } of rooms?.copies.values() ?? [])
    for (const { since } of waiting) look('room message', since);
  for (const { since } of users?.storing.values() ?? []) look('direct message', since);
}

/** How much waits for whom: a session is over with the first that is too much, and what it has left open is bounded then. */
export function tellAway(trace: Trace, { plan, system, actors }: Shard): void {
  const door = system.stateOf(actors.chat) as Door | undefined;
  if (door === undefined) return;
  const { node, shard } = plan;
  for (const { life, who, untold, untoldBytes, unacked } of sessionsOf(system, door)) {
    if (life !== 'detached' || who === undefined || untold.length === 0) continue;
    const waits = { messages: untold.length, bytes: untoldBytes };
    const open = { openMessages: unacked.count, openBytes: unacked.bytes };
    trace.add({ kind: 'awaySeen', node, shard, session: who.session, ...waits, ...open });
  }
}

/** What the first of them lacks that others are to keep for it. */
export function tellCopies(trace: Trace, shards: readonly Shard[]): void {
  const there = shards.filter(({ isDead, plan }) => !isDead && plan.cluster !== undefined);
  for (const one of there) {
    tellRooms(trace, one, there);
    tellUsers(trace, one, there);
  }
}

/** Who sits in a room, and has no session on the node where it is said to be. */
export function tellGhosts(trace: Trace, shards: readonly Shard[]): void {
  const there = shards.filter(({ isDead, plan }) => !isDead && plan.chat !== undefined);
  for (const { plan, system, actors } of there) {
    const { node, shards: count } = plan;
    const state = system.stateOf(actors.rooms) as RoomsState | undefined;
    for (const room of state?.rooms.values() ?? [])
      for (const { user, session, node: name } of room.sessions) {
        const at = name === undefined ? node : nodeNamed(name);
        const home = shardOfUser({ shards: count }, user);
        const one = there.find(({ plan: its }) => its.node === at && its.shard === home);
        const users = one && (one.system.stateOf(one.actors.users) as UsersState | undefined);
        if (users === undefined || users.users.get(userKey(user))?.sessions.has(session) === true)
          continue;
        trace.add({ kind: 'ghostSeen', node, room: room.name, user: userKey(user), session });
      }
  }
}

function nodeOf({ plan }: Shard): string {
  return plan.cluster?.options.node ?? '';
}

/** The keeper of the same names on another node. */
function peerOf(all: readonly Shard[], { plan }: Shard, node: string): Shard | undefined {
  return all.find((other) => nodeOf(other) === node && other.plan.shard === plan.shard);
}

function tellRooms(trace: Trace, one: Shard, all: readonly Shard[]): void {
  const state = one.system.stateOf(one.actors.rooms) as RoomsState | undefined;
  if (state === undefined) return;
  const { node, shard } = one.plan;
  for (const [name, room] of state.rooms) {
    if (room.count === 0 && room.memory.all.length === 0) continue;
    const nodes = successorsOf(state.nodes, name, nodeOf(one)).slice(0, state.size >> 1);
    for (const peer of nodes) {
      const other = peerOf(all, one, peer);
      const keeper = other && (other.system.stateOf(other.actors.rooms) as RoomsState | undefined);
      const guests = keeper?.guests.get(name);
      const had = new Set(guests?.memory.kept.map(({ from, id }) => `${from} ${id}`));
      const users = new Set(guests?.users.keys());
      const lacks = [
        ...room.memory.all.map(({ from, id }) => `${from} ${id}`).filter((key) => !had.has(key)),
        ...room.userNames.filter((user) => !users.delete(userKey(user))),
      ];
      // Who has gone there is not told of when the home changes.
      const tooMuch = [...users].filter((user) => !room.unseen.has(user));
      if (lacks.length + tooMuch.length === 0) continue;
      trace.add({ kind: 'copyDiffers', node, shard, peer, room: name, lacks, tooMuch });
    }
  }
}

function tellUsers(trace: Trace, one: Shard, all: readonly Shard[]): void {
  const state = one.system.stateOf(one.actors.users) as UsersState | undefined;
  if (state === undefined) return;
  const { node, shard } = one.plan;
  const own = nodeOf(one);
  const stateOf = (peer: string): UsersState | undefined => {
    const other = peerOf(all, one, peer);
    return other && (other.system.stateOf(other.actors.users) as UsersState | undefined);
  };
  for (const { name, offline, held } of state.users.values()) {
    for (const peer of successorsOf(state.nodes, userKey(name), own).slice(0, state.size >> 1)) {
      const there = stateOf(peer)?.users.get(userKey(name));
      const kept = [...(there?.offline ?? []), ...(there?.held.values() ?? [])];
      // Whoever was taken for dead does not know that it is held for another by now.
      const keys = new Set(kept.map(({ message }) => keyOf(message)));
      const lacks = offline.map(({ message }) => keyOf(message)).filter((key) => !keys.has(key));
      if (lacks.length === 0) continue;
      trace.add({ kind: 'copyDiffers', node, shard, peer, user: name, lacks, tooMuch: [] });
    }
    for (const { owner, message } of held.values()) {
      const waiting = stateOf(owner)?.users.get(userKey(name))?.offline ?? [];
      const key = keyOf(message);
      if (waiting.some((kept) => keyOf(kept.message) === key)) continue;
      trace.add({ kind: 'heldInVain', node, shard, owner, user: name, message: key });
    }
  }
}

/** Where nodes are wrong about what others want and own, or their homes about what the others want. */
export function tellNodes(trace: Trace, shards: readonly Shard[], haveAllLeft: boolean): void {
  const there = shards.filter(({ isDead, plan }) => !isDead && plan.cluster !== undefined);
  const firsts = there.filter(({ plan }) => plan.shard === 0);
  for (const one of firsts) {
    for (const other of firsts) if (one !== other) tellPair(trace, one, other, haveAllLeft);
    for (const home of haveAllLeft ? there : [])
      if (home.plan.node === one.plan.node) tellHome(trace, one, home);
  }
}

/** As long as anybody is there, what he has done may be on its way. */
function tellPair(trace: Trace, one: Shard, other: Shard, haveAllLeft: boolean): void {
  const peer = nodeOf(other);
  const [here, there] = [relayOf(one), relayOf(other)];
  const isLinked = here?.peers.get(peer)?.isLinked === true;
  if (haveAllLeft && here !== undefined && isLinked && there?.untold.size === 0) {
    const { interest } = here;
    const told = interest.wanted.filter((topic) => interest.nodesFor(topic).includes(peer));
    tellDifference(trace, one, { peer, what: 'interest' }, told, [...there.interest.own]);
  }
  const copy = locationsOf(one)?.copies.get(peer);
  const owner = locationsOf(other);
  if (copy === undefined || owner === undefined) return;
  if (owner.isDirty || (copy.ver !== owner.own.ver && !haveAllLeft)) return;
  const [shown, own] = [copy.shown, owner.own.sessions.all];
  const about = { peer, what: 'sessions' } as const;
  tellDifference(trace, one, about, shown.map(sessionOf), own.map(sessionOf));
}

function tellHome(trace: Trace, one: Shard, { plan, home }: Shard): void {
  const relay = relayOf(one);
  if (relay === undefined || home === undefined) return;
  const { interest } = relay;
  const wanted = interest.wanted
    .filter((topic) => homeOf(topic, plan.shards) === plan.shard)
    .map((topic) => `${topic} ×${interest.count(topic)}`);
  const followed = [...home.topics].flatMap(([topic, { interest: by }]) => {
    const nodes = by.get(RELAY_SHARD);
    return nodes === undefined ? [] : [`${topic} ×${nodes}`];
  });
  const peer = nodeOf(one);
  tellDifference(trace, one, { peer, what: 'followed' }, followed, wanted);
  const here = [...home.topics]
    .filter(([, { interest: by }]) => by.size > (by.has(RELAY_SHARD) ? 1 : 0))
    .map(([topic]) => topic)
    .filter((topic) => relay.args.carriages.some(({ namespace }) => topic.startsWith(namespace)));
  const own = [...interest.own].filter((topic) => homeOf(topic, plan.shards) === plan.shard);
  tellDifference(trace, one, { peer, what: 'own' }, own, here);
}

function tellDifference(
  trace: Trace,
  { plan: { node, shard } }: Shard,
  about: Pick<EventOf<'nodesDiffer'>, 'peer' | 'what'>,
  had: readonly string[],
  there: readonly string[],
): void {
  const [has, is] = [new Set(had), new Set(there)];
  const lacks = there.filter((one) => !has.has(one));
  const tooMuch = had.filter((one) => !is.has(one));
  if (lacks.length + tooMuch.length > 0)
    trace.add({ kind: 'nodesDiffer', node, shard, ...about, lacks, tooMuch });
}

function sessionOf({ session, user, status, note = '' }: SessionTold): string {
  return `${session} ${user} ${status} ${note}`;
}

function relayOf({ system, actors }: Shard): Relay | undefined {
  return system.stateOf(actors.relay) as Relay | undefined;
}

function locationsOf({ system, actors }: Shard): Locations | undefined {
  return system.stateOf(actors.locations) as Locations | undefined;
}

/** Two seconds, two looks of the keeper, and one of ours. */
const COPIES_US = 2_800_000;
