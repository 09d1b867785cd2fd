// The chat's part of a world: its talkers, the strangers at its doors, those whose publications cross, the ways between
// nodes with what befalls them, and what each phase of a run has everybody do. What they want done later the world keeps.
// Refuses to know shards and how time passes.

import type { Log } from '../../../actors/runtime/edges.ts';
import { Prng } from '../../../actors/runtime/prng.ts';
import type { Connection, NetworkClock, Pipe } from '../../edges/network.ts';
import { Mesh } from '../../edges/tcp/mesh.ts';
import type { Dialed } from '../../edges/tcp.edge.ts';
import { befallCluster, type ClusterMishappening, WELL_MS } from '../../faults/cluster-mishaps.ts';
import { Mischief } from '../../faults/mischief.ts';
import { type ChatPlan, doorsOf, ELSEWHERE, nodeName, PEER_PORT } from '../../plan/chat-plan.ts';
import type { NodeWord, PeerState } from '../../records/cluster-records.ts';
import type { Shard, ShardPlan } from '../../shard.ts';
import type { Trace } from '../../trace.ts';
import { Crosser, type CrosserWorld } from './crosser.ts';
import { PeerTap } from './peer-tap.ts';
import { callNamed } from '../../records/calls/calls.ts';
import { Caller } from '../calls/caller.ts';
import { Moderator } from '../meetings/moderator.ts';
import { Director, type Stage } from '../plays/director.ts';
import { answer, knock } from './stranger.ts';
import { Talker, type TalkerWorld } from './talker.ts';

export interface ChatWorldHost extends NetworkClock, Stage {
  readonly isSettling: boolean;
  readonly plan: { readonly seed: number; readonly nodes: number; readonly shards: number };
  mark(name: string): void;
  addPipe(pipe: Pipe): void;
  acceptPeer(node: number, connection: Connection): boolean;
  isDead(node: number): boolean;
  stall(node: number, durationUs: number): void;
  killProcess(node: number, durationUs: number): void;
  clockJumps(node: number, byMs: number): void;
  /** The thread that has a node's links, while it lives. */
  first(node: number): Shard | undefined;
}

export class ChatWorld implements TalkerWorld, CrosserWorld, ClusterMishappening {
  readonly talkers: Talker[] = [];
  readonly crossers: Crosser[] = [];
  readonly mesh: Mesh;
  readonly users: readonly string[];
  readonly rooms: readonly string[];
  readonly #userOf: ReadonlyMap<number, string>;
  readonly #plan: ChatPlan;
  readonly #host: ChatWorldHost;
  readonly #tap: PeerTap;
  readonly #said = new Map<string, { id: string; seq: number; to: string | undefined }>();
  #publications = 0;
  #impostures = 0;
  readonly #mischief: Mischief;
  #moderator: Moderator | undefined = undefined;
  /** By node: the life that lets clients in. */
  readonly #open = new Map<number, number>();

