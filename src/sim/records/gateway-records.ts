// What the trace says of the gateway: what publishers made and handed over, what origins said, what clients asked and
// heard, and what the edges carry. Items are numbered in their channel from 1, as their origin wrote them down.
// Refuses to judge. Channels have their full names here, with the prefix of their route.

import type { FilterName } from './gateway-traits.ts';
import type { SceneRecord } from './scenes/scene-records.ts';

interface AtHolder {
  readonly node: number;
  readonly client: number;
  /** Unique in the run; of the client's connection that the question came on. */
  readonly connection: number;
}

interface AtPage {
  readonly node: number;
  readonly client: number;
  /** From 1 up; each has a name of its own. */
  readonly session: number;
}

/** How publishers hand items over. */
export type PublishWay = 'http' | 'pull' | 'sub';

/** A poller asks again and again, a streamer reads on and on; `plain` asks for something that is passed on. */
export type HolderKind = 'poll' | 'stream' | 'ws' | 'plain';

/** Items of one channel, in the order in which they were written or read. */
export interface Lines {
  readonly channel: string;
  readonly items: readonly number[];
}

export interface ChannelTraits {
  readonly channel: string;
  /** Its origin tells each hold which item it has seen last. */
  readonly hasIds: boolean;
  /** Its publisher hands its items over one after the other, and each once. */
  readonly isOrdered: boolean;
}

