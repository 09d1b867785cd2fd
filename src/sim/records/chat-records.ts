// What the trace says of the chat: what talkers ask, are answered and hear, as they read it with readers of their own; what
// nodes say to each other and think of each other; whose publications cross. Refuses to judge.

import type { ClusterFault } from '../faults/cluster-faults.ts';
import type { ClusterRecord } from './cluster-records.ts';
import type { ChatTerms, HistoryEntry, StatsTold } from './chat-terms.ts';
import type { PlayRecord } from './plays/play-records.ts';

interface AtTalker {
  /** The node that it talks to. */
  readonly node: number;
  readonly client: number;
  /** Unique in the run. */
  readonly connection: number;
}

interface AtCall {
  readonly node: number;
  readonly client: number;
  readonly call: string;
}

interface InSession extends AtTalker {
  readonly session: string;
  readonly user: string;
}

/** A place in a room, and which node gave it. */
interface Placed {
  readonly room: string;
  /** Its `seq`. */
  readonly place: number;
  readonly epoch: number;
}

interface PageTold {
  /** A room, a user behind an `@`, or nothing where rooms are listed. */
  readonly of: string;
  /** Its number among those of its client. */
  readonly walk: number;
  readonly limit: number;
  /** There is said to be more. */
  readonly more: boolean;
}