  constructor(plan: ChatPlan, host: ChatWorldHost) {
    this.#plan = plan;
    this.#host = host;
    const { seed, nodes } = host.plan;
    this.mesh = new Mesh({ seed, nodes, way: plan.way }, host);
    this.#tap = new PeerTap(host.trace);
    this.#mischief = new Mischief(this.mesh, this.#tap, host);
    this.#userOf = new Map(plan.talkers.map(({ client, user }) => [client, user]));
    this.users = [...new Set([...this.#userOf.values(), 'absent'])];
    this.rooms = [...new Set(plan.talkers.flatMap(({ rooms }) => rooms))];
    host.trace.add({
      ...{ kind: 'chatBegan', nodes: Array.from({ length: nodes }, (_, node) => nodeName(node)) },
      ...{ terms: termsOf(plan), clusterFaults: plan.faults, skewsMs: plan.skewsMs },
      doors: plan.isAdvertised === true ? doorsOf(nodes) : undefined,
      bridges: (plan.bridges ?? []).map(({ one, other }) => [one, other] as const),
    });
  }

  /** Everybody begins; not before the threads of all nodes are there. */
  begin(): void {
    const { seed } = this.#host.plan;
    for (const talker of this.#plan.talkers) this.talkers.push(new Talker(talker, this, seed));
    for (const plan of this.#plan.crossers) {
      const crosser = new Crosser(plan, this, seed);
      this.crossers.push(crosser);
      if (plan.leavesAt !== undefined) this.later(plan.leavesAt, () => crosser.leaveForever());
    }
    const { meetings, plays } = this.#plan;
    this.#moderator = meetings && new Moderator(meetings, this.#host);
    if (plays !== undefined) void new Director(plays, seed, this.#host, this);
    for (const [number, stranger] of this.#plan.strangers.entries())
      this.later(stranger.at, () => knock(stranger, number, seed, this.#host));
    for (const fault of this.#plan.faults)
      this.later(fault.at, () => {
        if (this.isSettling) return;
        this.mark(`cluster fault ${fault.kind}`);
        befallCluster(this, fault);
      });
  }

  get now(): number {
    return this.#host.now;
  }

  get isSettling(): boolean {
    return this.#host.isSettling;
  }

  get isFaulty(): boolean {
    return !this.isSettling;
  }

  get trace(): Trace {
    return this.#host.trace;
  }

  get nodes(): number {
    return this.#host.plan.nodes;
  }

  mark(name: string): void {
    this.#host.mark(name);
  }

  later(delayUs: number, act: () => void): void {
    this.#host.later(delayUs, act);
  }

  connectTalker({ plan: { client }, link }: Talker, node: number): Connection | undefined {
    return this.#host.connectChat({ client, node }, link);
  }

  connectCrosser({ plan, link }: Crosser): Connection | undefined {
    return this.#host.connectBroker(plan, link);
  }

  get bodyBytesMax(): number {
    return this.#plan.options.bodyBytesMax;
  }

  get hasFewRooms(): boolean {
    return this.#plan.options.roomsMax < ENOUGH_ROOMS;
  }

  saidAt(message: string): number {
    return this.#said.get(message)?.seq ?? -1;
  }

  idOf(message: string): string | undefined {
    return this.#said.get(message)?.id;
  }

  noteSaid(message: string, id: string, seq: number, to: string | undefined): void {
    if (!this.#said.has(message)) this.#said.set(message, { id, seq, to });
  }

  userOf(client: number): string | undefined {
    return this.#userOf.get(client);
  }

  receiverOf(message: string): string | undefined {
    return this.#said.get(message)?.to;
  }

  newPublication(): number {
    this.#publications += 1;
    return this.#publications - 1;
  }

  call(
    { node, host, port }: { readonly node: number; readonly host: string; readonly port: number },
    timeoutMs: number,
    isWanted: () => boolean,
    then: (dialed: Dialed) => void,
  ): void {
    const { impostor } = this.#plan;
    if (host === ELSEWHERE && impostor !== undefined) {
      this.#impostures += 1;
      const at = { node, what: impostor.what };
      const connection = answer(at, this.#impostures, this.#host.plan.seed, this.#host);
      this.later(ELSEWHERE_US, () => (isWanted() ? then({ connection }) : connection.reset()));
      return;
    }
    if (this.#moderator?.dialed(`${host}:${port}`, isWanted, then) === true) return;
    const called = Array.from({ length: this.nodes }, (_, one) => nodeName(one)).indexOf(host);
    const target = called < 0 || port !== PEER_PORT ? undefined : called;
    this.mesh.call(node, target, timeoutMs, isWanted, then);
  }

  /** A line on its way, or a part of one. */
  tapped(connection: number, isCaller: boolean, bytes: Uint8Array): void {
    const peers = this.mesh.get(connection);
    if (peers !== undefined) this.#tap.hear(peers, isCaller, bytes);
  }

  /** What a node writes into its log about another. */
  logged(node: number, entry: Log): void {
    if (this.#moderator?.logged(entry) === true) return;
    const { event, fields } = entry;
    const [area, word = ''] = event.split('.');
    const peer = fields['node'];
    if (area !== 'cluster') return;
    if (word === 'partition' || word === 'partitionHealed') {
      const peers = word === 'partition' ? String(fields['nodes']).split(', ') : [];
      this.trace.add({ kind: 'splitSeen', node, peers });
    }
    if (word === 'lags' || word === 'lagsNoMore')
      this.trace.add({ kind: 'lagSeen', node, isLagging: word === 'lags' });
    if (typeof peer !== 'string') return;
    if (word === 'digestsDiffer')
      this.trace.add({ kind: 'digestsDiffered', node, peer, ver: Number(fields['ver']) });
    if (word === 'clockSkew')
      this.trace.add({ kind: 'skewSeen', node, peer, seconds: Number(fields['seconds']) });
    if (!states.includes(word)) return;
    const silentMs = fields['silentMs'] as number | undefined;
    this.trace.add({ kind: 'peerSeen', node, peer, state: word as PeerState, silentMs });
  }

  /** [HP-JOIN-1] Doors open one after the other, that of the first thread first, which knows when. */
  isOpen({ plan, hasJoined }: Shard): boolean {
    const { node, shard, chat, cluster } = plan;
    if (cluster === undefined) return true;
    return shard === 0 ? hasJoined : this.#open.get(node) === chat?.incarnation;
  }

  /** What a node tells its process, and its operator. */
  told({ node, chat }: ShardPlan, message: NodeWord): void {
    if (this.#moderator?.told(message) === true) return;
    const { type } = message;
    if (type === 'clusterTold') {
      const { incarnation, isServing, cutOff, caps, members } = message;
      const more = { incarnation, isServing, cutOff, caps, members };
      this.trace.add({ kind: 'membersOfTold', node, ...more });
      return;
    }
    if (type === 'clusterJoined' && chat !== undefined) this.#open.set(node, chat.incarnation);
    this.trace.add({ kind: 'nodeTold', node, news: type });
    if (type !== 'nodeSuperseded') return;
    // [HP-MEMBER-4] It ends, and whoever looks after it starts it again.
    this.later(EXIT_US, () => this.killProcess(node, STARTED_AGAIN_US));
  }

  stall(node: number, durationUs: number): void {
    this.#host.stall(node, durationUs);
  }

  killProcess(node: number, durationUs: number): void {
    this.#host.killProcess(node, durationUs);
  }

  clockJumps(node: number, byMs: number): void {
    this.trace.add({ kind: 'clockSet', node, byMs });
    this.#host.clockJumps(node, byMs);
  }

  drain(node: number, durationUs: number): void {
    this.#host.drain(node, durationUs);
  }

  lag(node: number, p99Ms: number): void {
    const first = this.#host.first(node);
    if (first === undefined) return;
    first.deliver(first.actors.members, { type: 'lagMeasured', p99Ms });
    this.trace.add({ kind: 'lagMeasured', node, p99Ms });
  }

  misspeak(node: number, to: number, place: number): void {
    this.#mischief.misspeak(node, to, place);
  }

  failLink(node: number, to: number): void {
    this.#mischief.failLink(node, to);
  }

  massReconnect(): void {
    for (const { connection } of this.talkers) connection?.reset();
  }

  heal(): void {
    this.mesh.settle();
    for (const { kind, one } of this.#plan.faults) if (kind === 'lagNode') this.lag(one, WELL_MS);
    for (const party of [...this.talkers, ...this.crossers]) party.settle();
    const { seed } = this.#host.plan;
    for (const [number, { name, atMs }] of (this.#plan.calls ?? []).entries()) {
      const call = callNamed(name);
      const at = { node: 0, client: FIRST_CALLER + number };
      const caller = call && new Caller(call, at, this.#host);
      this.later(CALLS_AFTER_US + atMs * 1_000, () =>
        caller?.begin(new Prng(seed, `call ${number}`)),
      );
    }
  }

  /** Everything has come to rest: how everybody is, what he waits for, and what he is told of all others. */
  rest(): void {
    this.#countLinks();
    for (const talker of this.talkers) {
      const { plan, session, seats, isIn, isAway } = talker;
      talker.tellLost();
      if (isAway) continue;
      const { client, user } = plan;
      this.trace.add({
        ...{ kind: 'talkerRests', node: talker.node, client, user },
        ...{ session: isIn ? session : undefined, rooms: isIn ? [...seats] : [] },
      });
      for (const { what } of talker.asked)
        this.trace.add({ kind: 'talkerWaits', ...talker.at(), what });
    }
    for (const { deeds } of this.#speakers) deeds.lookAtAll();
  }

  probe(): void {
    this.trace.add({ kind: 'chatProbed' });
    for (const [rank, { seats, deeds }] of this.#speakers.entries()) {
      for (const room of seats) deeds.sayIn(room);
      const other = this.users[(rank + 1) % this.users.length] ?? '';
      for (const room of seats) deeds.type(room, other);
      deeds.type(undefined, other);
      deeds.receipt(other);
      // One each: a message waits for the one before it, and that for its receiver.
      deeds.sayTo(other);
    }
    for (const crosser of this.crossers) crosser.publish();
  }

  /** Whoever is in, and says anything at all. */
  get #speakers(): readonly Talker[] {
    return this.talkers.filter(({ isIn, plan }) => isIn && !plan.isMute);
  }

  /** Everybody leaves; what is left then is nobody's. */
  dismiss(): void {
    this.trace.add({ kind: 'talkersLeft' });
    for (const party of [...this.talkers, ...this.crossers]) party.leaveForever();
  }

  #countLinks(): void {
    const { nodes } = this;
    const pairs: (readonly [number, number, number])[] = [];
    for (let one = 0; one < nodes; one += 1)
      for (let other = one + 1; other < nodes; other += 1) {
        if (this.#host.isDead(one) || this.#host.isDead(other)) continue;
        const open = this.mesh.between(one, other);
        pairs.push([one, other, open.length]);
      }
    if (this.#plan.cluster !== undefined) this.trace.add({ kind: 'linksCounted', pairs });
  }
}

function termsOf({ options, meetings, ...plan }: ChatPlan) {
  // Nobody else of a cluster is there where others are played.
  const cluster = meetings === undefined ? plan.cluster : undefined;
  const { resumeWindowMs, pingEveryMs, pingTimeoutMs, loginTimeoutMs } = options;
  const { roomEventsMax, joinsPerSecondMax, messagesPerSecondMax } = options;
  const { messagesBurstMax, presenceEveryMs } = options;
  const { roomsPerSessionMax, sessionsPerUserMax, watchedUsersMax } = options;
  const { offlineMessagesMax, resumeMessagesMax, resumeBytesMax, queueBytesMax } = options;
  const { historyBytesTotalMax, offlineBytesTotalMax, roomMembersMax, offlineAgeMaxMs } = options;
  const isForgetful = historyBytesTotalMax < ENOUGH_BYTES || offlineAgeMaxMs < LONG_MS;
  const historyMax = isForgetful ? 0 : options.historyMax;
  const hasFewRooms = options.roomsMax < ENOUGH_ROOMS;
  // Whoever wants a room may have another one forgotten that nobody is in.
  const emptyRoomMs = hasFewRooms ? 0 : options.emptyRoomMs;
  const { suspectMs = 0, downMs = 0, lingerMs = 0, stableAfterMs = 0 } = cluster ?? {};
  const { forgetMs = 0, joinTimeoutMs = 0 } = cluster ?? {};
  const { partitionPolicy = 'serve', nodesExpected = 0 } = cluster ?? {};
  return {
    ...{ isCluster: cluster !== undefined, suspectMs, downMs, lingerMs, forgetMs, joinTimeoutMs },
    ...{ resumeWindowMs, pingEveryMs, pingTimeoutMs, loginTimeoutMs, emptyRoomMs, roomEventsMax },
    ...{ historyMax, offlineMessagesMax, resumeMessagesMax, resumeBytesMax, queueBytesMax },
    isShort: offlineBytesTotalMax < ENOUGH_BYTES || offlineAgeMaxMs < LONG_MS,
    ...{ offlineAgeMaxMs, hasFewRooms, roomMembersMax },
    ...{ joinsPerSecondMax, messagesPerSecondMax, messagesBurstMax, presenceEveryMs },
    ...{ roomsPerSessionMax, sessionsPerUserMax, watchedUsersMax },
    admins: options.admins,
    isLimited: options.messagesPerSecondMax < 100 || options.joinsPerSecondMax < 100,
    policy: options.sessionPolicy,
    ...{ partitionPolicy, nodesExpected, stableAfterMs },
  };
}

const states: readonly string[] = ['linkUp', 'linkDown', 'up', 'suspect', 'down', 'left'];

/** Until a process that is told to end has ended. */
const EXIT_US = 1_000;
/** By then nobody takes a link with its former life for one that is heard. */
const STARTED_AGAIN_US = 3_000_000;
/** More than is said in a run. */
const ENOUGH_BYTES = 10_000_000;
const ENOUGH_ROOMS = 1_000;
const LONG_MS = 600_000;
const FIRST_CALLER = 10_000;
/** Until a call there is answered. */
const ELSEWHERE_US = 2_000;
/** Threads that died last are back by then. */
const CALLS_AFTER_US = 3_500_000;
