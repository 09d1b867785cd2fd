// A stage for clusters: the real shards of several nodes in one virtual time, with links that can be cut, delayed, made
// half-open or refuse, nodes that die, stall and come back. Whose turn is next and how long bytes take is drawn from a
// seed. Refuses to judge: tests look at what clients heard.

import { readBridgeRule } from '../../src/actors/bridge/bridge.ts';
import { brokerDefaults } from '../../src/actors/broker/broker-options.ts';
import { chatDefaults, type ChatOptions } from '../../src/actors/chat/chat-options.ts';
import {
  clusterDefaults,
  type ClusterNews,
  type ClusterOptions,
} from '../../src/actors/cluster/cluster-options.ts';
import type { Speech } from '../../src/actors/cluster/versions.ts';
import type { ClusterTold } from '../../src/actors/cluster/links/members-state.ts';
import { gatewayDefaults } from '../../src/actors/gateway/gateway-options.ts';
import { actorsOf, edgesOf, homeDefaults, startShard } from '../../src/actors/node.ts';
import { type Address, addressOf } from '../../src/actors/runtime/actor.ts';
import type {
  ConnectionEvent,
  ConnectionId,
  Receipt,
  WebCommand,
} from '../../src/actors/runtime/edges.ts';
import type { TcpCommand, TcpOpened } from '../../src/actors/runtime/tcp/tcp-edges.ts';
import { Prng } from '../../src/actors/runtime/prng.ts';
import { System } from '../../src/actors/runtime/system.ts';
import type { ClientStage } from './hp-client.ts';
import { StagedWeb, type WebClient } from './staged-web.ts';

export interface ClusterStageOptions {
  readonly nodes?: number;
  readonly shards?: number;
  readonly seed?: number;
  readonly chat?: Partial<ChatOptions>;
  readonly cluster?: Partial<ClusterOptions>;
  /** What nodes speak, when they next start, if it is not the latest version. */
  readonly speeches?: Record<string, Speech>;
  /** Nodes that neither carry for others nor are carried for. */
  readonly noDetours?: readonly string[];
  /** How far the clock of a node is ahead, in seconds. */
  readonly skews?: Readonly<Record<string, number>>;
  /** Pairs as `chat/ROOM=broker/TOPIC`. */
  readonly bridge?: readonly string[];
  /** Opens a gateway on every node, too. */
  readonly hasGateway?: boolean;
}

/** One end of a connection between two nodes, or between a node and a stranger. */
interface End {
  readonly connection: ConnectionId;
  /** Undefined for the stranger's. */
  readonly node: StagedNode | undefined;
  owner: Address<ConnectionEvent> | undefined;
  receiptsTo: Address<Receipt> | undefined;
  readonly waiting: Uint8Array[];
  isClosed: boolean;
}

interface Wire {
  readonly from: string;
  readonly to: string;
  readonly ends: readonly [End, End];
  /** Whatever is written to it is lost, and neither side knows. */
  isDead?: boolean;
}

/** What happens on the way between two nodes, in one direction. */
export type Road = 'open' | 'lost' | 'refused';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export interface StagedNode {
  readonly name: string;
  life: number;
  /** How many of its shards died alone. */
  deaths: number;
  isDead: boolean;
  /** Until when it does nothing at all. */
  stalledUntil: number;
  shards: { readonly system: System; readonly web: StagedWeb }[];
  crossings: { readonly to: number; readonly address: string; readonly message: unknown }[][];
}

export class ClusterStage {
  now = 1_000_000;
  readonly nodes: StagedNode[] = [];
  readonly failures: string[] = [];
  /** What processes heard of the cluster. */
  readonly news: { readonly at: number; readonly node: string; readonly news: ClusterNews }[] = [];
  readonly #options: ClusterStageOptions;
  readonly #chance: Prng;
  readonly #wires = new Map<string, { wire: Wire; side: 0 | 1 }>();
  readonly #roads = new Map<string, Road>();
  readonly #delays = new Map<string, number>();
  readonly #events: Event[] = [];
  readonly said: {
    readonly at: number;
    readonly from: string;
    readonly to: string;
    readonly text: string;
  }[] = [];
  #connections = 0;
  #order = 0;

  constructor(options: ClusterStageOptions = {}) {
    this.#options = options;
    this.#chance = new Prng(options.seed ?? 1, 'cluster-stage');
    for (let at = 1; at <= (options.nodes ?? 3); at += 1) {
      const node: StagedNode = {
        ...{
          name: `n${at}`,
          life: 0,
          deaths: 0,
          isDead: true,
          stalledUntil: 0,
          shards: [],
          crossings: [],
        },
      };
      this.nodes.push(node);
    }
    for (const { name } of this.nodes) this.start(name);
  }

