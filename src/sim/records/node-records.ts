// What the trace says of the insides of a node, looked at between turns: sums that it keeps of what it holds, beside what
// it does hold, and publishers that are held back. Refuses to judge.

export type NodeRecord =
  /** The session behind a client's connection was told what it cannot bear. */
  | {
      readonly kind: 'poisoned';
      readonly node: number;
      readonly client: number;
      readonly connection: number;
      readonly how: 'word' | 'flood';
      readonly address: string;
    }
  /** A connection that was to bring answers, and brought none for as long as its client waits; `askedAt` is when it began. */
  | {
      readonly kind: 'unheard';
      readonly node: number;
      readonly client: number;
      readonly connection: number;
      readonly askedAt: number;
    }
  /** A router was told that a network took something, and its last sign of that is so much older. */
  | {
      readonly kind: 'receiptUnnoted';
      readonly node: number;
      readonly shard: number;
      readonly unnotedUs: number;
    }
  /** What the router answers to a recovery that was given up, or asked for anew, while it waited for its turn. */
  | {
      readonly kind: 'recoveryGivenUp';
      readonly node: number;
      readonly shard: number;
      readonly topic: string;
      readonly since: { readonly epoch: string; readonly offset: number };
      readonly position: { readonly epoch: string; readonly offset: number };
      readonly recovered: boolean | undefined;
    }
  /** What waits in a shard's router for readers that are behind, where some are. */
  | {
      readonly kind: 'lagged';
      readonly node: number;
      readonly shard: number;
      /** The most that waits for one of them, and the most that may. */
      readonly queuedBytes: number;
      readonly queueBytesMax: number;
      /** How long one of them has taken nothing at all, and how long it may. */
      readonly stalledUs: number;
      readonly stallTimeoutUs: number;
    }
  /** What one shard counts, and what there is. */
  | {
      readonly kind: 'booksKept';
      readonly node: number;
      readonly shard: number;
      /** Of the home's memory for history and ids, as it counts them. */
      readonly historyBytes: number;
      readonly historyBytesThere: number;
      /** Topics whose publishers wait for readers. */
      readonly lagging: number;
      /** Subscriptions as the topics of this shard count them, and as its streams have them. */
      readonly wanted: number;
      readonly wantedThere: number;
      /** Counted as waiting in queues in which nothing waits. */
      readonly idleBytes: number;
      /** Streams of the router whose connections are no more. */
      readonly orphans: readonly number[];
      /** When the first item that waits for its rate may go; undefined where none waits. */
      readonly pacedUntil?: number | undefined;
      /** Streams that are kept alive, and that the router has let go. */
      readonly keptAliveGone: number;
      /** What its doors and its gateway count, and what there is of it. */
      readonly sums: readonly {
        readonly what: string;
        readonly counted: number;
        readonly there: number;
        /** It may be so much; undefined where nothing bounds it. */
        readonly most?: number;
      }[];
    }
  /** So much waits for a session whose client is away, and so much it has not acknowledged. */
  | {
      readonly kind: 'awaySeen';
      readonly node: number;
      readonly shard: number;
      readonly session: string;
      readonly messages: number;
      readonly bytes: number;
      readonly openMessages: number;
      readonly openBytes: number;
    }
  /** Whoever said it waits for other nodes to have it, for longer than he is to. */
  | {
      readonly kind: 'copyAwaited';
      readonly node: number;
      readonly shard: number;
      readonly what: 'room message' | 'direct message';
      readonly waitedUs: number;
    }
  /** At rest: what another node is to keep for this one and does not, and what it keeps that is not here any more. */
  | {
      readonly kind: 'copyDiffers';
      readonly node: number;
      readonly shard: number;
      readonly peer: string;
      readonly room?: string;
      readonly user?: string;
      readonly lacks: readonly string[];
      readonly tooMuch: readonly string[];
    }
  /**
   * At rest, and when all have left: what a node knows of another one, its homes of what others want, or it of what is
   * followed at its own homes, which is not so.
   */
  | {
      readonly kind: 'nodesDiffer';
      readonly node: number;
      readonly shard: number;
      readonly peer: string;
      readonly what: 'interest' | 'sessions' | 'followed' | 'own';
      readonly lacks: readonly string[];
      readonly tooMuch: readonly string[];
    }
  /** At rest: what a node holds for another, where it waits for the user no more. */
  | {
      readonly kind: 'heldInVain';
      readonly node: number;
      readonly shard: number;
      readonly owner: string;
      readonly user: string;
      /** Its sender and its id. */
      readonly message: string;
    }
  /** The routes of one shard, where there is anything to be told of them. */
  | {
      readonly kind: 'routesSeen';
      readonly node: number;
      readonly shard: number;
      /** Topics that are followed on it, and whose home does not know; they do not wait for room. */
      readonly adrift: readonly string[];
      /** Of the topics whose home it is: whose publishers wait for readers, and on which shard these are. */
      readonly lags: readonly {
        readonly topic: string;
        /** Of this time, among all times in the run. */
        readonly number: number;
        readonly shard: number;
        /** Those that are behind at all, and when one of them took something last. */
        readonly readers: number;
        readonly tookAt: number;
      }[];
      /** Which of several topics that nobody follows would make room, and when one of them was used first. */
      readonly next:
        | { readonly topic: string; readonly usedAt: number; readonly earliestAt: number }
        | undefined;
    }
  /** A publisher waits for readers. */
  | {
      readonly kind: 'publisherWaits';
      readonly node: number;
      readonly shard: number;
      readonly serverConnection: number;
      /** Since when it is not read from; undefined where its edge has not heard of it yet. */
      readonly heldSince: number | undefined;
      /** How many homes asked for it; never less than none. */
      readonly holds: number;
      /** A home of its node waits for it to be let go. */
      readonly isKnown: boolean;
    };
