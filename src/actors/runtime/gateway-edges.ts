// The contract between the gateway's actors and the world: clients whose requests are passed on to origins, the
// origins, and what operators hear. Bodies do not pass through actors unless they ask for them: an actor says where
// an answer's body goes, and the edge carries it there with back-pressure.
// A client's exchange keeps its number when it becomes an open stream or WebSocket; from then on it is written to
// through `edges.web` and its owner hears `ConnectionEvent`s. Obeys ADR 0001; held to its words by test/edges/.

import type { Address } from './actor.ts';
import type { ConnectionEvent, ConnectionId, Payload, Receipt } from './edges.ts';

/** Names in the case received; repeated ones stand as often as they came. The same as in codecs/grip. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** A WebSocket payload that is not a text message; text travels as bare bytes. */
export interface FramedPayload extends Payload {
  readonly frame: 'binary' | 'ping' | 'pong';
  readonly bytes: Uint8Array;
}

/** The head of a request arrived at a gateway door; its body waits in the network. */
export interface ProxyRequested {
  readonly type: 'proxyRequested';
  readonly connection: ConnectionId;
  readonly door: string;
  readonly method: string;
  /** Percent-encoded, without the query; taken from an absolute target, too. */
  readonly path: string;
  /** With its `?`; empty when there is none. */
  readonly search: string;
  readonly headers: HeaderList;
  /** The same head as of the request before it on its connection: `headers` is the same list. */
  readonly isRepeated?: boolean;
  /** The value of Host, or the authority of an absolute target. */
  readonly host: string;
  readonly isSecure: boolean;
  /** Bytes of the body; 0 when there is none, undefined when it is chunked. */
  readonly bodyBytes: number | undefined;
  /** A valid WebSocket handshake: wants `upgrade` or `answer`. */
  readonly isWebSocket: boolean;
  readonly remote: string;
}

/** What the owner of a client's exchange hears until it is answered, held or upgraded. */
export type ExchangeEvent =
  | {
      readonly type: 'bodyRead';
      readonly connection: ConnectionId;
      readonly body: Uint8Array;
      /** False when more was to come than asked for; the rest still waits. */
      readonly isWhole: boolean;
    }
  /** The client went away before its answer was whole. Nothing more is heard of it. */
  | { readonly type: 'clientGone'; readonly connection: ConnectionId };

/** Where an origin is and how it is spoken to. */
export interface OriginAddress {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** Do not verify its certificate. */
  readonly isInsecure: boolean;
  /** The name that its certificate must carry, and that SNI asks for. */
  readonly serverName: string;
  /** Private and loopback addresses are refused (`blocked`). */
  readonly isUntrusted: boolean;
  readonly clientCertFile: string | undefined;
  readonly clientKeyFile: string | undefined;
}

/** Signs the request with `Grip-Sig`: a fresh token for each request, of an issuer, with a key in Pushpin's syntax. */
export interface Signature {
  readonly issuer: string;
  readonly key: string;
}

export type RequestBody =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /**
   * What was read of the client's body already, and then the rest of it as it comes. A copy of up to `keepBytesMax`
   * is kept and comes back with the answer, for a hold that may have to ask again.
   */
  | {
      readonly kind: 'client';
      readonly connection: ConnectionId;
      readonly first: Uint8Array;
      readonly keepBytesMax: number;
    };

/** Why an origin gave no answer. The first four came before anything of the request was sent. */
export type OriginFailure = 'refused' | 'connectTimeout' | 'tls' | 'blocked' | 'broken' | 'timeout';

