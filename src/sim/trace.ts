// What happened in a run, as its clients and its nodes saw it: the only thing that invariants read.
// Wire events are recorded as a client decodes them, with decoders of its own; each names the event that caused it.
// Refuses to judge.

import type { BrokerOptions } from '../actors/broker/broker-options.ts';
import type { HomeLimits } from '../actors/routing/home.actor.ts';
import type { ChatRecord } from './records/chat-records.ts';
import type { GatewayRecord } from './records/gateway-records.ts';
import type { NodeRecord } from './records/node-records.ts';

/** A place in a topic, as the wire says it. */
export interface TracePosition {
  readonly epoch: string;
  readonly offset: number;
}

/** How a client behaves, and so what may be expected for it. */
export type Behaviour = 'steady' | 'churning' | 'slow' | 'malformed' | 'mistaken' | 'mute';

/** What a client shows where a token is asked for. */
export interface Token {
  readonly subscribe: readonly string[];
  readonly publish: readonly string[];
  readonly expiresInMs: number | undefined;
  /** How long its verdict takes; no longer than others', where nothing is said. */
  readonly judgedAfterMs?: number | undefined;
  /** It shows none, or one that is none. */
  readonly flaw: 'missing' | 'broken' | undefined;
}

/** A pattern is a topic, or a beginning followed by `*`. */
export function isGranted(patterns: readonly string[], topic: string): boolean {
  for (const pattern of patterns) {
    if (pattern === topic) return true;
    const { length } = pattern;
    if (pattern[length - 1] === '*' && topic.slice(0, length - 1) === pattern.slice(0, -1))
      return true;
  }
  return false;
}

/** Ways to a node: what is said to it, and over what. */
export type Transport = 'ws' | 'sse' | 'post';

/** What an error or an answer of HTTP refuses. */
export type Asked = 'subscribe' | 'unsubscribe' | 'publish' | 'list' | 'info';

/** A fault of the plan, as far as judges excuse what it does. */
export interface TracedFault {
  readonly at: number;
  readonly kind: string;
  readonly target: number;
  readonly durationUs: number;
}

export interface AtClient {
  readonly node: number;
  readonly client: number;
  /** Unique in the run. */
  readonly connection: number;
}

interface AtShard {
  /** The shard of its node that it met. */
  readonly shard: number;
  /** The network address that it came from. */
  readonly remote: string;
}

interface AtTopic extends AtClient {
  readonly topic: string;
}

/** What one connection hears of one topic; numbered from 0 in the run, so that judges find their state by index. */
interface Followed {
  readonly following: number;
}

/** One publication, however often it is sent; numbered from 0 in the run, -1 when nobody made it. */
interface Published {
  readonly publication: number;
  readonly publisher: number;
  /** Of the publisher's publications. */
  readonly sequence: number;
}

