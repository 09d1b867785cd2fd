// What a client has asked over its connection and must be told, in the order in which it asked.
// Refuses to know answers.

import type { TracePosition } from '../trace.ts';
import type { Published } from './ledger.ts';

export type Question =
  | {
      readonly type: 'subscribe';
      readonly topic: string;
      readonly since: TracePosition | undefined;
      readonly envelope: boolean;
      readonly cause: number;
    }
  | { readonly type: 'unsubscribe'; readonly topic: string; readonly cause: number }
  | { readonly type: 'publish'; readonly published: Published; readonly cause: number }
  | {
      readonly type: 'list_topics' | 'topic_info';
      readonly topic: string;
      /** Everything is at rest, and the answer must be exact. */
      readonly isCensus: boolean;
      /** Another of its kind was open when it was asked. */
      readonly isSecond: boolean;
    };
