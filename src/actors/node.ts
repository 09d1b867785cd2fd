// The roof: which actors make one shard of a node, and who supervises whom. Production and simulation start the
// same actors with this one call; only what is bound to the edge addresses differs.
// Refuses to know sockets, threads, files and clocks.
//
//   router ─── home          the waist: order, memory, fan-out (a failure here ends the shard)
//   broker ─┬─ ws:<n>        one session for each WebSocket
//           ├─ sse:<n>       one for each event stream
//           └─ http          the plain requests
//   gateway ┬─ request:<n>   one for each proxied request; a hold is the same actor, waiting
//           ├─ ws:<n>        one for each WebSocket
//           └─ sockjs        SockJS sessions, each at home where its name says
//   channels                 keeps the channels whose home is here: ids, sequence, who follows
//   control                  publishers and operators, on shard 0

import { acrossOf, type BridgeRule } from './bridge/bridge.ts';
import { brokerDoor, type BrokerDoorMessage } from './broker/broker-door.actor.ts';
import { brokerFormats } from './broker/broker-formats.ts';
import type { BrokerOptions } from './broker/broker-options.ts';
import { type BrokerWire, bytesWire } from './codecs/broker-wire.ts';
import { askingPaceOf } from './gateway/asking-pace.ts';
import { channelsActor } from './gateway/channels/channels.actor.ts';
import { type ChannelsMessage, topicOfChannel } from './gateway/channel-messages.ts';
import { controlActor, type ControlMessage, type ZmqUris } from './gateway/control.actor.ts';
import { gripFormats } from './gateway/formats.ts';
import type { GatewayContext } from './gateway/gateway-context.ts';
import { gatewayDoor, type GatewayDoorMessage } from './gateway/gateway-door.actor.ts';
import type { GatewayOptions } from './gateway/gateway-options.ts';
import { RouteTable } from './codecs/grip/routes-file.ts';
import { homeActor, type HomeLimits, type HomeMessage } from './routing/home.actor.ts';
import { routerActor } from './routing/router.actor.ts';
import type { RouterMessage } from './routing/router-state.ts';
import { type Address, addressOf } from './runtime/actor.ts';
import type { Edges } from './runtime/edges.ts';
import type { GatewayEdges } from './runtime/gateway-edges.ts';
import type { System } from './runtime/system.ts';

export interface ShardOptions {
  readonly shard: number;
  /** Shards of this node. */
  readonly shards: number;
  readonly broker: BrokerOptions;
  readonly home: HomeLimits;
  /** Bytes, where nothing else is said. */
  readonly brokerWire?: BrokerWire;
  /** Undefined when the node has no gateway. */
  readonly gateway?: GatewayStart | undefined;
  /** Topics of two dialects that are joined. */
  readonly bridge?: readonly BridgeRule[];
}

export interface GatewayStart {
  readonly options: GatewayOptions;
  /** The text of the routes file. */
  readonly routes: string;
  readonly zmqUris: ZmqUris;
  /** Of the files that keys and certificates name. */
  readonly directory: string;
}

/** Where the world finds the actors of a shard. */
export interface ShardActors {
  readonly router: Address<RouterMessage>;
  readonly home: Address<HomeMessage>;
  readonly broker: Address<BrokerDoorMessage>;
  readonly gateway: Address<GatewayDoorMessage>;
  readonly channels: Address<ChannelsMessage>;
  /** On shard 0 alone. */
  readonly control: Address<ControlMessage>;
}

export const homeDefaults: HomeLimits = {
  historyCountMax: 100,
  historyBytesMax: 1_048_576,
  historyAgeMaxMs: 300_000,
  dedupeIdsMax: 1_000,
  topicsMax: 100_000,
  historyBytesTotalMax: 67_108_864,
};

/** The addresses of a shard's actors and edges follow from its number alone, so any shard can name any other's. */
export function actorsOf(shard: number): ShardActors {
  return {
    router: addressOf(shard, 'router'),
    home: addressOf(shard, 'home'),
    broker: addressOf(shard, 'broker'),
    gateway: addressOf(shard, 'gateway'),
    channels: addressOf(shard, 'channels'),
    control: addressOf(shard, 'control'),
  };
}

export function edgesOf(shard: number): Edges & GatewayEdges {
  return {
    web: addressOf(shard, 'edge/web'),
    auth: addressOf(shard, 'edge/auth'),
    log: addressOf(shard, 'edge/log'),
    gateway: addressOf(shard, 'edge/gateway'),
    operator: addressOf(shard, 'edge/operator'),
    control: addressOf(shard, 'edge/control'),
  };
}

/** Starts one shard's actors in a system whose edges are bound already. */
export function startShard(system: System, options: ShardOptions): ShardActors {
  const { shard, shards } = options;
  const share = (most: number): number => Math.ceil(most / shards);
  // Limits of the node are held in equal shares: no shard asks another before it lets a client in.
  const broker: BrokerOptions = {
    ...options.broker,
    connectionsMax: share(options.broker.connectionsMax),
    connectionsPerAddressMax: share(options.broker.connectionsPerAddressMax),
  };
  const limits: HomeLimits = {
    ...options.home,
    topicsMax: share(options.home.topicsMax),
    historyBytesTotalMax: share(options.home.historyBytesTotalMax),
  };
  const edges = edgesOf(shard);
  const wire = options.brokerWire ?? bytesWire;
  const router = system.spawn(
    routerActor,
    {
      shard,
      shards,
      web: edges.web,
      homeOfShard: (other) => actorsOf(other).home,
      formats: new Map([...brokerFormats(wire), ...gripFormats()]),
      stallTimeoutMs: broker.stallTimeoutMs,
    },
    'router',
  );
  const routerOf = (other: number): Address<RouterMessage> => actorsOf(other).router;
  const homeOfShard = (other: number): Address<HomeMessage> => actorsOf(other).home;
  const { bridge = [] } = options;
  const across = acrossOf(bridge);
  const bridges = bridge.length === 0 ? undefined : { shards, homeOfShard, across };
  system.spawn(homeActor, { shards, limits, routerOf, bridges }, 'home');
  system.spawn(brokerDoor, { options: broker, edges, router, wire }, 'broker');
  if (options.gateway !== undefined) startGateway(system, options, options.gateway, bridge);
  return actorsOf(shard);
}

function startGateway(
  system: System,
  { shard, shards }: ShardOptions,
  { options, routes, zmqUris, directory }: GatewayStart,
  bridge: readonly BridgeRule[],
): void {
  const edges = edgesOf(shard);
  const { router, home } = actorsOf(shard);
  const gateway: GatewayContext = {
    shard,
    shards,
    options: { ...options, connectionsMax: Math.ceil(options.connectionsMax / shards) },
    directory,
    edges,
    askingPace: askingPaceOf(shards),
    router,
    channelsOfShard: (other) => actorsOf(other).channels,
    routes: new RouteTable([]),
    isDraining: false,
  };
  const { operator, log } = edges;
  const joined = new Set(bridge.flatMap(({ one, other }) => [one, other]));
  const isJoined = (channel: string): boolean => joined.has(topicOfChannel(channel));
  system.spawn(channelsActor, { shard, options, home, operator, log, isJoined }, 'channels');
  system.spawn(gatewayDoor, { gateway, routes }, 'gateway');
  if (shard !== 0) return;
  const doorOfShard = (other: number): Address<GatewayDoorMessage> => actorsOf(other).gateway;
  system.spawn(controlActor, { gateway, doorOfShard, zmqUris }, 'control');
}