export type TraceRecord =
  | GatewayRecord
  | NodeRecord
  | ChatRecord
  /** The first event of a run: what its nodes were started with. */
  | {
      readonly kind: 'began';
      readonly seed: number;
      /** Of each node. */
      readonly shards: number;
      readonly faults: readonly TracedFault[];
      /** The shard that is home to each topic of clients. */
      readonly homes: readonly (readonly [topic: string, shard: number])[];
      readonly broker: BrokerOptions;
      readonly home: HomeLimits;
      /** Buggify sites that may fire. */
      readonly sites: readonly string[];
    }
  /** A client begins its life in the run. */
  | {
      readonly kind: 'joined';
      readonly node: number;
      readonly client: number;
      readonly behaviour: Behaviour;
      /** It wants these topics whenever it is connected. */
      readonly topics: readonly string[];
      readonly publishes: readonly string[];
      readonly transport: Transport;
      /** Bytes that it reads in a second; 0 where it reads all at once, or nothing. */
      readonly readsPerSecond: number;
      /** What its way takes at once. */
      readonly windowBytes: number;
      /** Undefined where none is asked for. */
      readonly token: Token | undefined;
    }
  | (AtClient &
      AtShard & {
        readonly kind: 'connected';
        readonly transport: 'ws' | 'sse';
        /** When it asked to be let in. */
        readonly askedAt: number;
      })
  /** An answer of HTTP that lets nobody in, or takes nothing of what was posted. */
  | (AtClient &
      AtShard & {
        readonly kind: 'turnedAway';
        readonly transport: Transport;
        readonly asked: Asked;
        /** What it wanted to follow or to publish to. */
        readonly topics: readonly string[];
        readonly status: number;
        readonly error: string;
        readonly headers: Readonly<Record<string, string>>;
        readonly askedAt: number;
      })
  /** A sign of life of the server's: a ping, or a comment in an event stream. */
  | (AtClient & { readonly kind: 'pinged'; readonly transport: 'ws' | 'sse' })
  /** A question that changes nothing. */
  | (AtTopic & { readonly kind: 'inquired'; readonly asked: 'list' | 'info' })
  /** The topics that its answer names. */
  | (AtClient & {
      readonly kind: 'told';
      readonly asked: 'list' | 'info';
      readonly topics: readonly string[];
    })
  /** An error is the answer. */
  | (AtTopic & { readonly kind: 'refused'; readonly asked: Asked; readonly error: string })
  | (AtClient & {
      readonly kind: 'closed';
      /** As the client saw it; 1006 without a close frame. */
      readonly code: number;
      /** Of the close frame; empty without one. */
      readonly reason: string;
      readonly by: 'server' | 'client' | 'network';
    })
  | (AtTopic & {
      readonly kind: 'subscribeSent';
      readonly since: TracePosition | undefined;
      readonly envelope: boolean;
    })
  | (AtTopic &
      Followed & {
        readonly kind: 'subscribed';
        readonly since: TracePosition | undefined;
        readonly envelope: boolean;
        /** Undefined in Hermes' own protocol, which tells no places. */
        readonly position: TracePosition | undefined;
        readonly recovered: boolean | undefined;
      })
  | (AtTopic & { readonly kind: 'unsubscribeSent' })
  | (AtTopic & Followed & { readonly kind: 'unsubscribed' })
  | (AtTopic &
      Published & {
        readonly kind: 'publishSent';
        readonly id: string | undefined;
        /** Of its data. */
        readonly dataBytes: number;
        /** Names the bytes: see `nameBytes`. */
        readonly bytesName: number;
        /** The same, of the bytes as an event stream gives them: with LF for each line end. */
        readonly streamName?: number;
        /** The same id was sent before with the same bytes. */
        readonly isRepeat: boolean;
      })
  | (AtTopic &
      Published & {
        readonly kind: 'published';
        readonly id: string | undefined;
        /** Of its topic, as the answer tells. */
        readonly subscribers: number;
        readonly position: TracePosition;
        readonly isDuplicate: boolean;
      })
  | (AtTopic &
      Published & {
        readonly kind: 'publishFailed';
        /** `forbidden` and `limited` are the publisher's own, `refused` is for want of room. */
        readonly why: 'refused' | 'unknown' | 'forbidden' | 'limited';
      })
  | (AtClient &
      Followed &
      Published & {
        readonly kind: 'message';
        /** What the envelope or stream says; undefined where the wire says none. */
        readonly topic: string | undefined;
        readonly position: TracePosition | undefined;
        readonly id: string | undefined;
        /** What the payload says of itself. */
        readonly saidTopic: string;
        readonly bytesName: number;
      })
  | (AtTopic &
      Followed & {
        readonly kind: 'gap';
        readonly epoch: string;
        readonly from: number;
        readonly to: number | undefined;
        readonly reason: string;
      })
  /** What a client was told of all topics that are followed, when everything was at rest. */
  | (AtClient & {
      readonly kind: 'listed';
      readonly topics: readonly (readonly [topic: string, subscribers: number])[];
    })
  /** What a client was told of one topic, when everything was at rest. */
  | (AtTopic & {
      readonly kind: 'informed';
      readonly subscribers: number;
      /** Undefined for a topic without a life. */
      readonly position: TracePosition | undefined;
      readonly history: number;
    })
  /** What one thread holds, when everything is at rest. */
  | {
      readonly kind: 'counted';
      readonly node: number;
      readonly shard: number;
      readonly connections: number;
      readonly actors: number;
      /** Actors that a thread has without any connection. */
      readonly actorsAlways: number;
    }
  /** The first words on a WebSocket: an `info` frame, or another. */
  | (AtClient & { readonly kind: 'greeted'; readonly isWelcome: boolean })
  /** A question whose only right answer is known: a mistake, more often than not. */
  | (AtClient & {
      readonly kind: 'asked';
      readonly door: 'ws' | 'http';
      readonly text: string;
      readonly expected: string;
    })
  | (AtClient & {
      readonly kind: 'answered';
      readonly door: 'ws' | 'http';
      readonly expected: string;
      readonly heard: string;
      readonly isRight: boolean;
    })
  /** Bytes that are no frame; without a code whatever follows is right. */
  | (AtClient & {
      readonly kind: 'brokenSent';
      readonly what: string;
      readonly code: number | undefined;
      /** Undefined where any is right. */
      readonly reason: string | undefined;
    })
  /** The server said something in other words than the spec has for it. */
  | (AtClient & { readonly kind: 'misworded'; readonly text: string; readonly correction: string })
  /** The server said something that nothing asked for, or that cannot be read. */
  | (AtClient & { readonly kind: 'unexpected'; readonly what: string })
  /** A process died for ever, with all its threads. */
  | { readonly kind: 'nodeKilled'; readonly node: number; readonly shards: number }
  /** A client went for ever. */
  | { readonly kind: 'left'; readonly node: number; readonly client: number }
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
      /** The most that any connection had been given without a receipt when it was given more, since the last sample. */
      readonly outstandingBytes: number;
      readonly outstandingBytesMax: number;
    }
  /** Faults are over and the workload has ended; what follows must come to rest. */
  | { readonly kind: 'healed' }
  /** What a client still waits for when everything is at rest. */
  | (AtTopic & { readonly kind: 'unanswered'; readonly what: string })
  /** Whatever could come of itself has come; what follows pushes again. */
  | { readonly kind: 'rested' }
  /** The run ends; nothing is on its way. */
  | { readonly kind: 'quiet' };

