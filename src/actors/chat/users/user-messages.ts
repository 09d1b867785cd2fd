// What is said to the keeper of users (users.actor.ts), which lives on the home shard of each user's name and knows the
// user's sessions, and what it says to sessions.
// Refuses to know how users are kept. Obeys spec/hp.md, sections "Users", "Direct messages" and "Presence".

import type { HpMistake } from '../../codecs/hp/mistakes.ts';
import type { Cap, Status } from '../../codecs/hp/requests.ts';
import type { Address } from '../../runtime/actor.ts';
import type { Place } from '../rooms/room-messages.ts';
import type { Located, PeerNotice } from '../../routing/relay/relay-seam.ts';
import type { ShardDown } from '../../runtime/edges.ts';

/** One direct message. Known by its sender and id. */
export interface Direct {
  readonly id: string;
  /** The sender's own, in seconds. */
  readonly timestamp: number;
  readonly from: string;
  /** The sender's session. */
  readonly session: string;
  readonly to: string;
  readonly body: string;
  readonly dataText: string | undefined;
}

/** A direct message as it stands in one user's history. */
export interface DirectEntry extends Direct {
  readonly seq: number;
}

export interface SessionEntry {
  readonly session: string;
  readonly shard: number;
  readonly address: Address<UserNotice>;
  readonly status: Status;
  readonly note: string | undefined;
  /** What a client shows to resume it. */
  readonly secret: string;
  readonly isDetached: boolean;
}

export interface Presence {
  readonly user: string;
  readonly status: Status | 'offline';
  readonly note: string | undefined;
  readonly sessions: number;
  /** Since when, in seconds; undefined when nobody knows. */
  readonly since: number | undefined;
}

interface Asked {
  readonly replyTo: Address<UserReply>;
  /** Comes back with the answer. */
  readonly ref: number;
}

interface OfUser {
  /** Whose keeper is asked. */
  readonly user: string;
}

export type UsersMessage =
  | (Asked &
      OfUser & {
        readonly type: 'register';
        readonly entry: SessionEntry;
        /** The keeper that knew it died. */
        readonly isAgain: boolean;
      })
  | (Asked &
      OfUser & {
        readonly type: 'resume';
        readonly session: string;
        readonly secret: string;
        /** A node of the cluster has signed it; with what the client can do. */
        readonly isProved: boolean;
        readonly caps: readonly Cap[];
        readonly until?: number | undefined;
        readonly shard: number;
      })
  /** A session that goes to another node has given everything up. */
  | HandedOver
  /** The session lives in another actor now, which has all that the old one had. */
  | (OfUser & { readonly type: 'moved'; readonly entry: SessionEntry })
  | (OfUser & { readonly type: 'detached'; readonly session: string })
  | (OfUser & {
      readonly type: 'unregister';
      readonly session: string;
      /** What came for it and was never told to the client. */
      readonly untold: readonly Direct[];
      /** Who is told when nothing more comes for it. */
      readonly replyTo?: Address<UserReply>;
    })
  | (OfUser & {
      readonly type: 'setPresence';
      readonly session: string;
      readonly status: Status;
      readonly note: string | undefined;
    })
  | (Asked &
      OfUser & {
        readonly type: 'askPresence';
        /** Wants to hear of changes, too. */
        readonly watcher: Watcher | undefined;
      })
  /** How many are here and elsewhere, of those whose names are at home on the keeper's shard. */
  | (Asked & { readonly type: 'countSessions' })
  /** What was said for the session by another actor stands. */
  | (OfUser & {
      readonly type: 'unwatch';
      readonly session: string;
      readonly address: Address<UserNotice>;
    })
  | (Asked &
      OfUser & {
        readonly type: 'direct';
        readonly message: Direct;
        /** Undefined without a directory of users. */
        readonly isKnown: boolean | undefined;
        /** The node that asks, which `replyTo` does not lead to. */
        readonly node?: string;
        /** It waited for the user. */
        readonly isDelayed?: true;
      })
  /** A client does not acknowledge them, and its session cannot keep them any longer. */
  | (OfUser & { readonly type: 'notTaken'; readonly messages: readonly Direct[] })
  | (OfUser & { readonly type: 'directTaken'; readonly from: string; readonly id: string })
  | (OfUser & { readonly type: 'carbon'; readonly message: Direct })
  | (OfUser & {
      readonly type: 'receipt';
      readonly id: string;
      readonly ref: string;
      readonly by: string;
      readonly state: 'delivered' | 'read';
    })
  | (OfUser & { readonly type: 'typingTo'; readonly from: string; readonly on: boolean })
  | (Asked &
      OfUser & {
        readonly type: 'directHistory';
        readonly with: string;
        readonly after: number | undefined;
        readonly before: number | undefined;
        readonly limit: number;
      })
  | Located
  | SessionsOver
  | {
      readonly type: 'areHere';
      readonly members: readonly { readonly user: string; readonly session: string }[];
      readonly replyTo: Address<SessionsOver | KeeperIsNew>;
    }
  /** One that keeps users on another node has lost what waited for them. */
  | { readonly type: 'keeperLost'; readonly node: string }
  | PeerNotice
  | ShardDown;

