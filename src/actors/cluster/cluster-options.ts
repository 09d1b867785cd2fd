// What an operator may set about the cluster, with the defaults, and what all its actors share.
// Every limit and timer has a row in spec/hp-peer.md. Refuses to know where the settings come from.

import type { Key } from '../codecs/hp-peer/proof.ts';
import type { PeerMessage } from '../codecs/hp-peer/peer-messages.ts';
import type { Edges } from '../runtime/edges.ts';
import type { TcpEdges } from '../runtime/tcp/tcp-edges.ts';
import type { Speech } from './versions.ts';

/** What happens on the smaller side of a cluster that is split. */
export type PartitionPolicy = 'serve' | 'readonly-minority' | 'drain-minority';

export interface ClusterOptions {
  readonly node: string;
  readonly cluster: string;
  /** The first is shown, all are taken. */
  readonly keys: readonly Key[];
  /** Where others are called, as `host:port`. */
  readonly peers: readonly string[];
  /** Where others may call this node; empty when nobody can. */
  readonly advertise: string;
  /** Where clients find this node's chat; empty when that is not told. */
  readonly advertiseChat: string;
  readonly speech: Speech;
  readonly lineBytesMax: number;
  readonly helloLineBytesMax: number;
  readonly linksMax: number;
  /** Connections of which nobody has proved who they are. */
  readonly strangersMax: number;
  /** Bytes that wait for one link; more of them end it. */
  readonly linkQueueBytesMax: number;
  readonly handshakeTimeoutMs: number;
  readonly dialTimeoutMs: number;
  readonly dialMinMs: number;
  readonly dialMaxMs: number;
  readonly heartbeatMs: number;
  readonly suspectMs: number;
  readonly downMs: number;
  readonly forgetMs: number;
  /** What waits for a node that does not acknowledge. */
  readonly forwardsMax: number;
  readonly forwardBytesMax: number;
  readonly deltaEveryMs: number;
  readonly partitionPolicy: PartitionPolicy;
  /** How many nodes there should be; 0 when nobody says. */
  readonly nodesExpected: number;
  readonly lingerMs: number;
  /** How long a side is in the minority before its clients are sent away. */
  readonly stableAfterMs: number;
  /** How long clients wait outside, at most, until other nodes have told who is where. */
  readonly joinTimeoutMs: number;
  /** Whether a third node may carry what two nodes say that cannot reach each other. */
  readonly detours: boolean;
}

export const clusterDefaults: ClusterOptions = {
  node: 'n1',
  cluster: 'hermod',
  keys: [],
  peers: [],
  advertise: '',
  advertiseChat: '',
  speech: 'latest',
  lineBytesMax: 1_048_576,
  helloLineBytesMax: 8_192,
  linksMax: 256,
  strangersMax: 64,
  linkQueueBytesMax: 67_108_864,
  handshakeTimeoutMs: 5_000,
  dialTimeoutMs: 3_000,
  dialMinMs: 500,
  dialMaxMs: 15_000,
  heartbeatMs: 1_000,
  suspectMs: 4_000,
  downMs: 10_000,
  forgetMs: 1_200_000,
  forwardsMax: 10_000,
  forwardBytesMax: 16_777_216,
  deltaEveryMs: 100,
  partitionPolicy: 'serve',
  nodesExpected: 0,
  lingerMs: 15_000,
  stableAfterMs: 20_000,
  joinTimeoutMs: 10_000,
  detours: true,
};

/** What the process knows and actors cannot. */
export interface ClusterStart {
  readonly options: ClusterOptions;
  /** Grows with every start of the node, and with every start of the shard that owns its links. */
  readonly incarnation: number;
}

export interface ClusterContext extends ClusterStart {
  readonly edges: Edges & TcpEdges;
}

/** What the actors that talk over links are told of them. */
export type LinkNotice =
  /** A link stands: whatever was told over an earlier one may not have come. */
  | {
      readonly type: 'linkUp';
      readonly node: string;
      /** Its number on this node. */
      readonly link: number;
      readonly incarnation: number;
      /** What both can do. */
      readonly caps: readonly string[];
    }
  /** The node may still be there. */
  | { readonly type: 'linkDown'; readonly node: string }
  /** It is taken for dead, it left, or another life of it took its place. */
  | { readonly type: 'nodeGone'; readonly node: string; readonly lingerMs: number }
  /** It has been gone for long: nothing of it is left. */
  | { readonly type: 'nodeForgotten'; readonly node: string }
  | { readonly type: 'peerHeard'; readonly node: string; readonly message: PeerMessage };

export interface NodesChanged {
  readonly type: 'nodesChanged';
  readonly nodes: readonly string[];
  readonly size: number;
  readonly down: number;
  readonly isServing: boolean;
  readonly isJoined: boolean;
}

/** What the process hears. */
export type ClusterNews =
  /** [HP-JOIN-1] Clients may come in. */
  | { readonly type: 'clusterJoined'; readonly isWhole: boolean }
  /** [HP-MEMBER-4] The next life of this node must be a later one. */
  | { readonly type: 'incarnationRisen'; readonly incarnation: number }
  /** Another process has this node's name. */
  | { readonly type: 'nodeSuperseded' }
  | { readonly type: 'retreated'; readonly isOver: boolean };

/** Sent over the link to a node, if there is one. */
export interface ToPeer {
  readonly type: 'toPeer';
  readonly node: string;
  /** Over no other link than this; undefined for whichever stands. */
  readonly link?: number;
  readonly message: PeerMessage;
}
