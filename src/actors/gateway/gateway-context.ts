// What every actor of the gateway on one shard is born with: settings, edges, and where the others are found.
// Refuses to know what they do with it.

import type { RouteTable } from '../codecs/grip/routes-file.ts';
import { homeOf } from '../routing/topic.ts';
import type { RouterMessage } from '../routing/router-state.ts';
import type { Address } from '../runtime/actor.ts';
import type { Edges } from '../runtime/edges.ts';
import type { GatewayEdges } from '../runtime/gateway-edges.ts';
import type { AskingPace } from './asking-pace.ts';
import { type ChannelsMessage, topicOfChannel } from './channel-messages.ts';
import type { GatewayOptions } from './gateway-options.ts';
import type { KeptHeaders } from './rewriting/kept-headers.ts';

export interface GatewayContext {
  readonly shard: number;
  readonly shards: number;
  readonly options: GatewayOptions;
  /** Where relative names of key and certificate files begin; empty for where the process began. */
  readonly directory: string;
  readonly edges: Edges & GatewayEdges;
  /** Of this shard. */
  readonly askingPace: AskingPace;
  readonly keptHeaders: KeptHeaders;
  readonly router: Address<RouterMessage>;
  readonly channelsOfShard: (shard: number) => Address<ChannelsMessage>;
  /** Replaced as a whole when the routes file changes; who was let in keeps the route that it had. */
  routes: RouteTable;
  /** The node ends: nobody is held for long any more. */
  isDraining: boolean;
}

/** A key as it is, or `file:` with the whole path. */
export function keyFrom({ directory }: GatewayContext, key: string): string {
  if (!key.startsWith('file:')) return key;
  return `file:${pathFrom(directory, key.slice('file:'.length))}`;
}

export function pathFrom(directory: string, path: string): string {
  return directory === '' || path.startsWith('/') ? path : `${directory}/${path}`;
}

/** Who keeps a channel. */
export function keeperOf(gateway: GatewayContext, channel: string): Address<ChannelsMessage> {
  return gateway.channelsOfShard(homeOf(topicOfChannel(channel), gateway.shards));
}