/** What the asker of an origin hears; `ref` is the asker's own number for its question. */
export type OriginEvent =
  /** The head of the answer; its body waits for `collect`, `relay`, `relayInto` or `abandon`. */
  | {
      readonly type: 'originAnswered';
      readonly ref: number;
      readonly status: number;
      readonly reason: string;
      readonly headers: HeaderList;
      /** The copy of the client's body; undefined when it was longer than what may be kept. */
      readonly requestBody: Uint8Array | undefined;
    }
  | {
      readonly type: 'originFailed';
      readonly ref: number;
      readonly why: OriginFailure;
      readonly wasSent: boolean;
    }
  | {
      readonly type: 'originBody';
      readonly ref: number;
      readonly body: Uint8Array;
      /** False when there is more than asked for: `relay` sends these bytes again, and then the rest. */
      readonly isWhole: boolean;
      /** The origin broke off inside its body; nothing more can be had. */
      readonly isBroken: boolean;
    }
  /** A relayed body reached the client, or (`isWhole` false) broke off: the edge has then cut the client's connection. */
  | {
      readonly type: 'relayed';
      readonly ref: number;
      readonly isWhole: boolean;
      readonly bytes: number;
    }
  /** The origin agreed to speak WebSocket. A refusal is `originAnswered`. */
  | { readonly type: 'originUpgraded'; readonly ref: number; readonly headers: HeaderList }
  | {
      readonly type: 'originMessage';
      readonly ref: number;
      readonly kind: MessageKind;
      readonly payload: Uint8Array;
    }
  /** Its own close, or (`code` 1006) its end without one. 1005 is a close without a code. */
  | {
      readonly type: 'originClosed';
      readonly ref: number;
      readonly code: number;
      readonly reason: string;
    }
  /** What was said to the origin piles up (`isPressed`), or has left. */
  | { readonly type: 'originPressed'; readonly ref: number; readonly isPressed: boolean };

export type MessageKind = 'text' | 'binary' | 'ping' | 'pong';

export interface SignatureVerdict {
  readonly type: 'signatureVerified';
  readonly ref: number;
  readonly isValid: boolean;
}

/** What opens a held stream or WebSocket. */
interface Opening {
  readonly connection: ConnectionId;
  readonly owner: Address<ConnectionEvent>;
  readonly receiptsTo: Address<Receipt>;
}

export type GatewayCommand =
  /**
   * Names who hears of the exchange from now on, and under which number: an owner of exchanges of several shards, which
   * give each the same numbers, has its own.
   */
  | {
      readonly type: 'own';
      readonly connection: ConnectionId;
      readonly owner: Address<ExchangeEvent>;
      readonly heardAs?: ConnectionId;
    }
  /** Reads up to so many bytes of the client's body, or all of it. */
  | { readonly type: 'readBody'; readonly connection: ConnectionId; readonly bytesMax: number }
  /** A whole answer, framed by the edge (Content-Length; none for HEAD's body, 1xx, 204, 304); only the first counts. */
  | {
      readonly type: 'answer';
      readonly connection: ConnectionId;
      readonly status: number;
      readonly reason: string;
      readonly headers: HeaderList;
      readonly body: Uint8Array;
      /** The connection ends after it. */
      readonly isLast?: boolean;
    }
  /** Head and first bytes of a body that stays open; chunked for HTTP/1.1, and the connection's end for HTTP/1.0. */
  | (Opening & {
      readonly type: 'startStream';
      readonly status: number;
      readonly reason: string;
      readonly headers: HeaderList;
      readonly body: Uint8Array;
    })
  /** Completes a WebSocket handshake with these headers beside the protocol's own. */
  | (Opening & { readonly type: 'upgrade'; readonly headers: HeaderList })
  /** Ends an exchange without an answer: the client sees its connection break. */
  | { readonly type: 'cut'; readonly connection: ConnectionId }
  /** So ends each whose owner is on that shard, which has died: it would wait for ever. */
  | { readonly type: 'cutOwned'; readonly shard: number }
  | {
      readonly type: 'fetch';
      readonly ref: number;
      readonly owner: Address<OriginEvent>;
      readonly origin: OriginAddress;
      readonly method: string;
      /** Path and query. */
      readonly target: string;
      /** With Host; without framing, which is the edge's. */
      readonly headers: HeaderList;
      /** The same list will come again: what is made of it may be kept. */
      readonly areHeadersKept?: boolean;
      readonly body: RequestBody;
      readonly signature: Signature | undefined;
      /** Undefined: as long as bytes come within the idle timeout. */
      readonly timeoutMs: number | undefined;
    }
  | {
      readonly type: 'collect';
      readonly owner: Address<OriginEvent>;
      readonly ref: number;
      readonly bytesMax: number;
    }
  /** Answers the client with the origin's body under this head, as it comes. */
  | {
      readonly type: 'relay';
      readonly owner: Address<OriginEvent>;
      readonly ref: number;
      readonly connection: ConnectionId;
      readonly status: number;
      readonly reason: string;
      /** With the origin's Content-Length where the body is passed on as it is; else the edge frames it. */
      readonly headers: HeaderList;
      /** The answer stays open as a held stream when the origin's body has ended. */
      readonly thenHold: Omit<Opening, 'connection'> | undefined;
    }
  /** Puts the body behind what an open stream was told; `owner` hears `relayed`. */
  | {
      readonly type: 'relayInto';
      readonly owner: Address<OriginEvent>;
      readonly ref: number;
      readonly connection: ConnectionId;
    }
  /** Lets go of a question, whatever became of it. */
  | { readonly type: 'abandon'; readonly owner: Address<OriginEvent>; readonly ref: number }
  | {
      readonly type: 'connectWs';
      readonly ref: number;
      readonly owner: Address<OriginEvent>;
      readonly origin: OriginAddress;
      readonly target: string;
      readonly headers: HeaderList;
      readonly signature: Signature | undefined;
    }
  | {
      readonly type: 'sayToOrigin';
      readonly owner: Address<OriginEvent>;
      readonly ref: number;
      readonly kind: MessageKind;
      readonly payload: Uint8Array;
    }
  /** 1005 closes without a code, 1006 without a close frame. */
  | {
      readonly type: 'closeOrigin';
      readonly owner: Address<OriginEvent>;
      readonly ref: number;
      readonly code: number;
      readonly reason: string;
    }
  | {
      readonly type: 'holdOrigin';
      readonly owner: Address<OriginEvent>;
      readonly ref: number;
      readonly isHeld: boolean;
    }
  /** Is this `Grip-Sig` signed with the key, and in date? */
  | {
      readonly type: 'verifySignature';
      readonly ref: number;
      readonly token: string;
      readonly key: string;
      readonly replyTo: Address<SignatureVerdict>;
    };

