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
//   chat ──── <n>            one session for each TCP connection
//   rooms                    keeps the rooms whose home is here: order, history, members
//   users                    keeps the users whose home is here: sessions, presence, what waits
//   channels                 keeps the channels whose home is here: ids, sequence, who follows
//   control                  publishers and operators, on shard 0
//   members ── <n>           one for each link to another node; with relay and locations on shard 0

import { type BridgeRule, joinedBy } from './bridge/bridge.ts';
import { brokerSide } from './bridge/broker-side.ts';
import { gripSide } from './bridge/grip-side.ts';
import { brokerDoor, type BrokerDoorMessage } from './broker/broker-door.actor.ts';
import { brokerFormats } from './broker/broker-formats.ts';
import type { BrokerOptions } from './broker/broker-options.ts';
import { type BrokerWire, bytesWireIn } from './codecs/broker-wire.ts';
import { ownMemory, type TakeBytes } from './codecs/utf8-text.ts';
import type { ChatContext, ChatStart } from './chat/chat-context.ts';
import { shardOfRoom, shardOfUser } from './chat/chat-context.ts';
import { chatFormats } from './chat/chat-formats.ts';
import { hpDoor, type HpDoorMessage } from './chat/hp-door.actor.ts';
import { roomCarriage } from './chat/rooms/nodes/room-carriage.ts';
import { roomSide } from './chat/rooms/room-bridge.ts';
import { roomsActor } from './chat/rooms/rooms.actor.ts';
import type { RoomsMessage } from './chat/rooms/room-messages.ts';
import { usersActor } from './chat/users/users.actor.ts';
import type { UsersMessage } from './chat/users/user-messages.ts';
import type { ClusterContext, ClusterOptions, ClusterStart } from './cluster/cluster-options.ts';
import { membersActor } from './cluster/links/membership.actor.ts';
import type { MembersMessage } from './cluster/links/members-state.ts';
import { locationsActor, type LocationsMessage } from './cluster/locations/locations.actor.ts';
import { relayActor, type RelayMessage } from './cluster/relay/relay.actor.ts';
import { askingPaceOf } from './gateway/asking-pace.ts';
import { KeptHeaders } from './gateway/rewriting/kept-headers.ts';
import { channelsActor } from './gateway/channels/channels.actor.ts';
import { type ChannelsMessage, topicOfChannel } from './gateway/channel-messages.ts';
import { controlActor, type ControlMessage, type ZmqUris } from './gateway/control.actor.ts';
import { gripFormats } from './gateway/formats.ts';
import { gripCarriage } from './gateway/grip-carriage.ts';
import type { GatewayContext } from './gateway/gateway-context.ts';
import { gatewayDoor, type GatewayDoorMessage } from './gateway/gateway-door.actor.ts';
import type { GatewayOptions } from './gateway/gateway-options.ts';
import { RouteTable } from './codecs/grip/routes-file.ts';
import {
  homeActor,
  type HomeAnswer,
  type HomeLimits,
  type HomeMessage,
} from './routing/home.actor.ts';
import type { Bridges } from './routing/home/bridges.ts';
import { plainCarriage } from './routing/relay/plain-carriage.ts';
import { type KeeperKind, type PeerNotice, RELAY_SHARD } from './routing/relay/relay-seam.ts';
import { routerActor } from './routing/router.actor.ts';
import type { RouterMessage } from './routing/router-state.ts';
import { type Address, addressOf } from './runtime/actor.ts';
import type { Edges } from './runtime/edges.ts';
import type { GatewayEdges } from './runtime/gateway-edges.ts';
import type { TcpEdges } from './runtime/tcp/tcp-edges.ts';
import type { System } from './runtime/system.ts';