  node(name: string): StagedNode {
    const node = this.nodes.find((one) => one.name === name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  /** Starts a node, or starts it again with a new life. */
  start(name: string, incarnation?: number): void {
    const node = this.node(name);
    node.life += 1;
    node.deaths = 0;
    node.isDead = false;
    node.stalledUntil = 0;
    const shards = this.#options.shards ?? 1;
    node.crossings = Array.from({ length: shards }, () => []);
    node.shards = [];
    for (let shard = 0; shard < shards; shard += 1)
      node.shards.push(this.#startShard(node, shard, incarnation ?? node.life * 1_000));
  }

  /** The process is killed: its machine closes its connections and refuses new ones. */
  kill(name: string): void {
    const node = this.node(name);
    node.isDead = true;
    this.#hangUp(node);
  }

  #hangUp(node: StagedNode): void {
    for (const { wire, side } of this.#wires.values()) {
      if (wire.ends[side].node !== node || wire.ends[side].isClosed) continue;
      wire.ends[side].isClosed = true;
      this.#closeOther(wire, side);
    }
  }

  /** One shard dies with its clients, the others learn of it, and a fresh one takes its place; links are on shard 0. */
  crash(name: string, shard: number): void {
    const node = this.node(name);
    node.deaths += 1;
    if (shard === 0) this.#hangUp(node);
    node.crossings[shard] = [];
    node.shards[shard] = this.#startShard(node, shard, node.life * 1_000);
    for (const [other, { system }] of node.shards.entries()) {
      if (other === shard) continue;
      const { home, router, rooms, users, chat, members, relay, locations } = actorsOf(other);
      const hearers = [home, router, rooms, users, chat];
      if (other === 0) hearers.push(relay as never, locations as never, members as never);
      for (const hearer of hearers)
        system.deliver(hearer as Address<unknown>, { type: 'shardDown', shard });
    }
    this.#settle();
  }

  /** The node is told to end: nothing has its home there from now on. */
  leave(name: string, withinMs = 500): void {
    const { shards } = this.node(name);
    shards[0]?.system.deliver(actorsOf(0).members, { type: 'drain', withinMs });
    for (const [shard, { system }] of shards.entries())
      system.deliver(actorsOf(shard).chat, { type: 'drain', withinMs: Math.floor(withinMs / 2) });
  }

  stall(name: string, ms: number): void {
    this.node(name).stalledUntil = this.now + ms * 1_000;
  }

  /** Bytes between two nodes are lost, in one direction or both; open connections stay as they are. */
  cut(one: string, other: string, way: 'both' | 'there' = 'both'): void {
    this.#roads.set(`${one} ${other}`, 'lost');
    if (way === 'both') this.#roads.set(`${other} ${one}`, 'lost');
  }

  /** Connections between two nodes break, and new ones are refused. */
  /** Somebody sets the clock of the node. */
  setClock(node: string, bySeconds: number): void {
    for (const shard of this.node(node).shards)
      if (shard !== undefined) shard.system.wallAtZeroMs += bySeconds * 1_000;
  }

  breakOff(one: string, other: string): void {
    this.#roads.set(`${one} ${other}`, 'refused');
    this.#roads.set(`${other} ${one}`, 'refused');
    this.sever(one, other);
  }

  /** What was lost is not sent again: connections that were hurt are reset. */
  heal(): void {
    const hurt = [...this.#roads].filter(([, road]) => road === 'lost').map(([key]) => key);
    this.#roads.clear();
    for (const { wire, side } of new Map(
      [...this.#wires].map(([key, one]) => [key, one]),
    ).values()) {
      const isHurt =
        hurt.includes(`${wire.from} ${wire.to}`) || hurt.includes(`${wire.to} ${wire.from}`);
      if (isHurt && !wire.ends[side].isClosed) this.reset(wire, side);
    }
  }

  /** All connections between two nodes break, and both sides learn of it. */
  sever(one: string, other: string): void {
    for (const { wire, side } of this.#wires.values()) {
      const isBetween =
        (wire.from === one && wire.to === other) || (wire.from === other && wire.to === one);
      if (isBetween && !wire.ends[side].isClosed) this.reset(wire, side);
    }
  }

  /** Somebody between two nodes has forgotten their connections; new ones are as they should be. */
  deaden(one: string, other: string): void {
    for (const { wire } of this.#wires.values()) {
      const isBetween =
        (wire.from === one && wire.to === other) || (wire.from === other && wire.to === one);
      if (isBetween) wire.isDead = true;
    }
  }

  delay(one: string, other: string, ms: number): void {
    this.#delays.set(`${one} ${other}`, ms);
    this.#delays.set(`${other} ${one}`, ms);
  }

  /** Cuts off one side from the other. */
  split(some: readonly string[]): void {
    for (const { name: one } of this.nodes)
      for (const { name: other } of this.nodes)
        if (some.includes(one) !== some.includes(other)) this.cut(one, other, 'there');
  }

  pass(ms: number): void {
    const until = this.now + ms * 1_000;
    this.#settle();
    for (;;) {
      const next = this.#nextAt();
      if (next > until) break;
      this.now = Math.max(this.now, next);
      this.#fire();
      this.#settle();
    }
    this.now = until;
    this.#settle();
  }

  /** Lets time pass until it comes to that; fails when it does not. */
  until(condition: () => boolean, mostMs: number): number {
    const since = this.now;
    // What has just happened is to be heard of first.
    this.pass(10);
    while (!condition()) {
      if (this.now - since > mostMs * 1_000)
        throw new Error(`it did not come to that in ${mostMs} ms`);
      this.pass(10);
    }
    return (this.now - since) / 1_000;
  }

  /** What a node knows of the others. */
  view(name: string): ClusterTold {
    const { shards } = this.node(name);
    const system = shards[0]?.system;
    if (system === undefined) throw new Error(`${name} has not started`);
    let told: ClusterTold | undefined;
    const replyTo = addressOf<ClusterTold>(0, 'probe/view');
    system.bind(replyTo, (message) => {
      told = message;
    });
    system.deliver(actorsOf(0).members, { type: 'describe', ref: 1, replyTo });
    system.run(this.now, 1_000_000);
    if (told === undefined) throw new Error(`${name} does not answer`);
    return told;
  }

  /** The states of all other nodes as one sees them, like `n2:up n3:down`. */
  seen(name: string): string {
    return this.view(name)
      .members.map(({ node, state }) => `${node}:${state}`)
      .join(' ');
  }

  /** True when every living node sees every other one up, over a link. */
  get isWhole(): boolean {
    const alive = this.nodes.filter(({ isDead }) => !isDead);
    return alive.every(({ name }) => {
      const up = this.view(name).members.filter(({ state, hasLink }) => state === 'up' && hasLink);
      return up.length === alive.length - 1;
    });
  }

  /** Connections between two nodes that are open at both ends. */
  linksBetween(one: string, other: string): number {
    const wires = new Set<Wire>();
    for (const { wire } of this.#wires.values()) {
      const isBetween =
        (wire.from === one && wire.to === other) || (wire.from === other && wire.to === one);
      if (isBetween && wire.ends.every(({ isClosed }) => !isClosed)) wires.add(wire);
    }
    return wires.size;
  }

  counted(name: string, counter: string): number {
    let sum = 0;
    for (const { system } of this.node(name).shards) sum += system.counters.get(counter) ?? 0;
    return sum;
  }

  /** A WebSocket of the broker's door. */
  broker(name: string, shard = 0): WebClient {
    this.#connections += 1;
    const connection = this.#connections;
    const staged = this.node(name).shards[shard];
    if (staged === undefined) throw new Error(`there is no shard ${shard}`);
    const client = staged.web.expect(connection);
    staged.system.deliver(actorsOf(shard).broker, {
      ...{ type: 'upgradeRequested', connection, door: 'broker', method: 'GET', path: '/' },
      ...{ query: '', headers: {}, remote: '192.0.2.1', subprotocols: [] },
    });
    this.#settle();
    return client;
  }

  /** One node, as clients of the chat find it. */
  at(name: string): ClientStage {
    return {
      tcp: (shard) => this.tcp(name, shard),
      until: (condition) => this.until(condition, 1_000),
      settle: () => this.pass(20),
    };
  }

  /** Connects to the chat. */
  tcp(name: string, shard = 0): WebClient {
    this.#connections += 1;
    const connection = this.#connections;
    const staged = this.node(name).shards[shard];
    if (staged === undefined) throw new Error(`there is no shard ${shard}`);
    const client = staged.web.expect(connection);
    staged.system.deliver(actorsOf(shard).chat, this.#openedOf(connection, 'chat'));
    this.#settle();
    return client;
  }

  /** A stranger who speaks to the peers' door of a node: says bytes, and hears what comes back. */
  stranger(name: string): {
    say: (text: string) => void;
    readonly heard: string[];
    isClosed: () => boolean;
  } {
    const node = this.node(name);
    const [near, far] = [this.#end(undefined), this.#end(node)];
    const wire: Wire = { from: 'stranger', to: name, ends: [near, far] };
    const heard: string[] = [];
    const owner = addressOf<ConnectionEvent>(0, `stranger/${near.connection}`);
    near.owner = owner;
    this.#wires.set(`stranger ${near.connection}`, { wire, side: 0 });
    this.#wires.set(`${name} ${far.connection}`, { wire, side: 1 });
    this.#strangers.set(near, heard);
    node.shards[0]?.system.deliver(actorsOf(0).members, this.#openedOf(far.connection, 'peers'));
    this.#settle();
    return {
      heard,
      say: (text) => {
        this.#write(wire, 0, new TextEncoder().encode(text));
        this.pass(20);
      },
      isClosed: () => far.isClosed,
    };
  }

  readonly #strangers = new Map<End, string[]>();

  #openedOf(connection: ConnectionId, door: string): TcpOpened {
    const digits = (connection * 7_919 + this.now).toString(16).padStart(8, '0');
    return {
      ...{ type: 'tcpOpened', connection, door, remote: '192.0.2.1', isLoopback: true },
      ...{ isSecure: false, secret: digits.slice(-8).repeat(4), nonce: digits.slice(-4).repeat(5) },
    };
  }

  #startShard(node: StagedNode, shard: number, incarnation: number) {
    const { seed = 1, shards = 1, chat, cluster } = this.#options;
    const { life, deaths } = node;
    const system: System = new System({
      shard,
      seed:
        (seed * 31 + node.life * 1_009 + deaths * 613 + this.nodes.indexOf(node) * 97 + shard) >>>
        0,
      crossing: (to, address, message) => {
        node.crossings[shard]?.push({ to, address, message: structuredClone(message) });
      },
      onFailure: (address, error) =>
        this.failures.push(
          `${node.name}/${address}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
        ),
      onCollapse: (address) => this.failures.push(`${node.name}/${address} collapsed`),
    });
    const web = new StagedWeb(system, () => {});
    const edges = edgesOf(shard);
    system.bind(edges.web, (command) => this.#obeyWeb(node, life, web, command));
    system.bind(edges.log, () => {});
    system.bind(edges.auth, () => {});
    system.bind(edges.operator, () => {});
    system.bind(edges.control, () => {});
    system.bind(edges.passwords, () => {});
    system.bind(edges.tcp, (command) => this.#obeyTcp(node, life, web, command));
    system.wallAtZeroMs = 1_700_000_000_000 + (this.#options.skews?.[node.name] ?? 0) * 1_000;
    system.bind(addressOf<ClusterNews>(0, 'edge/cluster'), (news) =>
      this.news.push({ at: this.now, node: node.name, news }),
    );
    startShard(system, {
      ...{ shard, shards, broker: brokerDefaults, home: homeDefaults },
      bridge: (this.#options.bridge ?? []).flatMap((pair) => readBridgeRule(pair) ?? []),
      chat:
        chat === undefined
          ? undefined
          : {
              options: { ...chatDefaults, node: node.name, ...chat },
              ...{ incarnation, life: deaths },
            },
      gateway:
        this.#options.hasGateway === true
          ? { options: gatewayDefaults, routes: '', directory: '', zmqUris: noUris }
          : undefined,
      cluster: {
        options: {
          ...clusterDefaults,
          ...{ node: node.name, cluster: 'test', keys: [{ id: 'k1', secret: SECRET }] },
          peers: this.nodes
            .map(({ name }) => `${name}:7501`)
            .filter((one) => !one.startsWith(`${node.name}:`)),
          advertise: `${node.name}:7501`,
          advertiseChat: `${node.name}:7500`,
          ...cluster,
          speech: this.#options.speeches?.[node.name] ?? clusterDefaults.speech,
          ...(this.#options.noDetours?.includes(node.name) === true ? { detours: false } : {}),
        },
        ...{ incarnation: shard === 0 ? incarnation + deaths : incarnation },
      },
    });
    return { system, web };
  }

  #obeyTcp(node: StagedNode, life: number, web: StagedWeb, command: TcpCommand): void {
    if (command.type === 'connect') {
      this.#call(node, life, command);
      return;
    }
    const known = this.#wires.get(`${node.name} ${command.connection}`);
    if (known === undefined) {
      web.ownTcp(command);
      return;
    }
    const end = known.wire.ends[known.side];
    if (command.type === 'dismiss') {
      this.#close(known.wire, known.side);
      return;
    }
    end.owner = command.owner;
    end.receiptsTo = command.receiptsTo;
    for (const bytes of end.waiting.splice(0)) this.#hear(end, bytes);
    if (end.isClosed) this.#tellClosed(end);
  }

  #call(
    node: StagedNode,
    life: number,
    command: Extract<TcpCommand, { readonly type: 'connect' }>,
  ): void {
    const { ref, replyTo, host, timeoutMs } = command;
    const target = this.nodes.find(({ name }) => name === host);
    const answer = (afterMs: number, run: () => void): void =>
      this.#later(afterMs, () => {
        if (!node.isDead && node.life === life) run();
      });
    const system = node.shards[0]?.system;
    const fail = (reason: 'refused' | 'timedOut', afterMs: number): void =>
      answer(afterMs, () => system?.deliver(replyTo, { type: 'tcpFailed', ref, reason }));
    const isLost = this.#isLost(node.name, host) || this.#isLost(host, node.name);
    if (target === undefined || isLost) {
      fail('timedOut', timeoutMs);
      return;
    }
    const [there, back] = [this.#travelMs(node.name, host), this.#travelMs(host, node.name)];
    this.#later(there, () => {
      if (target.isDead || this.#roads.get(`${node.name} ${host}`) === 'refused') {
        fail('refused', back);
        return;
      }
      const [near, far] = [this.#end(node), this.#end(target)];
      const wire: Wire = { from: node.name, to: host, ends: [near, far] };
      this.#wires.set(`${node.name} ${near.connection}`, { wire, side: 0 });
      this.#wires.set(`${host} ${far.connection}`, { wire, side: 1 });
      target.shards[0]?.system.deliver(
        actorsOf(0).members,
        this.#openedOf(far.connection, 'peers'),
      );
      answer(back, () =>
        system?.deliver(replyTo, {
          ...{ type: 'tcpConnected', ref, opened: this.#openedOf(near.connection, 'call') },
        }),
      );
    });
  }

  #end(node: StagedNode | undefined): End {
    this.#connections += 1;
    return {
      ...{ connection: this.#connections, node, owner: undefined, receiptsTo: undefined },
      ...{ waiting: [], isClosed: false },
    };
  }

  #obeyWeb(node: StagedNode, life: number, web: StagedWeb, command: WebCommand): void {
    if (node.life !== life) return;
    if (command.type === 'write') {
      const others: ConnectionId[] = [];
      for (const connection of command.connections) {
        const known = this.#wires.get(`${node.name} ${connection}`);
        if (known === undefined) others.push(connection);
        else this.#write(known.wire, known.side, command.payload as Uint8Array);
      }
      if (others.length > 0) web.obey({ ...command, connections: others });
      return;
    }
    const known = this.#wires.get(`${node.name} ${command.connection}`);
    if (known === undefined) web.obey(command);
    else if (command.type === 'close' || command.type === 'cut')
      this.#close(known.wire, known.side);
  }

  #write(wire: Wire, side: 0 | 1, bytes: Uint8Array): void {
    const [near, far] = [wire.ends[side], wire.ends[side === 0 ? 1 : 0]];
    if (near.isClosed) return;
    const [from, to] = side === 0 ? [wire.from, wire.to] : [wire.to, wire.from];
    this.said.push({ at: this.now, from, to, text: new TextDecoder().decode(bytes) });
    const { receiptsTo } = near;
    if (receiptsTo !== undefined && near.node !== undefined) {
      const receipt = {
        type: 'receipt',
        connection: near.connection,
        bytes: bytes.byteLength + 32,
      } as const;
      this.#later(1, () => near.node?.shards[0]?.system.deliver(receiptsTo, receipt));
    }
    if (this.#isLost(from, to) || wire.isDead === true) return;
    // Bytes come in order, in pieces of any size.
    const arriveAt = Math.max(
      this.now + this.#travelMs(from, to) * 1_000,
      this.#lastAt.get(far) ?? 0,
    );
    this.#lastAt.set(far, arriveAt);
    const cutAt = this.#chance.below(bytes.byteLength + 1);
    for (const piece of [bytes.slice(0, cutAt), bytes.slice(cutAt)]) {
      if (piece.byteLength === 0) continue;
      this.#at(arriveAt, () => {
        if (far.isClosed) return;
        if (far.owner === undefined) far.waiting.push(piece);
        else this.#hear(far, piece);
      });
    }
  }

  readonly #lastAt = new Map<End, number>();

  #hear(end: End, payload: Uint8Array): void {
    const heard = this.#strangers.get(end);
    if (heard !== undefined) heard.push(new TextDecoder().decode(payload));
    if (end.owner === undefined || end.node?.isDead !== false) return;
    const { connection, owner, node } = end;
    if (node.stalledUntil > this.now) {
      // Timers are looked at before sockets are: what lies in the kernel is read a little later.
      this.#at(node.stalledUntil + 1_000, () => this.#hear(end, payload));
      return;
    }
    node.shards[0]?.system.deliver(owner, { type: 'messageReceived', connection, payload });
  }

  #close(wire: Wire, side: 0 | 1): void {
    const near = wire.ends[side];
    if (near.isClosed) return;
    near.isClosed = true;
    this.#tellClosed(near);
    this.#closeOther(wire, side);
  }

  #closeOther(wire: Wire, side: 0 | 1): void {
    const [from, to] = side === 0 ? [wire.from, wire.to] : [wire.to, wire.from];
    if (this.#isLost(from, to) || wire.isDead === true) return;
    const far = wire.ends[side === 0 ? 1 : 0];
    const at = Math.max(this.now + this.#travelMs(from, to) * 1_000, this.#lastAt.get(far) ?? 0);
    this.#at(at, () => {
      if (far.isClosed) return;
      far.isClosed = true;
      this.#tellClosed(far);
    });
  }

  reset(wire: Wire, side: 0 | 1): void {
    for (const end of [wire.ends[side], wire.ends[side === 0 ? 1 : 0]]) {
      if (end.isClosed) continue;
      end.isClosed = true;
      this.#tellClosed(end);
    }
  }

  #tellClosed({ node, owner, connection }: End): void {
    if (node === undefined || owner === undefined || node.isDead) return;
    const event: ConnectionEvent = { type: 'closed', connection, code: 1_006, reason: '' };
    node.shards[0]?.system.deliver(owner, event);
  }

  #isLost(from: string, to: string): boolean {
    return this.#roads.get(`${from} ${to}`) === 'lost';
  }

  #travelMs(from: string, to: string): number {
    return (this.#delays.get(`${from} ${to}`) ?? 0) + this.#chance.between(0, 2);
  }

  #later(ms: number, run: () => void): void {
    this.#at(this.now + ms * 1_000, run);
  }

  #at(at: number, run: () => void): void {
    this.#order += 1;
    const event = { at, order: this.#order, run };
    let place = this.#events.length;
    while (place > 0 && isAfter(this.#events[place - 1], event)) place -= 1;
    this.#events.splice(place, 0, event);
  }

  #nextAt(): number {
    let next = this.#events[0]?.at ?? Number.POSITIVE_INFINITY;
    for (const { shards, isDead, stalledUntil } of this.nodes) {
      if (isDead) continue;
      for (const { system } of shards) {
        const at = system.readyActors > 0 ? this.now : system.nextTimerAt;
        if (at !== undefined) next = Math.min(next, Math.max(at, stalledUntil));
      }
    }
    return next;
  }

  #fire(): void {
    while ((this.#events[0]?.at ?? Number.POSITIVE_INFINITY) <= this.now)
      this.#events.shift()?.run();
  }

  /** Every node that is awake works until it has nothing left to do now. */
  #settle(): void {
    for (let isBusy = true; isBusy;) {
      isBusy = false;
      for (const node of this.nodes) {
        if (node.isDead || node.stalledUntil > this.now) continue;
        for (const { system } of node.shards) {
          const isDue = (system.nextTimerAt ?? Number.POSITIVE_INFINITY) <= this.now;
          if (system.readyActors === 0 && !isDue) continue;
          isBusy = true;
          system.run(this.now, 100_000);
        }
        for (const queue of node.crossings) {
          for (const { to, address, message } of queue.splice(0)) {
            isBusy = true;
            node.shards[to]?.system.deliver(address as Address<unknown>, message);
          }
        }
      }
    }
  }
}

const noUris = { command: undefined, publishPull: undefined, publishSub: undefined };

function isAfter(one: Event | undefined, other: Event): boolean {
  return (
    one !== undefined && (one.at > other.at || (one.at === other.at && one.order > other.order))
  );
}

export const SECRET = new TextEncoder().encode('a secret of the cluster, long enough');
