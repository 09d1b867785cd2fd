// What is known of a user who is here, is followed, or was written to: sessions, messages that wait, messages that are
// remembered, and what they cost. Refuses to know what becomes of them. Obeys spec/hp.md, section "Direct messages".

import type { LocatedSession } from '../../routing/relay/relay-seam.ts';
import type { Address } from '../../runtime/actor.ts';
import type { ChatOptions } from '../chat-options.ts';
import { costOf, type MemoryBudget } from '../memory-budget.ts';
import type { Had } from './had.ts';
import type {
  Direct,
  DirectEntry,
  DirectStatus,
  Luggage,
  SessionEntry,
  UserNotice,
  UserReply,
  Watcher,
} from './user-messages.ts';

/** A session that another node owns, as that node tells it. */
export interface RemoteSession {
  readonly node: string;
  readonly told: LocatedSession;
  /** Who told of it is gone, and nobody has told of it since. */
  readonly isDoubted?: boolean;
}

export interface KnownSession {
  entry: SessionEntry;
  /** [HP-PART-3] Orders the logins of one user over all nodes. */
  readonly lamport: number;
  /** What came while the session moves from one actor to another; undefined else. */
  held: UserNotice[] | undefined;
  movingSince: number;
  /** The actor to which it moves, and what that has asked. */
  mover?: { readonly replyTo: Address<UserReply>; readonly ref: number } | undefined;
  /** The node to which it moves; undefined for this one. */
  movingTo?: string | undefined;
  /** What that node was sent, for as long as it may not have it. */
  packed?: Luggage | undefined;
  /** Made with the first that it is given. */
  had?: Had | undefined;
}

/** A message that waits, and since when (microseconds). */
export interface Kept {
  readonly message: Direct;
  readonly at: number;
  /** Nodes that were given it, too. */
  readonly heldBy: Set<string>;
}

export interface Held {
  /** The node where it waits. */
  readonly owner: string;
  readonly message: Direct;
  readonly at: number;
}

/** A message that is known by its sender and id. */
export interface Seen {
  /** Undefined while nobody has taken it. */
  status: DirectStatus | undefined;
  readonly at: number;
  /** A session of this node was given it, or it waits here; else it only passed by on its way to another node. */
  isHere: boolean;
}

/** What all users of a keeper have in common. */
export interface Household {
  readonly options: ChatOptions;
  /** Of the messages that users remember. */
  readonly memory: MemoryBudget;
  /** Of those that wait, here or for other nodes. */
  waitingBytes: number;
  /** The highest that was given or heard of, of sessions that are not known any more, too. */
  lamport: number;
}

/** What only a user needs who is here, is followed, or was written to. */
export class Affairs {
  offline: readonly Kept[] = NONE;
  /** Those that went a moment ago: it may turn out that their node did. */
  left: readonly { readonly session: string; readonly node: string; readonly at: number }[] = NONE;
  sessions: Map<string, KnownSession> | undefined = undefined;
  announced: Map<string, string> | undefined = undefined;
  watchers: Map<string, Watcher> | undefined = undefined;
  lost: Map<string, number> | undefined = undefined;
  held: Map<string, Held> | undefined = undefined;
  history: (DirectEntry & { readonly at: number })[] | undefined = undefined;
  seq = 0;
  seen: Map<string, Seen> | undefined = undefined;

  /** [HP-HIST-4] */
  forgetHalf(): number {
    return this.keepLast(Math.floor((this.history?.length ?? 0) / 2));
  }

  /** Gives how many bytes are forgotten. */
  keepLast(most: number): number {
    const all = this.history ?? [];
    const forgotten = all.slice(0, all.length - most);
    this.history = all.slice(forgotten.length);
    return bytesOfAll(forgotten);
  }
}

export function bytesOfKept(all: readonly Kept[]): number {
  return all.reduce((sum, { message }) => sum + costOf(message), 0);
}

function bytesOfAll(all: readonly Direct[]): number {
  return all.reduce((sum, message) => sum + costOf(message), 0);
}

const NONE: readonly never[] = [];