/** They died on their way from one actor to another, and cannot say so in their rooms, nor to those whom they follow. */
export interface SessionsOver {
  readonly type: 'sessionsOver';
  readonly sessions: readonly string[];
}

/** It does not know for sure yet who is here. */
export interface KeeperIsNew {
  readonly type: 'keeperIsNew';
  readonly shard: number;
}

export interface Watcher {
  readonly session: string;
  readonly shard: number;
  readonly address: Address<UserNotice>;
}

export type DirectStatus = 'delivered' | 'accepted' | 'queued';

export interface HandedOver {
  readonly type: 'handedOver';
  readonly ref: number;
  readonly luggage: Luggage;
}

export type UserReply =
  | {
      readonly type: 'registered';
      readonly ref: number;
      readonly user: string;
      readonly session: string;
      readonly sessions: number;
      readonly offline: readonly Direct[];
    }
  | { readonly type: 'presenceTold'; readonly ref: number; readonly presence: Presence }
  | {
      readonly type: 'directAnswered';
      readonly ref: number;
      readonly status: DirectStatus;
      readonly isDuplicate: boolean;
    }
  | {
      readonly type: 'directHistoryRead';
      readonly ref: number;
      readonly entries: readonly DirectEntry[];
      readonly more: boolean;
    }
  | HandedOver
  /** Nothing comes for the session any more. */
  | { readonly type: 'unregistered' }
  | {
      readonly type: 'sessionsCounted';
      readonly ref: number;
      readonly users: number;
      /** By node; those of this one under its own name. */
      readonly sessions: readonly (readonly [node: string, count: number])[];
      /** Messages that wait here for users who are away. */
      readonly waiting: number;
    }
  | { readonly type: 'userRefused'; readonly ref: number; readonly mistake: HpMistake };

/** What the keeper tells sessions unasked. */
export type UserNotice =
  | {
      readonly type: 'directArrived';
      readonly message: Direct;
      readonly isSent: boolean;
      /** It waited for the user on another node. */
      readonly isDelayed?: true;
    }
  | { readonly type: 'presenceChanged'; readonly presence: Presence }
  | {
      readonly type: 'receiptArrived';
      readonly id: string;
      readonly ref: string;
      readonly by: string;
      readonly state: 'delivered' | 'read';
    }
  | { readonly type: 'typingArrived'; readonly from: string; readonly on: boolean }
  /** Another session takes its place, or it goes on itself on another node, which had taken this one for lost. */
  | { readonly type: 'replaced'; readonly goesOn?: true }
  /** Another actor is to become this session. */
  | { readonly type: 'handOver'; readonly to: Address<HandedOver>; readonly ref: number };

/** All that makes a session, on its way from one actor to another. */
export interface Luggage {
  readonly user: string;
  readonly session: string;
  readonly secret: string;
  readonly caps: readonly Cap[];
  readonly status: Status;
  readonly note: string | undefined;
  /** [HP-LOGIN-4] When the token that proved it ends; seconds since 1970. */
  readonly until?: number | undefined;
  readonly rooms: readonly {
    readonly room: string;
    readonly epoch: number;
    /** The last that the client was told of. */
    readonly seq: number;
    /** Something before it was not acknowledged, and is not known any more. */
    readonly hasGap?: true;
    /** Of what was told up to this place only these were not acknowledged. */
    readonly open?: (Place & { readonly ids: readonly string[] }) | undefined;
  }[];
  /** Users whose presence is followed, and what the client was told last. */
  readonly watched: readonly {
    readonly user: string;
    readonly told: string;
  }[];
  readonly untold: readonly Untold[];
  /** So many of these, the first ones, were told and have not been acknowledged. */
  readonly unacked?: number | undefined;
  /** Between nodes: what it was given of late, and does not need again. */
  readonly had?: readonly HadTold[];
  /** Its node is gone: the client says in which rooms it was. */
  readonly isAnew?: true;
}

/** By sender and id, and the receiver of one that the user has sent. */
export interface HadTold {
  readonly message: string;
  readonly ageMs: number;
}

/** A direct message for a client that is away, or has not acknowledged it. */
export interface Untold {
  readonly message: Direct;
  readonly isSent: boolean;
}
