// A stage for actors: the real shards of one node in this process, with virtual time, crossings that keep their
// order, and edges that record. Without chance everything runs first come, first served; with it, whose turn
// is next and which crossing arrives next are drawn from a seed.
// Refuses to judge: tests look at what clients heard.

import { readBridgeRule } from '../../src/actors/bridge/bridge.ts';
import { type BrokerOptions, brokerDefaults } from '../../src/actors/broker/broker-options.ts';
import { actorsOf, edgesOf, homeDefaults, startShard } from '../../src/actors/node.ts';
import { chatDefaults, type ChatOptions } from '../../src/actors/chat/chat-options.ts';
import type { HomeLimits } from '../../src/actors/routing/home.actor.ts';
import { type Address, addressOf } from '../../src/actors/runtime/actor.ts';
import type {
  ConnectionId,
  DoorEvent,
  RequestHead,
  VerifyToken,
} from '../../src/actors/runtime/edges.ts';
import type { PasswordCommand, TcpOpened } from '../../src/actors/runtime/tcp/tcp-edges.ts';
import { Prng } from '../../src/actors/runtime/prng.ts';
import { System } from '../../src/actors/runtime/system.ts';
import { StagedWeb, type WebClient } from './staged-web.ts';

export interface StageOptions {
  readonly shards?: number;
  readonly broker?: Partial<BrokerOptions>;
  readonly home?: Partial<HomeLimits>;
  readonly seed?: number;
  /** Pairs as `chat/ROOM=broker/TOPIC`. */
  readonly bridge?: readonly string[];
  /** Opens a chat, too. */
  readonly chat?: Partial<ChatOptions>;
  /** The users of the chat and their passwords. */
  readonly passwords?: Readonly<Record<string, string>>;
  /** Draw turns and crossings from this seed instead of taking them in order. */
  readonly chance?: number;
  /** What tokens are worth; any other is refused. */
  readonly tokens?: Readonly<Record<string, StagedToken>>;
}

export interface StagedToken {
  readonly subscribe: readonly string[];
  readonly publish: readonly string[];
  readonly expiresInMs?: number;
  readonly subject?: string;
}

export type Asked = Partial<Omit<RequestHead, 'door'>> & {
  readonly shard?: number;
  readonly subprotocols?: readonly string[];
  readonly body?: string | Uint8Array;
};

/** One shard of the node with its recorders. */
export interface StagedShard {
  readonly system: System;
  readonly web: StagedWeb;
  readonly failures: string[];
  hasCollapsed: boolean;
}

type Crossing = readonly [to: string, message: unknown];

export class Stage {
  now = 1_000_000;
  readonly shards: StagedShard[] = [];
  /** Tokens that auth was asked about and has not judged; judged at once unless `auth.isSlow`. */
  readonly auth = { isSlow: false, asked: [] as { shard: number; ask: VerifyToken }[] };
  readonly #options: StageOptions;
  readonly #chance: Prng | undefined;
  /** From shard, to shard: what is under way, in order. */
  readonly #crossings: Crossing[][][] = [];
  #connections = 0;
  #lives = 0;

