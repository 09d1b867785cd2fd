// What nodes say to each other, as typed values. Sessions are described here as their owner describes them; what is
// forwarded stays packed. Refuses to know the wire (peer-lines.ts) and who obeys.
// Obeys spec/hp-peer.md, section "Messages".

import type { Status } from '../hp/requests.ts';

/** One member of the cluster, as one node tells another. */
export interface MemberTold {
  readonly node: string;
  readonly incarnation: number;
  /** Where it may be called: `host:port`; empty when it says nothing. */
  readonly addr: string;
  readonly state: 'up' | 'suspect' | 'down' | 'left';
}

/** One session, as the node that owns it describes it. */
export interface SessionTold {
  readonly session: string;
  readonly user: string;
  readonly status: Status;
  readonly note?: string | undefined;
  /** Orders logins of one user over all nodes. */
  readonly lamport: number;
  /** Since when, in seconds. */
  readonly since?: number | undefined;
}

/** One change of what an owner owns. */
export type OwnerOp =
  | ({ readonly op: 'up' } & SessionTold)
  | { readonly op: 'down'; readonly session: string; readonly reason: string | undefined }
  | {
      readonly op: 'set';
      readonly session: string;
      readonly status: Status;
      readonly note: string | undefined;
    };

interface Owned {
  readonly node: string;
  readonly incarnation: number;
}

/** Which connection it is, and who says the word to whom. */
export interface DetourEnds {
  readonly from: string;
  readonly to: string;
  /** Who has opened it, and its number there. */
  readonly caller: string;
  readonly call: number;
}

export type DetourWord =
  | { readonly say: 'open' | 'end' }
  | { readonly say: 'text'; readonly text: string }
  /** One more `text` has come to its end. */
  | { readonly say: 'taken' };

export type ForwardKind = 'publication' | 'room' | 'user';

export type PeerMessage =
  | (Owned & {
      readonly type: 'SERVER_HELLO';
      readonly cluster: string;
      readonly versions: readonly string[];
      readonly caps: readonly string[];
      readonly nonce: string;
      readonly key: string;
      readonly advertise: string;
    })
  | (Owned & {
      readonly type: 'SERVER_CHALLENGE';
      readonly cluster: string;
      readonly version: string;
      readonly caps: readonly string[];
      readonly nonce: string;
      readonly key: string;
      readonly proof: string;
      readonly advertise: string;
    })
  | { readonly type: 'SERVER_AUTH'; readonly proof: string }
  | {
      readonly type: 'SERVER_WELCOME' | 'SERVER_READY';
      readonly members: readonly MemberTold[];
      readonly heartbeatMs: number;
      /** Where clients find the sender: `host:port`; empty when it says nothing. */
      readonly clients: string;
    }
  | {
      readonly type: 'HEARTBEAT';
      readonly incarnation: number;
      readonly ver: number;
      readonly digest: string;
      readonly hb: number;
      /** The last one heard of the other side; 0 for none. */
      readonly echo: number;
      /** Whom the sender has a link to; undefined when it has not changed. */
      readonly links: readonly string[] | undefined;
      readonly draining: boolean;
      /** What the sender has of the receiver's log; undefined when it does not say. */
      readonly have: { readonly incarnation: number; readonly ver: number } | undefined;
    }
  /** At once, so that the other side knows how long the way is. */
  | { readonly type: 'HEARTBEAT_ACK'; readonly hb: number }
  | { readonly type: 'MEMBERS'; readonly members: readonly MemberTold[] }
  | (Owned & {
      readonly type: 'PRESENCE_DELTA';
      readonly from: number;
      readonly to: number;
      readonly ops: readonly OwnerOp[];
    })
  | (Owned & { readonly type: 'PRESENCE_SYNC_REQUEST'; readonly have: number })
  | (Owned & {
      readonly type: 'PRESENCE_SYNC';
      readonly ver: number;
      readonly chunk: number;
      readonly chunks: number;
      readonly sessions: readonly SessionTold[];
    })
  | (Owned & { readonly type: 'SYNC_DONE'; readonly ver: number })
  | {
      readonly type: 'INTEREST';
      readonly add: readonly string[];
      readonly remove: readonly string[];
      /** `begun`, `ended`: a piece, or the last one, of everything that is wanted. */
      readonly whole: 'no' | 'begun' | 'ended';
    }
  | {
      readonly type: 'FORWARD';
      /** Its place among all that this node forwards to that one. */
      readonly n: number;
      readonly kind: ForwardKind;
      /** Whose it is: a topic, a room, a user. */
      readonly key: string;
      /** Whoever gave it its id. */
      readonly id: string | undefined;
      readonly data: unknown;
    }
  /** Everything up to `n` is here. */
  | { readonly type: 'FORWARD_ACK'; readonly n: number }
  /** A piece of a connection between two nodes that leads through a third one, which hears both. */
  | ({ readonly type: 'DETOUR' } & DetourEnds & DetourWord)
  | { readonly type: 'DRAIN'; readonly graceMs: number }
  | { readonly type: 'LEAVE'; readonly reason: string; readonly lingerMs: number }
  | {
      readonly type: 'ERROR';
      readonly code: string;
      readonly message: string;
      readonly known: number | undefined;
      /** The known life is linked at this moment. */
      readonly alive: boolean | undefined;
    }
  | { readonly type: 'BYE'; readonly code: string };

export type PeerType = PeerMessage['type'];
export type PeerMessageOf<T extends PeerType> = Extract<PeerMessage, { readonly type: T }>;
