// What the process asks of its shards, and what they answer: the seam between main.ts and shards.ts.
// Everything in `ShardsOptions` survives structured clone, because it travels to the worker threads.
// Refuses to know how shards are started.

import type { BridgeRule } from '../actors/bridge/bridge.ts';
import type { BrokerOptions } from '../actors/broker/broker-options.ts';
import type { ChatOptions } from '../actors/chat/chat-options.ts';
import type { ClusterNews, ClusterOptions } from '../actors/cluster/cluster-options.ts';
import type { ClusterTold } from '../actors/cluster/links/members-state.ts';
import type { GatewayStart } from '../actors/node.ts';
import type { HomeLimits } from '../actors/routing/home.actor.ts';
import type { Log } from '../actors/runtime/edges.ts';
import type { PasswordFile } from './auth/password-book.ts';
import type { AuthOptions } from './auth.edge.ts';
import type { GatewayLimits } from './gateway/gateway-door.ts';
import type { TlsMaterial } from './doors/listener.ts';
import type { LocalSocketOptions } from './doors/local-socket.ts';
import type { ControlOptions } from './control.edge.ts';
import type { Noticed, NoticeWishes } from './operator/notices.ts';
import type { ReceivedItem } from './zmq/intake.ts';

export type { NamedPair, TlsMaterial } from './doors/listener.ts';

export interface DoorSettings {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMaterial | undefined;
  /** A socket in the file system instead of host and port; the first shard has it. */
  readonly local?: LocalSocketOptions | undefined;
  readonly deflate: boolean;
  /** Who answers behind the door; the broker when nothing is said. */
  readonly dialect?: 'broker' | 'gateway' | 'chat' | 'peers';
  /** Of a gateway door; its connections are those of the whole node. */
  readonly limits?: Partial<GatewayLimits>;
}

export interface ShardsOptions {
  readonly threads: number;
  readonly seed: number;
  readonly doors: Readonly<Record<string, DoorSettings>>;
  readonly broker: BrokerOptions;
  readonly home: HomeLimits;
  readonly auth: AuthOptions | undefined;
  /** Undefined when the node has no gateway. */
  readonly gateway?: GatewayStart | undefined;
  /** Undefined when the node has no chat. */
  readonly chat?: ChatSettings | undefined;
  /** Undefined when the node is alone. */
  readonly cluster?: ClusterSettings | undefined;
  /** Topics of two dialects that are joined. */
  readonly bridge?: readonly BridgeRule[];
  readonly operations?: ShardOperations | undefined;
}

export interface ChatSettings {
  readonly options: ChatOptions;
  readonly incarnation: number;
  readonly passwords: PasswordFile | undefined;
}

export interface ClusterSettings {
  readonly options: ClusterOptions;
  readonly incarnation: number;
  /** What is shown to nodes that are called. */
  readonly tls: TlsMaterial | undefined;
}

/** What the gateway offers to publishers and operators, as far as shards have a part in it. */
export interface ShardOperations {
  /** The HTTP door of shard 0, called `control`; undefined opens none. */
  readonly control: ControlOptions | undefined;
  readonly notices: NoticeWishes;
}

export interface ShardStats {
  readonly shard: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
}

export interface ShardsEvents {
  log(entry: Log & { readonly shard: number }): void;
  failed(reason: string): void;
  noticed?(shard: number, notices: readonly Noticed[]): void;
  clusterNews?(news: ClusterNews): void;
  /** A shard died; a fresh one takes its place. */
  died?(shard: number): void;
}

export interface Shards {
  readonly doors: Readonly<Record<string, string>>;
  readonly alive: number;
  readonly restarts: number;
  stats(): Promise<readonly ShardStats[]>;
  /** What the node knows of its cluster; nothing when it is alone, or when no answer comes. */
  cluster(): Promise<ClusterTold | undefined>;
  drain(spreadMs: number): Promise<void>;
  stop(): Promise<void>;
  reloadTls(door: string, material: TlsMaterial): void;
  /** Every shard routes by this text from now on; so does one that takes a dead one's place. */
  changeRoutes(text: string): void;
  /** Gives items to shard 0; settles when it has taken them, or has died over them. */
  takeItems(items: readonly ReceivedItem[]): Promise<void>;
  /** Gives a command to shard 0; settles with its reply, or with nothing when none comes. */
  obeyCommand(frame: Uint8Array): Promise<Uint8Array | undefined>;
  /** Makes one shard die of an uncaught error, as a bug would: for fault injection. */
  crash(shard: number): void;
}

export type ShardsStarted =
  | { readonly ok: true; readonly shards: Shards }
  | { readonly ok: false; readonly door: string; readonly code: string; readonly message: string };