  constructor(options: StageOptions = {}) {
    this.#options = options;
    this.#chance = options.chance === undefined ? undefined : new Prng(options.chance, 'stage');
    const count = options.shards ?? 1;
    for (let from = 0; from < count; from += 1) {
      this.#crossings.push(Array.from({ length: count }, () => []));
    }
    for (let shard = 0; shard < count; shard += 1) this.shards.push(this.#start(shard));
    this.settle();
  }

  /** Lets everything run until nothing is ready and nothing is under way. */
  settle(): void {
    while (this.step());
  }

  /** One piece of work: a slice of turns, or the arrival of one crossing. False when there is none. */
  step(): boolean {
    const work: (() => void)[] = [];
    for (const { system, hasCollapsed } of this.shards) {
      if (system.readyActors > 0 && !hasCollapsed) work.push(() => this.#turn(system));
    }
    for (const [from, row] of this.#crossings.entries()) {
      for (const [to, queue] of row.entries()) {
        if (queue.length > 0) work.push(() => this.#arrive(from, to));
      }
    }
    const next = this.#chance === undefined ? work[0] : work[this.#chance.below(work.length || 1)];
    next?.();
    return next !== undefined;
  }

  /** Works until the condition holds; that nothing is left to do before that is a failure. */
  until(condition: () => boolean): void {
    while (!condition())
      if (!this.step()) throw new Error(`it never came to that: ${this.troubles.join()}`);
  }

  /** Moves time on, stopping at every timer on the way. */
  pass(ms: number): void {
    const until = this.now + ms * 1_000;
    for (;;) {
      const due = this.shards.map(({ system }) => system.nextTimerAt ?? Number.POSITIVE_INFINITY);
      const next = Math.min(...due);
      if (next > until) break;
      this.now = Math.max(this.now, next);
      for (const { system } of this.shards) system.run(this.now, 1_000_000);
      this.settle();
    }
    this.now = until;
    this.settle();
  }

  /** Puts a message into a mailbox of its shard, without running anything. */
  tell<M>(to: Address<M>, message: NoInfer<M>): void {
    const shard = this.shards[Number(to.slice(0, to.indexOf('/')))];
    if (shard === undefined) throw new Error(`there is no shard for ${to}`);
    shard.system.deliver(to, message);
  }

  /** An address whose messages are collected. */
  probe<M>(shard: number, name: string): { readonly address: Address<M>; readonly heard: M[] } {
    const address = addressOf<M>(shard, `probe/${name}`);
    const heard: M[] = [];
    this.shards[shard]?.system.bind(address, (message) => heard.push(message));
    return { address, heard };
  }

  /** Asks for a WebSocket. */
  connect(asked: Asked = {}): WebClient {
    return this.#knock(asked, (head) => ({
      ...head,
      type: 'upgradeRequested',
      subprotocols: asked.subprotocols ?? [],
    }));
  }

  /** Makes an HTTP request. */
  request(asked: Asked = {}): WebClient {
    const { body = '' } = asked;
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    return this.#knock(asked, (head) => ({ ...head, type: 'requestReceived', body: bytes }));
  }

  sse(query: string, asked: Asked = {}): WebClient {
    return this.request({ path: '/sse', query, ...asked });
  }