export type GatewayRecord =
  | SceneRecord
  | {
      readonly kind: 'gatewayBegan';
      readonly channels: readonly ChannelTraits[];
      /** Deliveries of a second. */
      readonly messageRate?: number | undefined;
    }
  /** An origin wrote an item into its log. */
  | {
      readonly kind: 'itemMade';
      readonly channel: string;
      readonly item: number;
      /** Made when faults are over, to see who is there. */
      readonly isProbe: boolean;
    }
  /** It was handed to the control actor of a node. */
  | {
      readonly kind: 'itemSent';
      readonly node: number;
      readonly channel: string;
      readonly item: number;
      readonly isRepeat: boolean;
      /** Over HTTP, or as a ZeroMQ socket takes it. */
      readonly way?: PublishWay;
    }
  /** An operator wrote a node's routes anew: by the names of its routes, for the so manieth time. */
  | { readonly kind: 'routesWritten'; readonly node: number; readonly edition: number }
  /** The operator of a node was told that an item goes to nobody, for want of room. */
  | {
      readonly kind: 'itemDropped';
      readonly node: number;
      readonly channel: string;
      readonly receivers: number;
    }
  /** A thread is told that its process ends. */
  | { readonly kind: 'gatewayDrains'; readonly node: number; readonly shard: number }
  | { readonly kind: 'controlAnswered'; readonly node: number; readonly status: number }
  | (AtHolder & {
      readonly kind: 'holdAsked';
      readonly what: HolderKind;
      readonly channels: readonly string[];
      /** By place in `channels`: the item that it has seen last. */
      readonly seen: readonly number[];
      /** It asks with, or is to be held with, more bytes than the gateway keeps. */
      readonly isTooLarge: boolean;
      /** On all its channels. */
      readonly filter?: FilterName | undefined;
      /** Its origin has it kept alive in intervals. */
      readonly isInterval: boolean;
      /** It does not always read. */
      readonly naps?: boolean;
    })
  /** A client's question, or one that the gateway asks in its name, reached an origin. */
  | (AtHolder & {
      readonly kind: 'originHeard';
      readonly purpose: 'request' | 'next' | 'gone' | 'events' | 'socket';
    })
  | (AtHolder & {
      readonly kind: 'originSaid';
      readonly status: number;
      readonly hold: 'none' | 'response' | 'stream';
      readonly lines: readonly Lines[];
      /** It told a hold of an item that is older than the last one that it gave. */
      readonly isLie: boolean;
      /** It wants to know when the hold that begins with this is over. */
      readonly wantsParting: boolean;
    })
  /** The whole answer to a question that was not held open. */
  | (AtHolder & {
      readonly kind: 'holdAnswered';
      readonly status: number;
      readonly lines: readonly Lines[];
    })
  /** The answer has begun, and stays open. */
  | (AtHolder & { readonly kind: 'holdOpened' })
  | (AtHolder & { readonly kind: 'holdHeard'; readonly channel: string; readonly item: number })
  /** A stream is told that it is alive. */
  | (AtHolder & { readonly kind: 'holdKept' })
  /** What was promised with the echo of a word, and was to come later. */
  | (AtHolder & { readonly kind: 'delayHeard'; readonly word: number })
  /** Something that no answer may hold. */
  | (AtHolder & { readonly kind: 'holdMisheard'; readonly what: string })
  | (AtHolder & {
      readonly kind: 'holdEnded';
      /** `patience`: the client had heard nothing for too long. */
      readonly by: 'client' | 'patience' | 'server' | 'network';
      /** Its answer had come to its end. */
      readonly isWhole: boolean;
    })
  /** What a client says on its WebSocket, numbered from 1 on each connection. */
  | (AtHolder & { readonly kind: 'wordSaid'; readonly word: number })
  /** The origin took it, and said so. */
  | (AtHolder & { readonly kind: 'wordTaken'; readonly word: number })
  /** The origin has answered events, and left some of what was offered. */
  | (AtHolder & {
      readonly kind: 'wordsAnswered';
      readonly isPartial: boolean;
      /** Of what was offered it was told that so many bytes had been offered before, which at most so many had. */
      readonly replayedBytes: number;
      readonly knownBytes: number;
      /** What was offered, and whether it may be one event alone. */
      readonly events: number;
      readonly bytes: number;
      readonly isOneByOne: boolean;
      /** After so many seconds it wants to be asked, whatever its client says; 0: never. */
      readonly intervalS: number;
    })
  /** Whoever closed its WebSocket is closed so. */
  | (AtHolder & { readonly kind: 'closeAnswered'; readonly said: number; readonly code: number })
  /** The origin's echo of it came back. */
  | (AtHolder & { readonly kind: 'wordEchoed'; readonly word: number })
  /** The origin was told that the connection is over. */
  | (AtHolder & { readonly kind: 'partingTaken' })
  /** An edge was told to ask an origin; numbered in the run. */
  | {
      readonly kind: 'fetchBegan';
      readonly node: number;
      readonly shard: number;
      readonly question: number;
      readonly owner: string;
      /** Of a WebSocket over HTTP. */
      readonly isEvents: boolean;
    }
  | {
      readonly kind: 'fetchEnded';
      readonly node: number;
      readonly shard: number;
      readonly question: number;
      readonly how: 'failed' | 'collected' | 'relayed' | 'abandoned' | 'closed';
    }
  /** What the operator of a thread was told last, before everybody leaves: who follows, where anybody does. */
  | {
      readonly kind: 'followedTold';
      readonly node: number;
      readonly shard: number;
      readonly followed: readonly (readonly [channel: string, mode: string, subscribers: number])[];
    }
  /** Whoever answers it was told what it cannot bear. */
  | (AtHolder & {
      readonly kind: 'holderPoisoned';
      readonly what: HolderKind;
      readonly address: string;
    })
  /** An operator was told something of an errand that writes it down. */
  | {
      readonly kind: 'errandNoticed';
      readonly node: number;
      readonly errand: string;
      readonly words: string;
    }
  /** The operator of a thread was told of a client, or that it is gone. */
  | {
      readonly kind: 'clientTold';
      readonly node: number;
      readonly shard: number;
      readonly id: string;
      readonly route: string | undefined;
      readonly isThere: boolean;
    }
  /** And to how many an item goes. */
  | {
      readonly kind: 'sendingTold';
      readonly node: number;
      readonly channel: string;
      readonly transport: string;
      readonly receivers: number;
    }
  /** The log has a line for the request of a scene. */
  | {
      readonly kind: 'requestLogged';
      readonly node: number;
      readonly client: number;
      readonly number: number;
      readonly words: string;
      /** Its origin was asked again. */
      readonly isRetry: boolean;
    }
  /** A page with a session of SockJS polls; `isOpen` when it has heard that it is. */
  | (AtPage & { readonly kind: 'idlerPolled'; readonly isOpen: boolean })
  /** What its poll was answered, or what broke it off. */
  | (AtPage & { readonly kind: 'idlerHeard'; readonly words: string })
  /** What it was answered when it sent a word. */
  | (AtPage & { readonly kind: 'idlerSaid'; readonly word: number; readonly words: string })
  /** Every client has had its time, and leaves for good. */
  | { readonly kind: 'holdersLeft' }
  /** What a thread holds for the gateway when everybody has left. */
  | {
      readonly kind: 'gatewayCounted';
      readonly node: number;
      readonly shard: number;
      /** Doors' connections that are open. */
      readonly connections: number;
      /** What the operator was told last: who follows which channel, where anybody does. */
      readonly followed: readonly (readonly [channel: string, mode: string, subscribers: number])[];
    };
