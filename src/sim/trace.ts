// What happened in a run, as its clients and its nodes saw it: the only thing that invariants read.
// Wire events are recorded as a client decodes them, with decoders of its own; each names the event that caused it.
// Refuses to judge.

/** A place in a topic, as the wire says it. */
export interface TracePosition {
  readonly epoch: string;
  readonly offset: number;
}

/** How a client behaves, and so what may be expected for it. */
export type Behaviour = 'steady' | 'churning' | 'slow' | 'malformed';

interface AtClient {
  readonly node: number;
  readonly client: number;
  /** Unique in the run. */
  readonly connection: number;
}

interface AtTopic extends AtClient {
  readonly topic: string;
}

export type TraceRecord =
  /** A client begins its life in the run. */
  | {
      readonly kind: 'joined';
      readonly node: number;
      readonly client: number;
      readonly behaviour: Behaviour;
      /** It wants these topics whenever it is connected. */
      readonly topics: readonly string[];
    }
  | (AtClient & { readonly kind: 'connected'; readonly transport: 'ws' | 'sse' })
  | (AtClient & {
      readonly kind: 'closed';
      /** As the client saw it; 1006 without a close frame. */
      readonly code: number;
      readonly by: 'server' | 'client' | 'network';
    })
  | (AtTopic & {
      readonly kind: 'subscribeSent';
      readonly since: TracePosition | undefined;
      readonly envelope: boolean;
    })
  | (AtTopic & {
      readonly kind: 'subscribed';
      readonly since: TracePosition | undefined;
      readonly envelope: boolean;
      /** Undefined in Hermes' own protocol, which tells no places. */
      readonly position: TracePosition | undefined;
      readonly recovered: boolean | undefined;
    })
  | (AtTopic & { readonly kind: 'unsubscribeSent' })
  | (AtTopic & { readonly kind: 'unsubscribed' })
  | (AtTopic & {
      readonly kind: 'publishSent';
      readonly id: string | undefined;
      readonly publisher: number;
      readonly sequence: number;
      /** Names the bytes: see `nameBytes`. */
      readonly bytesName: number;
      /** The same id was sent before with the same bytes. */
      readonly isRepeat: boolean;
    })
  | (AtTopic & {
      readonly kind: 'published';
      readonly id: string | undefined;
      readonly publisher: number;
      readonly sequence: number;
      readonly position: TracePosition;
      readonly isDuplicate: boolean;
    })
  | (AtTopic & {
      readonly kind: 'publishFailed';
      readonly publisher: number;
      readonly sequence: number;
      readonly why: 'refused' | 'unknown';
    })
  | (AtClient & {
      readonly kind: 'message';
      /** What the envelope or stream says; undefined where the wire says none. */
      readonly topic: string | undefined;
      readonly position: TracePosition | undefined;
      readonly id: string | undefined;
      /** What the payload says of itself. */
      readonly saidTopic: string;
      readonly publisher: number;
      readonly sequence: number;
      readonly bytesName: number;
    })
  | (AtTopic & {
      readonly kind: 'gap';
      readonly epoch: string;
      readonly from: number;
      readonly to: number | undefined;
      readonly reason: string;
    })
  /** The server said something that nothing asked for, or that cannot be read. */
  | (AtClient & { readonly kind: 'unexpected'; readonly what: string })
  | { readonly kind: 'shardCrashed'; readonly node: number; readonly shard: number }
  | { readonly kind: 'shardStarted'; readonly node: number; readonly shard: number }
  /** A `receive` threw: a bug of ours, whatever the supervisor makes of it. */
  | {
      readonly kind: 'actorFailed';
      readonly node: number;
      readonly shard: number;
      readonly address: string;
      readonly error: string;
    }
  | {
      readonly kind: 'sampled';
      readonly node: number;
      readonly shard: number;
      readonly waiting: number;
      readonly waitingMax: number;
      /** The most that any connection had been given without a receipt since the last sample. */
      readonly outstandingBytes: number;
      readonly outstandingBytesMax: number;
    }
  /** Faults are over and the workload has ended; what follows must come to rest. */
  | { readonly kind: 'healed' }
  /** The run ends; nothing is on its way. */
  | { readonly kind: 'quiet' };

export type TraceEvent = TraceRecord & {
  /** Its place in the trace. */
  readonly seq: number;
  /** Virtual microseconds. */
  readonly at: number;
  /** Place of the event that caused it; -1 when none did. */
  readonly cause: number;
};

export type TraceKind = TraceRecord['kind'];
export type EventOf<K extends TraceKind> = Extract<TraceEvent, { readonly kind: K }>;

export interface Violation {
  /** The invariant that was broken. */
  readonly property: string;
  readonly requirements: readonly string[];
  readonly seq: number;
  readonly at: number;
  readonly sentence: string;
}

/** Sees every event as it is recorded. */
export type Watcher = (event: TraceEvent) => void;

export class Trace {
  readonly events: TraceEvent[] = [];
  now = 0;
  readonly #watchers: readonly Watcher[];

  constructor(watchers: readonly Watcher[] = []) {
    this.#watchers = watchers;
  }

  /** Records what happened now; returns its place, for those that it causes. */
  add(record: TraceRecord, cause = -1): number {
    const seq = this.events.length;
    // The record becomes the event: a copy for each would cost more than all the judging.
    const event = record as TraceEvent;
    const stamped = event as { seq: number; at: number; cause: number };
    stamped.seq = seq;
    stamped.at = this.now;
    stamped.cause = cause;
    this.events.push(event);
    for (const watch of this.#watchers) watch(event);
    return seq;
  }
}
