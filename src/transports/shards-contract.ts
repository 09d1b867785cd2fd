// What the process asks of its shards, and what they answer: the seam between main.ts and shards.ts.
// Everything in `ShardsOptions` survives structured clone, because it travels to the worker threads.
// Refuses to know how shards are started.

import type { BrokerOptions } from '../actors/broker/broker-options.ts';
import type { ChatOptions } from '../actors/chat/chat-options.ts';
import type { GatewayStart } from '../actors/node.ts';
import type { HomeLimits } from '../actors/routing/home.actor.ts';
import type { Log } from '../actors/runtime/edges.ts';
import type { AuthOptions } from './auth.edge.ts';

export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
}

export interface DoorSettings {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMaterial | undefined;
  readonly deflate: boolean;
  /** Undefined for the broker's door. */
  readonly gateway?: GatewayDoorSettings | undefined;
  /** A door where HP is spoken over bare TCP. */
  readonly isChat?: boolean;
}

/** What is a gateway door's own. */
export interface GatewayDoorSettings {
  readonly headBytesMax: number;
  readonly messageBytesMax: number;
  readonly connectionsMax: number;
  readonly idleTimeoutMs: number;
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
}

export interface ChatSettings {
  readonly options: ChatOptions;
  readonly incarnation: number;
  /** The text of the password file. */
  readonly passwords: string | undefined;
}

export interface ShardStats {
  readonly shard: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
}

export interface ShardsEvents {
  log(entry: Log & { readonly shard: number }): void;
  failed(reason: string): void;
}

export interface Shards {
  readonly doors: Readonly<Record<string, string>>;
  readonly alive: number;
  readonly restarts: number;
  stats(): Promise<readonly ShardStats[]>;
  drain(spreadMs: number): Promise<void>;
  stop(): Promise<void>;
  reloadTls(door: string, material: TlsMaterial): void;
  /** Every shard routes by this text from now on; so does one that takes a dead one's place. */
  changeRoutes(text: string): void;
  /** Makes one shard die of an uncaught error, as a bug would: for fault injection. */
  crash(shard: number): void;
}

export type ShardsStarted =
  | { readonly ok: true; readonly shards: Shards }
  | { readonly ok: false; readonly door: string; readonly code: string; readonly message: string };
