// What the main thread and a shard say to each other: life, stats and settings, and what goes through sockets that only
// the main thread may hold.
// Everything here survives structured clone. Refuses to know how either side obeys.

import type { MessagePort } from 'node:worker_threads';
import type { ClusterNews } from '../actors/cluster/cluster-options.ts';
import type { ClusterTold } from '../actors/cluster/links/members-state.ts';
import type { Log } from '../actors/runtime/edges.ts';
import type { Noticed } from './operator/notices.ts';
import type { ShardsOptions, ShardStats, TlsMaterial } from './shards-contract.ts';
import type { ReceivedItem } from './zmq/intake.ts';

/** What a shard is born with. */
export interface ShardData {
  readonly shard: number;
  readonly seed: number;
  /** How many shards of the node died before. */
  readonly life: number;
  readonly options: ShardsOptions;
  /** Shared by all shards of the node; see crossings.ts. */
  readonly ledger: SharedArrayBuffer;
  readonly peers: readonly { readonly shard: number; readonly port: MessagePort }[];
}

export type ToShard =
  | { readonly type: 'listen'; readonly door: string; readonly port: number }
  | { readonly type: 'peerDown'; readonly shard: number }
  | { readonly type: 'peerUp'; readonly shard: number; readonly port: MessagePort }
  | { readonly type: 'reportStats'; readonly ref: number }
  | { readonly type: 'describeCluster'; readonly ref: number }
  | { readonly type: 'reloadTls'; readonly door: string; readonly material: TlsMaterial }
  | { readonly type: 'changeRoutes'; readonly text: string }
  /** To shard 0: what came by ZeroMQ, in order; answered with `itemsTaken`. */
  | {
      readonly type: 'itemsReceived';
      readonly ref: number;
      readonly items: readonly ReceivedItem[];
    }
  /** To shard 0: answered with `commandReply`. */
  | { readonly type: 'commandReceived'; readonly ref: number; readonly frame: Uint8Array }
  | { readonly type: 'drain'; readonly spreadMs: number }
  | { readonly type: 'crash' };

export type FromShard =
  | {
      readonly type: 'listening';
      readonly door: string;
      readonly host: string;
      readonly port: number;
    }
  | {
      readonly type: 'listenFailed';
      readonly door: string;
      readonly code: string;
      readonly message: string;
    }
  | { readonly type: 'stats'; readonly ref: number; readonly stats: ShardStats }
  | ClusterTold
  | ClusterNews
  | { readonly type: 'log'; readonly entry: Log }
  | { readonly type: 'drained' }
  | { readonly type: 'itemsTaken'; readonly ref: number }
  | { readonly type: 'commandReply'; readonly ref: number; readonly frame: Uint8Array }
  /** A file that shards watch is read anew: whoever takes a dead one's place begins with what is in force. */
  | {
      readonly type: 'fileReloaded';
      readonly what: 'jwks' | 'passwords';
      readonly text: string;
    }
  | { readonly type: 'noticed'; readonly notices: readonly Noticed[] }
  | { readonly type: 'collapsing'; readonly reason: string };