export type ChatRecord =
  | ClusterRecord
  | PlayRecord
  | StatsTold
  | {
      readonly kind: 'chatBegan';
      /** Names of nodes, by number. */
      readonly nodes: readonly string[];
      readonly terms: ChatTerms;
      readonly clusterFaults: readonly ClusterFault[];
      /** By node: how wrong its clock is, and where it says that its clients find it. */
      readonly skewsMs?: readonly number[];
      readonly doors?: readonly string[] | undefined;
      /** Topics that are joined, by their names with their dialects. */
      readonly bridges?: readonly (readonly [one: string, other: string])[];
    }
  /** A process begins a life, knowing nothing. */
  | { readonly kind: 'processBegan'; readonly node: number; readonly incarnation: number }
  | { readonly kind: 'processDied'; readonly node: number }
  | {
      readonly kind: 'talkerJoined';
      readonly node: number;
      readonly client: number;
      readonly user: string;
      readonly rooms: readonly string[];
      readonly isMute: boolean;
      readonly hasAck: boolean;
      /** It hears its own messages. */
      readonly hasEcho: boolean;
      /** When it comes back it says what it has. */
      readonly givesPlaces: boolean;
      readonly isSlow: boolean;
      readonly roams: boolean;
      /** It comes as somebody who is here already, and goes for good. */
      readonly isVisitor: boolean;
    }
  | (AtTalker & { readonly kind: 'talkerConnected'; readonly shard: number })
  /** A request; `message` names what is said in it, in a room or to a user. */
  | (AtTalker & {
      readonly kind: 'talkerAsked';
      readonly id: string;
      readonly what: string;
      readonly room?: string | undefined;
      readonly to?: string | undefined;
      readonly message?: string | undefined;
      readonly isRepeat?: boolean | undefined;
      /** What a sign says: `ref state` of a receipt, `on` or `off` of typing. */
      readonly sign?: string | undefined;
      /** What it wants to be. */
      readonly status?: string | undefined;
      /** That it says it has taken. */
      readonly taken?: readonly string[] | undefined;
      /** Of the token that it shows. */
      readonly tokenMs?: number | undefined;
    })
  /** The answer to a request, or to a line that was wrong; `asked` is undefined when nobody had asked. */
  | (AtTalker & {
      readonly kind: 'talkerAnswered';
      /** Of the request. */
      readonly id?: string | undefined;
      readonly asked: string | undefined;
      readonly what: string;
      readonly code: string | undefined;
      /** Codes that are right; undefined where the request was. */
      readonly expected: string | undefined;
      /** In how many seconds to ask again; undefined where that is not told. */
      readonly retryAfter?: number | undefined;
      /** The connection ends with it. */
      readonly isFatal: boolean;
      /** Earlier requests wait for their answers. */
      readonly isOutOfTurn: boolean;
    })
  | (InSession & {
      readonly kind: 'loggedIn';
      readonly isResumed: boolean;
      /** Messages that are said to follow. */
      readonly replayed: number;
      /** Rooms of which something is not remembered. */
      readonly gaps: readonly string[];
      /** Its node was gone: what that alone knew is lost. */
      readonly isAnew: boolean;
      readonly rooms: readonly string[];
      /** What the node calls itself, and its life. */
      readonly home: string;
      readonly incarnation: number;
      /** How many its user has. */
      readonly sessions: number;
      readonly status: string;
    })
  | (InSession &
      Placed & {
        readonly kind: 'seated';
        readonly isAlready: boolean;
        /** Users in the room. */
        readonly count: number;
      })
  | (InSession & { readonly kind: 'unseated'; readonly room: string })
  | (InSession &
      Placed & {
        readonly kind: 'roomAcked';
        readonly message: string;
        readonly status: string;
        readonly isDuplicate: boolean;
      })
  | (InSession &
      Placed & {
        readonly kind: 'roomHeard';
        readonly from: string;
        readonly message: string;
        /** The node that gave it its place. */
        readonly home: string;
        readonly isDelayed: boolean;
      })
  /** It was sent to a connection that had ended, and nobody read it: a message, or word of a gap. */
  | (InSession & {
      readonly kind: 'roomLost';
      readonly room: string;
      readonly message: string | undefined;
    })
  | (InSession & { readonly kind: 'directLost'; readonly message: string })
  | (InSession & {
      readonly kind: 'directAcked';
      readonly to: string;
      readonly message: string;
      readonly status: string;
      readonly isDuplicate: boolean;
    })
  | (InSession & {
      readonly kind: 'directHeard';
      readonly from: string;
      readonly to: string;
      readonly message: string;
      readonly isDelayed: boolean;
      /** What another session of the same user sent. */
      readonly isSent: boolean;
    })
  | (InSession & {
      readonly kind: 'presenceTold';
      readonly users: readonly (readonly [user: string, sessions: number])[];
    })
  /** Somebody else's sign: a receipt, or that he types; `room` is undefined where it is for the user alone. */
  | (InSession & {
      readonly kind: 'signHeard';
      readonly what: 'RECEIPT' | 'TYPING';
      readonly from: string;
      readonly room: string | undefined;
      readonly sign: string;
    })
  /** Who has come into a room or gone, or how many there are now. */
  | (InSession & {
      readonly kind: 'roomEventHeard';
      readonly room: string;
      readonly event: string;
      readonly who: string;
      readonly count: number;
      /** Empty where none is told. */
      readonly reason: string;
    })
  /** Its own status is another now. */
  | (InSession & {
      readonly kind: 'statusSet';
      readonly status: string;
      readonly note: string | undefined;
    })
  /** It has asked what is known of it. */
  | (InSession & {
      readonly kind: 'selfTold';
      /** Its user, its session and its node, as it was told. */
      readonly of: string;
      readonly as: string;
      readonly home: string;
      readonly status: string;
      readonly note: string | undefined;
      readonly rooms: readonly string[];
    })
  /** It watches somebody, and is told what he is: because it has asked, or because he is something else now. */
  | (InSession & {
      readonly kind: 'statusHeard';
      readonly of: string;
      readonly status: string;
      readonly note: string | undefined;
      readonly isAnswer: boolean;
    })
  /** It does not watch him any more. */
  | (InSession & { readonly kind: 'unwatched'; readonly of: string })
  | (InSession & {
      readonly kind: 'statusesTold';
      readonly statuses: readonly (readonly [user: string, status: string, note?: string])[];
    })
  | (InSession & {
      readonly kind: 'membersTold';
      readonly room: string;
      /** Empty for a room that is not there. */
      readonly users: readonly string[];
      readonly statuses: readonly string[];
    })
  | (InSession & {
      readonly kind: 'historyTold';
      readonly room: string;
      readonly entries: readonly HistoryEntry[];
      /** There is nothing before it. */
      readonly isWhole: boolean;
      /** It was read in several pages. */
      readonly isPaged?: boolean;
    })
  /** A page of what was said in a room, or between two users; those of one walk are asked for one behind the other. */
  | (InSession &
      PageTold & {
        readonly kind: 'historyPaged';
        readonly after?: number | undefined;
        readonly before?: number | undefined;
        /** Of messages between users: without epoch and home. */
        readonly entries: readonly HistoryEntry[];
        /** UTF-16 units of all bodies. */
        readonly units: number;
      })
  /** A page of the members of a room, or of rooms. */
  | (InSession &
      PageTold & {
        readonly kind: 'namesPaged';
        readonly after?: string | undefined;
        readonly names: readonly string[];
        /** Some nodes are said to be missing. */
        readonly isPartial?: boolean;
        /** Of all members. */
        readonly count?: number | undefined;
      })
  /** All rooms in which somebody is, as they were told page by page. */
  | (InSession & {
      readonly kind: 'roomsTold';
      readonly rooms: readonly (readonly [room: string, count: number])[];
      readonly isPartial: boolean;
    })
  /** All that was said between two users. */
  | (InSession & {
      readonly kind: 'directsTold';
      readonly with: string;
      readonly messages: readonly string[];
    })
  /** It says something wrong, to which no other record belongs but the answer. */
  | (AtTalker & { readonly kind: 'talkerErred' })
  /** Unasked: an error, a notice, a goodbye, or a question whether anybody is there. */
  | (AtTalker & {
      readonly kind: 'talkerNoticed';
      readonly what: 'ERROR' | 'NOTICE' | 'BYE' | 'PING';
      readonly code: string;
      /** What a notice says for people to read. */
      readonly words?: string | undefined;
      /** Where it may go instead. */
      readonly servers?: readonly string[] | undefined;
    })
  /** Something that no node may say. */
  | (AtTalker & { readonly kind: 'talkerMisheard'; readonly what: string })
  | (AtTalker & {
      readonly kind: 'talkerEnded';
      readonly by: 'client' | 'patience' | 'server' | 'network';
      /** Without a word: its node does not know it yet. */
      readonly isCut: boolean;
      /** It had said goodbye, or was told why. */
      readonly isBye: boolean;
    })
  /** A session sits in a room when everything is at rest, and the keeper of its user does not know it. */
  | {
      readonly kind: 'ghostSeen';
      /** Of the room's home. */
      readonly node: number;
      readonly room: string;
      readonly user: string;
      readonly session: string;
    }
  /** What a talker still waits for when everything is at rest. */
  | (AtTalker & { readonly kind: 'talkerWaits'; readonly what: string })
  /** How a talker is when everything is at rest: its session and its rooms, if it is in. */
  | {
      readonly kind: 'talkerRests';
      readonly node: number;
      readonly client: number;
      readonly user: string;
      readonly session: string | undefined;
      readonly rooms: readonly string[];
    }
  | (AtCall & { readonly kind: 'callBegan' })
  | (AtCall & {
      readonly kind: 'callOver';
      readonly heard: readonly string[];
      readonly isEnded: boolean;
    })
  | {
      readonly kind: 'crossSent';
      readonly node: number;
      readonly client: number;
      readonly topic: string;
      readonly publication: number;
      /** What it calls itself there. */
      readonly claims?: string | undefined;
      /** Its door asks for a token, and this is for whom that was made. */
      readonly isProved?: boolean;
      readonly proved?: string | undefined;
    }
  /** Its node took it. */
  | {
      readonly kind: 'crossTaken';
      readonly node: number;
      readonly client: number;
      readonly publication: number;
    }
  | {
      readonly kind: 'crossFollowed';
      readonly node: number;
      readonly client: number;
      readonly connection: number;
      readonly topic: string;
    }
  | {
      readonly kind: 'crossHeard';
      readonly node: number;
      readonly client: number;
      readonly connection: number;
      readonly topic: string;
      readonly publication: number;
    }
  /** A message of a room came over a bridge. */
  | {
      readonly kind: 'bridgeHeard';
      readonly node: number;
      readonly client: number;
      readonly connection: number;
      readonly topic: string;
      readonly room: string;
      readonly from: string;
      readonly message: string;
      readonly place: number;
      readonly epoch: number;
    }
  | {
      readonly kind: 'crossEnded';
      readonly node: number;
      readonly client: number;
      readonly connection: number;
    }
  /** Something is said in every room, to every user and to every topic that crosses, to see who is there. */
  | { readonly kind: 'chatProbed' }
  /** Whoever is to hear of it has heard of it; everybody leaves. */
  | { readonly kind: 'talkersLeft' };