/** What the trace puts on a record. */
export interface Stamp {
  /** Its place in the trace. */
  readonly seq: number;
  /** Virtual microseconds. */
  readonly at: number;
  /** Place of the event that caused it; -1 when none did. */
  readonly cause: number;
}

export type TraceEvent = TraceRecord & Stamp;

export type TraceKind = TraceRecord['kind'];
export type EventOf<K extends TraceKind> = Extract<TraceEvent, { readonly kind: K }>;

/** What the broker of a run is started with. */
export type BrokerTerms = EventOf<'began'>['broker'];

export interface Violation {
  /** The invariant that was broken. */
  readonly property: string;
  readonly requirements: readonly string[];
  readonly seq: number;
  readonly at: number;
  readonly sentence: string;
  /** What broke it; undefined when nothing that happened did. */
  readonly event: TraceEvent | undefined;
}

/** Sees events of the kinds that it names, as they are recorded. */
export type Watcher = { readonly [K in TraceKind]?: (event: EventOf<K>) => void };

type Watch = (event: TraceEvent) => void;

/** Shows one event to one watcher. */
export function watch(watcher: Watcher, event: TraceEvent): void {
  (watcher[event.kind] as Watch | undefined)?.(event);
}

export class Trace {
  /** What was recorded, where it is kept: a run that nobody will read forgets it at once. */
  readonly events: TraceEvent[] = [];
  now = 0;
  readonly #isKept: boolean;
  readonly #watches: ReadonlyMap<string, readonly Watch[]>;
  #count = 0;

  constructor(watchers: readonly Watcher[] = [], isKept = true) {
    this.#isKept = isKept;
    const watches = new Map<string, Watch[]>();
    for (const watcher of watchers) {
      for (const [kind, see] of Object.entries(watcher)) {
        const all = watches.get(kind);
        if (all === undefined) watches.set(kind, [see as Watch]);
        else all.push(see as Watch);
      }
    }
    this.#watches = watches;
  }

  /** Events recorded so far, kept or not. */
  get count(): number {
    return this.#count;
  }

  /** Records what happened now; returns its place, for those that it causes. */
  add(record: TraceRecord, cause = -1): number {
    const seq = this.#count;
    this.#count += 1;
    // The record becomes the event: a copy for each would cost more than all the judging.
    const event = record as TraceEvent;
    const stamped = event as { seq: number; at: number; cause: number };
    stamped.seq = seq;
    stamped.at = this.now;
    stamped.cause = cause;
    if (this.#isKept) this.events.push(event);
    const watches = this.#watches.get(event.kind);
    if (watches !== undefined) for (const see of watches) see(event);
    return seq;
  }
}
