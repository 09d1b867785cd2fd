// What the trace says of nodes among themselves: what they say to each other, what they think of each other, and what they tell
// those who are no peers. Refuses to judge.

export type PeerState = 'linkUp' | 'linkDown' | 'up' | 'suspect' | 'down' | 'left';

/** As the admin door tells it. */
export interface MembersTold {
  readonly incarnation: number;
  readonly isServing: boolean;
  readonly cutOff: readonly string[];
  readonly caps: readonly string[];
  readonly members: readonly {
    readonly node: string;
    readonly incarnation: number;
    readonly addr: string;
    readonly state: string;
    readonly hasLink: boolean;
    readonly via: string | undefined;
    readonly silentMs: number;
    readonly version: string;
    readonly isDraining: boolean;
    readonly skewSeconds: number;
    readonly isSynced: boolean | undefined;
  }[];
}

/** What a node tells its process, and its operator. */
export type NodeWord =
  | (MembersTold & { readonly type: 'clusterTold' })
  | { readonly type: 'clusterJoined' | 'incarnationRisen' | 'nodeSuperseded' | 'retreated' };

export type ClusterRecord =
  /** A line from one node to another, in so far as judges look at it. */
  | {
      readonly kind: 'peerSpoke';
      readonly node: number;
      readonly to: number;
      readonly connection: number;
      readonly isCaller: boolean;
      readonly type: string;
      /** Of a link's first words, and of heartbeats on one of version 1.0. */
      readonly version?: string | undefined;
      /** A heartbeat says what the sender has of the receiver's log. */
      readonly hasHave?: boolean;
      /** Of an error. */
      readonly code?: string | undefined;
      /** Of what is forwarded: its number on this pair, whose it is, and the node that first had it. */
      readonly n?: number | undefined;
      readonly key?: string | undefined;
      readonly message?: string | undefined;
      /** Of its place in a room. */
      readonly epoch?: number | undefined;
      readonly origin?: string | undefined;
      /** It says up to where it keeps a room for the other node, or which direct message it holds for it. */
      readonly keeps?: readonly [epoch: number, seq: number] | undefined;
      readonly holds?: string | undefined;
    }
  /** What a node says of another one in its log. */
  | {
      readonly kind: 'peerSeen';
      readonly node: number;
      readonly peer: string;
      readonly state: PeerState;
      /** How long it had not heard it. */
      readonly silentMs?: number | undefined;
    }
  /** Over a link that stands a node says something wrong to another one, which is answered by an error, or passed over. */
  | {
      readonly kind: 'peerErred';
      readonly node: number;
      readonly to: number;
      readonly connection: number;
      readonly what: string;
      readonly code: string | undefined;
    }
  /** What has a link fails on a node, as a bug would have it. */
  | {
      readonly kind: 'linkPoisoned';
      readonly node: number;
      readonly to: number;
      readonly connection: number;
      readonly address: string;
    }
  /** A while later: whether the one that has heard it, or on which it failed, still says something over it. */
  | {
      readonly kind: 'linkLooked';
      readonly node: number;
      readonly connection: number;
      readonly isOpen: boolean;
    }
  /** What a node is told of its own thread: how late that is, and what it says of it in its log. */
  | { readonly kind: 'lagMeasured'; readonly node: number; readonly p99Ms: number }
  | { readonly kind: 'lagSeen'; readonly node: number; readonly isLagging: boolean }
  /** The clock of a node is set. */
  | { readonly kind: 'clockSet'; readonly node: number; readonly byMs: number }
  /** It writes into its log by how much the clock of another one is ahead. */
  | {
      readonly kind: 'skewSeen';
      readonly node: number;
      readonly peer: string;
      readonly seconds: number;
    }
  /** It writes there which others it cannot reach; none when it reaches all again. */
  | {
      readonly kind: 'splitSeen';
      readonly node: number;
      readonly peers: readonly string[];
    }
  /** A node writes into its log that its copy of what another one owns has the same version, and says something else. */
  | {
      readonly kind: 'digestsDiffered';
      readonly node: number;
      readonly peer: string;
      readonly ver: number;
    }
  /** Open connections of each pair of nodes, when everything is at rest. */
  | {
      readonly kind: 'linksCounted';
      readonly pairs: readonly (readonly [one: number, other: number, links: number])[];
    }
  | {
      readonly kind: 'strangerHeard';
      readonly node: number;
      readonly connection: number;
      readonly what: string;
      readonly type: string;
      /** Of an error. */
      readonly code?: string | undefined;
      /** What a wrong word that it has said is answered by. */
      readonly expected?: string | undefined;
      /** It names something of the cluster that nobody outside knows. */
      readonly isTelling: boolean;
    }
  /** Its connection was ended by the node; it may have been told why. */
  | {
      readonly kind: 'strangerSentAway';
      readonly node: number;
      readonly what: string;
      readonly expected?: string | undefined;
      readonly isTold: boolean;
    }
  /** A stranger has waited for long, and its connection still stands. */
  | {
      readonly kind: 'strangerStands';
      readonly node: number;
      readonly connection: number;
      readonly what: string;
    }
  /** When everything is at rest: what a node tells its operator of the cluster. */
  | (MembersTold & { readonly kind: 'membersOfTold'; readonly node: number })
  /** What the keeper of members has told its process: that clients may come in, and the like. */
  | { readonly kind: 'nodeTold'; readonly node: number; readonly news: string };