export interface ShardOptions {
  readonly shard: number;
  /** Shards of this node. */
  readonly shards: number;
  readonly broker: BrokerOptions;
  readonly home: HomeLimits;
  /** Bytes, where nothing else is said. */
  readonly brokerWire?: BrokerWire;
  /** Where bytes that the shard makes are put; undefined for memory of their own. */
  readonly take?: TakeBytes;
  /** Undefined when the node has no gateway. */
  readonly gateway?: GatewayStart | undefined;
  /** Topics of two dialects that are joined. */
  readonly bridge?: readonly BridgeRule[];
  /** Undefined when the node has no chat. */
  readonly chat?: ChatStart | undefined;
  /** Undefined when the node is alone. */
  readonly cluster?: ClusterStart | undefined;
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
  readonly chat: Address<HpDoorMessage>;
  readonly rooms: Address<RoomsMessage>;
  readonly users: Address<UsersMessage>;
  /** These three on shard 0 alone. */
  readonly members: Address<MembersMessage>;
  readonly relay: Address<RelayMessage>;
  readonly locations: Address<LocationsMessage>;
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
    chat: addressOf(shard, 'chat'),
    rooms: addressOf(shard, 'rooms'),
    users: addressOf(shard, 'users'),
    members: addressOf(shard, 'members'),
    relay: addressOf(shard, 'relay'),
    locations: addressOf(shard, 'locations'),
  };
}

export function edgesOf(shard: number): Edges & GatewayEdges & TcpEdges {
  return {
    web: addressOf(shard, 'edge/web'),
    auth: addressOf(shard, 'edge/auth'),
    log: addressOf(shard, 'edge/log'),
    gateway: addressOf(shard, 'edge/gateway'),
    operator: addressOf(shard, 'edge/operator'),
    control: addressOf(shard, 'edge/control'),
    tcp: addressOf(shard, 'edge/tcp'),
    passwords: addressOf(shard, 'edge/passwords'),
  };
}

/** Addresses that are asked for with every publication are made once: a new text has to be hashed by all who look it up. */
function actorsOfAll(shards: number): (shard: number) => ShardActors {
  const all = Array.from({ length: shards }, (_, shard) => actorsOf(shard));
  return (shard) => all[shard] ?? actorsOf(shard);
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
  const actorsOfShard = actorsOfAll(shards);
  const { take = ownMemory } = options;
  const wire = options.brokerWire ?? bytesWireIn(take);
  const router = system.spawn(
    routerActor,
    {
      shard,
      shards,
      web: edges.web,
      homeOfShard: (other) => actorsOfShard(other).home,
      formats: new Map([...brokerFormats(wire), ...gripFormats(), ...chatFormats(shard)]),
      stallTimeoutMs: broker.stallTimeoutMs,
    },
    'router',
  );
  const { relay } = actorsOf(0);
  const routerOf = (other: number): Address<HomeAnswer> =>
    other === RELAY_SHARD ? relay : actorsOfShard(other).router;
  const { bridge = [] } = options;
  const bridges = bridge.length === 0 ? undefined : bridgesOf(options, bridge);
  const joined = options.cluster === undefined ? undefined : relay;
  system.spawn(homeActor, { limits, routerOf, bridges, relay: joined, take }, 'home');
  system.spawn(brokerDoor, { options: broker, edges, router, wire }, 'broker');
  if (options.gateway !== undefined) startGateway(system, options, options.gateway, bridge);
  if (options.chat !== undefined)
    startChat(system, options, options.chat, options.cluster?.options);
  if (options.cluster !== undefined && shard === 0) startCluster(system, options, options.cluster);
  return actorsOf(shard);
}

/** Every dialect that the node has, at its bridges. */
function bridgesOf({ shards, chat }: ShardOptions, rules: readonly BridgeRule[]): Bridges {
  const actorsOfShard = actorsOfAll(shards);
  const homeOfShard = (shard: number): Address<HomeMessage> => actorsOfShard(shard).home;
  const roomsOfShard = (shard: number): Address<RoomsMessage> => actorsOfShard(shard).rooms;
  const rooms = chat === undefined ? [] : [roomSide(shards, chat.options, roomsOfShard)];
  const sides = [brokerSide(shards, homeOfShard), gripSide(shards, homeOfShard), ...rooms];
  return { sides, joined: joinedBy(rules) };
}