  /** Connects to the chat. */
  tcp(shard = 0, peer: Partial<TcpOpened> = {}): WebClient {
    this.#connections += 1;
    const connection = this.#connections;
    const staged = this.shards[shard];
    if (staged === undefined) throw new Error(`there is no shard ${shard}`);
    const client = staged.web.expect(connection);
    const digits = connection.toString(16).padStart(4, '0').repeat(8);
    staged.system.deliver(actorsOf(shard).chat, {
      ...{ type: 'tcpOpened', connection, door: 'chat', remote: '192.0.2.1' },
      ...{ isLoopback: true, isSecure: false, secret: digits, nonce: digits.slice(-20) },
      ...peer,
    });
    if (this.#chance === undefined) this.settle();
    return client;
  }

  /** A shard dies with all that was under way to and from it; a fresh one takes its place; the others are told. */
  crash(shard: number): void {
    for (const [from, row] of this.#crossings.entries()) {
      for (const [to, queue] of row.entries()) if (from === shard || to === shard) queue.length = 0;
    }
    this.shards[shard] = this.#start(shard);
    for (const other of this.shards.keys()) {
      if (other === shard) continue;
      this.tell(actorsOf(other).home, { type: 'shardDown', shard });
      this.tell(actorsOf(other).router, { type: 'shardDown', shard });
      if (this.#options.chat === undefined) continue;
      this.tell(actorsOf(other).rooms, { type: 'shardDown', shard });
      this.tell(actorsOf(other).users, { type: 'shardDown', shard });
      this.tell(actorsOf(other).chat, { type: 'shardDown', shard });
    }
  }

  /** The sum of a counter over all shards. */
  counted(counter: string): number {
    let sum = 0;
    for (const { system } of this.shards) sum += system.counters.get(counter) ?? 0;
    return sum;
  }

  /** Whatever failed or collapsed: empty in a healthy run. */
  get troubles(): string[] {
    return this.shards.flatMap(({ failures }) => failures);
  }

  #knock(asked: Asked, make: (head: RequestHead & { connection: ConnectionId }) => DoorEvent) {
    const { shard = 0 } = asked;
    this.#connections += 1;
    const connection = this.#connections;
    const staged = this.shards[shard];
    if (staged === undefined) throw new Error(`there is no shard ${shard}`);
    const event = make({
      door: 'broker',
      connection,
      method: asked.method ?? 'GET',
      path: asked.path ?? '/',
      query: asked.query ?? '',
      headers: asked.headers ?? {},
      remote: asked.remote ?? '192.0.2.1',
    });
    const client = staged.web.expect(connection);
    staged.system.deliver(actorsOf(shard).broker, event);
    if (this.#chance === undefined) this.settle();
    return client;
  }

  #start(shard: number): StagedShard {
    const { broker, home, seed = 1 } = this.#options;
    const failures: string[] = [];
    this.#lives += 1;
    const system = new System({
      shard,
      seed: seed + this.#lives * 1_000,
      // Threads share nothing: what crosses is a copy.
      crossing: (to, address, message) => {
        this.#crossings[shard]?.[to]?.push([address, structuredClone(message)]);
      },
      onFailure: (address, error) => failures.push(`${address}: ${String(error)}`),
      onCollapse: (address) => {
        staged.hasCollapsed = true;
        failures.push(`${address} collapsed`);
      },
    });
    const web = new StagedWeb(system, () => {
      if (this.#chance === undefined) this.settle();
    });
    const staged: StagedShard = { system, web, failures, hasCollapsed: false };
    const edges = edgesOf(shard);
    system.bind(edges.web, (command) => web.obey(command));
    system.bind(edges.log, () => {});
    system.bind(edges.tcp, (command) => web.ownTcp(command));
    system.bind(edges.passwords, (command) => this.#judgePassword(system, command));
    system.bind(edges.auth, (ask) => {
      this.auth.asked.push({ shard, ask });
      if (!this.auth.isSlow) this.judge();
    });
    system.wallAtZeroMs = 1_700_000_000_000;
    startShard(system, {
      shard,
      shards: this.#options.shards ?? 1,
      broker: { ...brokerDefaults, ...broker },
      home: { ...homeDefaults, ...home },
      bridge: (this.#options.bridge ?? []).flatMap((pair) => readBridgeRule(pair) ?? []),
      chat:
        this.#options.chat === undefined
          ? undefined
          : {
              options: { ...chatDefaults, ...this.#options.chat },
              incarnation: 7,
              // How many died before it.
              life: Math.max(0, this.#lives - (this.#options.shards ?? 1)),
            },
    });
    return staged;
  }

  /** Auth says what it thinks of the tokens it was asked about. */
  judge(): void {
    for (const { shard, ask } of this.auth.asked.splice(0)) {
      const { ref, token, replyTo } = ask;
      const known = this.#options.tokens?.[token];
      this.shards[shard]?.system.deliver(
        replyTo,
        known === undefined
          ? { type: 'tokenRefused', ref, reason: 'The token is not good.' }
          : { type: 'tokenVerified', ref, expiresInMs: undefined, ...known },
      );
    }
  }

  #judgePassword(system: System, command: PasswordCommand): void {
    const { ref, replyTo, user } = command;
    const known = this.#options.passwords?.[user];
    if (command.type === 'findUser')
      system.deliver(replyTo, { type: 'userFound', ref, isKnown: known !== undefined });
    else if (known === command.password)
      system.deliver(replyTo, { type: 'passwordVerified', ref, user });
    else system.deliver(replyTo, { type: 'passwordRefused', ref, retryAfterSeconds: undefined });
  }

  #turn(system: System): void {
    const chance = this.#chance;
    if (chance === undefined) system.run(this.now, 100_000);
    else system.run(this.now, chance.between(1, 3), (ready) => chance.below(ready));
  }

  #arrive(from: number, to: number): void {
    const crossing = this.#crossings[from]?.[to]?.shift();
    if (crossing === undefined) return;
    const [address, message] = crossing;
    this.shards[to]?.system.deliver(address as Address<unknown>, message);
  }
}