/** What happens to channels and connections, for the operator: ZeroMQ subscriptions, the stats socket, counters. */
export type OperatorNotice =
  | {
      readonly type: 'channelFollowed';
      readonly channel: string;
      readonly mode: HoldMode;
      /** 0: nobody follows it in this mode any more. */
      readonly subscribers: number;
    }
  | {
      readonly type: 'messageSent';
      readonly channel: string;
      readonly itemId: string | undefined;
      readonly transport: 'http-response' | 'http-stream' | 'ws-message';
      readonly receivers: number;
      readonly blocks: number | undefined;
    }
  /** One unit of activity as well. */
  | {
      readonly type: 'clientConnected';
      readonly connection: ConnectionId;
      readonly id: string;
      readonly kind: 'http' | 'ws';
      readonly route: string | undefined;
      readonly remote: string;
      readonly isSecure: boolean;
    }
  | {
      readonly type: 'clientDisconnected';
      readonly connection: ConnectionId;
      readonly id: string;
      readonly route: string | undefined;
    }
  | { readonly type: 'activity'; readonly route: string | undefined; readonly count: number }
  /** Items taken from publishers, by whatever door. */
  | {
      readonly type: 'itemsPublished';
      readonly count: number;
      readonly blocks: number | undefined;
    }
  /** Requests of clients that arrived at gateway doors. */
  | { readonly type: 'requestsReceived'; readonly count: number };

export type HoldMode = 'response' | 'stream' | 'ws';

/** What publishers and operators ask of the node; single-instance doors live beside shard 0. */
export type ControlEvent =
  | {
      readonly type: 'controlRequested';
      readonly connection: ConnectionId;
      readonly method: string;
      /** The raw request target. */
      readonly target: string;
      readonly accept: string | undefined;
      readonly body: Uint8Array;
    }
  | {
      readonly type: 'itemReceived';
      readonly input: 'pull' | 'sub';
      readonly frames: readonly Uint8Array[];
    }
  /** Stands behind the items of one batch: answered when they have been taken, so that the next may come. */
  | { readonly type: 'batchEnded'; readonly ref: number }
  | { readonly type: 'commandReceived'; readonly ref: number; readonly frame: Uint8Array };

export type ControlReply =
  | {
      readonly type: 'controlAnswer';
      readonly connection: ConnectionId;
      readonly status: number;
      readonly headers: HeaderList;
      readonly body: string;
    }
  | { readonly type: 'batchTaken'; readonly ref: number }
  | { readonly type: 'commandReply'; readonly ref: number; readonly frame: Uint8Array };

/** The gateway's edges of one shard. */
export interface GatewayEdges {
  readonly gateway: Address<GatewayCommand>;
  readonly operator: Address<OperatorNotice>;
  readonly control: Address<ControlReply>;
}