function startGateway(
  system: System,
  { shard, shards }: ShardOptions,
  { options, routes, zmqUris, directory }: GatewayStart,
  bridge: readonly BridgeRule[],
): void {
  const edges = edgesOf(shard);
  const { router, home } = actorsOf(shard);
  const actorsOfShard = actorsOfAll(shards);
  const gateway: GatewayContext = {
    shard,
    shards,
    options: { ...options, connectionsMax: Math.ceil(options.connectionsMax / shards) },
    directory,
    edges,
    askingPace: askingPaceOf(shards),
    keptHeaders: new KeptHeaders(),
    router,
    channelsOfShard: (other) => actorsOfShard(other).channels,
    routes: new RouteTable([]),
    isDraining: false,
  };
  const { operator, log } = edges;
  const joined = new Set(bridge.flatMap(({ one, other }) => [one, other]));
  const isJoined = (channel: string): boolean => joined.has(topicOfChannel(channel));
  system.spawn(channelsActor, { shard, options, home, operator, log, isJoined }, 'channels');
  system.spawn(gatewayDoor, { gateway, routes }, 'gateway');
  if (shard !== 0) return;
  const doorOfShard = (other: number): Address<GatewayDoorMessage> => actorsOfShard(other).gateway;
  system.spawn(controlActor, { gateway, doorOfShard, zmqUris }, 'control');
}

function startChat(
  system: System,
  { shard, shards }: ShardOptions,
  start: ChatStart,
  cluster: ClusterOptions | undefined,
): void {
  const { router, home } = actorsOf(shard);
  const { options } = start;
  const actorsOfShard = actorsOfAll(shards);
  const chat: ChatContext = {
    ...start,
    options: { ...options, connectionsMax: Math.ceil(options.connectionsMax / shards) },
    shard,
    shards,
    edges: edgesOf(shard),
    router,
    home,
    roomsOfShard: (other) => actorsOfShard(other).rooms,
    usersOfShard: (other) => actorsOfShard(other).users,
    passwordsOfShard: (other) => edgesOf(other).passwords,
    seam: cluster === undefined ? undefined : { node: cluster.node, ...actorsOf(0) },
    signers: cluster,
  };
  system.spawn(roomsActor, chat, 'rooms');
  system.spawn(usersActor, chat, 'users');
  system.spawn(hpDoor, chat, 'chat');
}

/** Links and what is known of other nodes live on one shard; homes and keepers of all shards speak with it. */
function startCluster(system: System, options: ShardOptions, start: ClusterStart): void {
  const { shards } = options;
  const cluster: ClusterContext = { ...start, edges: edgesOf(0) };
  const { members, relay, locations } = actorsOf(0);

  const hasChat = options.chat !== undefined;
  const actorsOfShard = actorsOfAll(shards);
  const all = Array.from({ length: hasChat ? shards : 0 }, (_, shard) => actorsOfShard(shard));
  const keepers: readonly Address<PeerNotice>[] = all.flatMap(({ users, rooms }) => [users, rooms]);
  const roomsOfShard = (shard: number): Address<RoomsMessage> => actorsOfShard(shard).rooms;
  const keeperOf = (kind: KeeperKind, key: string): Address<PeerNotice> | undefined => {
    if (!hasChat) return undefined;
    if (kind === 'room') return roomsOfShard(shardOfRoom({ shards }, key));
    return actorsOfShard(shardOfUser({ shards }, key)).users;
  };
  const homeOfShard = (shard: number): Address<HomeMessage> => actorsOfShard(shard).home;
  const channelsOfShard = (shard: number): Address<ChannelsMessage> =>
    actorsOfShard(shard).channels;
  system.spawn(
    relayActor,
    {
      ...{ cluster, shards, members, homeOfShard },
      carriages: [
        plainCarriage('broker/', shards, homeOfShard),
        ...(options.gateway === undefined ? [] : [gripCarriage(shards, channelsOfShard)]),
        ...(hasChat ? [roomCarriage(shards, start.options.node, roomsOfShard)] : []),
      ],
      keeperOf,
      keepers,
    },
    'relay',
  );
  system.spawn(
    locationsActor,
    {
      ...{ cluster, shards, members },
      keeperOfShard: hasChat ? (shard) => actorsOfShard(shard).users : undefined,
      shardOfUser: (user) => shardOfUser({ shards }, user),
    },
    'locations',
  );
  system.spawn(
    membersActor,
    {
      ...{ cluster, hearers: [relay, locations], observers: keepers },
      doors: all.map(({ chat }) => chat),
      news: addressOf(0, 'edge/cluster'),
    },
    'members',
  );
}
