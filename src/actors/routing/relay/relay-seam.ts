// The seam between a node and whatever joins it to others: `interest`, `publish`, `onPublication`, `locate`. Homes and
// keepers speak these words and no others; the mesh of src/actors/cluster/ is one that listens, another engine may be.
// Refuses to know how nodes reach each other. Obeys ADR 0002 and spec/hp-peer.md, section "Relay".

import type { Address } from '../../runtime/actor.ts';
import type { Publication } from '../publication.ts';
import type { Topic } from '../topic.ts';

/** Among the shards that follow a topic at its home, the relay has this number. */
export const RELAY_SHARD = -1;

/** What homes and keepers say to the relay. */
export type RelayRequest =
  /** interest: somebody on this node follows the topic, or nobody does any more. */
  | { readonly type: 'wanted'; readonly topic: Topic; readonly isWanted: boolean }
  /** publish: made on this node, and wanted elsewhere. */
  | { readonly type: 'delivered'; readonly publication: Publication }
  /** To the keeper of a name on another node: once, in order, and told again until it is there. */
  | {
      readonly type: 'forward';
      readonly node: string;
      readonly kind: KeeperKind;
      /** The room's or user's name. */
      readonly key: string;
      /** The sender's own id of what is said, where it has one. */
      readonly id: string | undefined;
      /** Plain values and bytes. */
      readonly body: unknown;
    };

export type KeeperKind = 'room' | 'user';

/** What a keeper hears of other nodes. */
export type PeerNotice =
  | {
      readonly type: 'peerSaid';
      readonly node: string;
      readonly key: string;
      /** Not looked at: the keeper decides whether it is what it should be. */
      readonly body: unknown;
    }
  /** Who is in the cluster now: this node, and those that are not known to be down. In the order of their names. */
  | {
      readonly type: 'nodesChanged';
      /** Who may be a home. */
      readonly nodes: readonly string[];
      /** How many nodes the cluster has, as far as is known: those that are down among them, those that left not. */
      readonly size: number;
      /** How many of them are down. */
      readonly down: number;
      /** False on the smaller side of a cluster that is split, where the operator wants that. */
      readonly isServing: boolean;
      /** False while this node does not know yet who is where. */
      readonly isJoined: boolean;
    }
  /** What was forwarded to it and not acknowledged is lost. */
  | { readonly type: 'nodeDown'; readonly node: string }
  /** There is a link to it, the first or another, perhaps to another life of it. */
  | { readonly type: 'nodeUp'; readonly node: string; readonly incarnation: number }
  /** [HP-RELAY-13] So much waits for the node that nothing more should be begun for it, or no longer. */
  | { readonly type: 'nodePressed'; readonly node: string; readonly isPressed: boolean };

/** What doors to clients hear of the cluster. */
export type DoorNotice =
  | {
      readonly type: 'clusterNotice';
      readonly code: 'PARTITION' | 'PARTITION_HEALED' | 'CLOCK_SKEW';
      readonly message: string;
      /** Nobody else could make anything of it. */
      readonly isForAdmins: boolean;
    }
  /** Where clients of this node may go instead. */
  | { readonly type: 'serversChanged'; readonly servers: readonly string[] }
  /** [HP-PART-5] Clients are sent away, or may come back. */
  | { readonly type: 'retreat'; readonly withinMs: number }
  | { readonly type: 'comeBack' };

/** What keepers say to the place where all sessions of the cluster are known. */
export type LocateRequest =
  | { readonly type: 'announce'; readonly shard: number; readonly session: LocatedSession }
  | { readonly type: 'withdraw'; readonly session: string; readonly reason: string | undefined };

export interface LocatedSession {
  readonly session: string;
  readonly user: string;
  readonly status: 'online' | 'away' | 'busy';
  readonly note?: string | undefined;
  readonly lamport: number;
  readonly since?: number | undefined;
}

/** locate: sessions of other nodes came, changed or went. */
export interface Located {
  readonly type: 'located';
  readonly node: string;
  readonly up: readonly LocatedSession[];
  readonly down: readonly { readonly session: string; readonly user: string }[];
}

/** Where a node says its words, if it is joined to others. */
export interface RelaySeam {
  /** This node's name. */
  readonly node: string;
  readonly relay: Address<RelayRequest>;
  readonly locations: Address<LocateRequest>;
}
