// What the world is to its clients: time, ways to nodes, and where they write down what they do and see.

import type { Link } from '../edges/link.ts';
import type { Connection } from '../edges/network.ts';
import type { Lane } from '../edges/web.edge.ts';
import type { TraceHash } from '../trace-hash.ts';
import type { BrokerTerms, Trace } from '../trace.ts';
import type { ClientPlan } from './client-plan.ts';
import type { Words } from './hearing/words.ts';
import type { Ledger } from './ledger.ts';

/** What a client needs of its world. */
export interface ClientWorld {
  readonly now: number;
  readonly lane: Lane;
  /** What the nodes were started with. */
  readonly options: BrokerTerms;
  readonly trace: Trace;
  readonly hash: TraceHash;
  readonly words: Words;
  readonly ledger: Ledger;
  /** A publication may be refused for want of room. */
  readonly hasFewTopics: boolean;
  /** Faults are over: nobody does anything of his own accord any more. */
  readonly isSettling: boolean;
  /** A connection to one of the node's shards; undefined when none listens. */
  connectBroker(plan: ClientPlan, link: Link): Connection | undefined;
  wakeClientAt(at: number, client: number, purpose: number): void;
  /** The number of one connection's hearing of one topic. */
  newFollowing(): number;
}
