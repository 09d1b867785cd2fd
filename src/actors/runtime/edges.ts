// The contract between actors and the world: every message that crosses an edge, in both directions.
// An edge is an address; an actor cannot tell a socket from a simulation. Production edges live in
// transports/, their twins in sim/edges/; both are held to these words by test/edges/.
// Levels: requests for HTTP, messages for WebSocket, envelopes for shards. Obeys ADR 0001.

import type { Address } from './actor.ts';

/** One connection or one HTTP exchange; unique within its shard for the shard's life. */
export type ConnectionId = number;

/** What is written and heard: bytes. The simulator's object lane passes values that count as many instead. */
export interface Payload {
  readonly byteLength: number;
}

/** What one written payload costs against queues and windows, in bytes: itself and its bookkeeping. */
export function writeCost(payload: Payload): number {
  return payload.byteLength + WRITE_OVERHEAD_BYTES;
}
export const WRITE_OVERHEAD_BYTES = 32;

/** Bytes (by `writeCost`) that an edge accepts for one connection before it must have given a receipt. */
export const WINDOW_BYTES = 256 * 1024;

/** The parts of a request that sessions look at; header names in lower case, repeated ones joined by `, `. */
export interface RequestHead {
  readonly door: string;
  readonly method: string;
  /** Percent-encoded path as received, without the query. */
  readonly path: string;
  /** The text after `?`, without it; empty when there is none. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The peer's network address, without its port. */
  readonly remote: string;
}

/** An HTTP request arrived whole (its body is bounded by the edge). */
export interface RequestReceived extends RequestHead {
  readonly type: 'requestReceived';
  readonly connection: ConnectionId;
  readonly body: Uint8Array;
}

/** A valid WebSocket handshake arrived and waits for `accept` or `respond`. */
export interface UpgradeRequested extends RequestHead {
  readonly type: 'upgradeRequested';
  readonly connection: ConnectionId;
  readonly subprotocols: readonly string[];
}

/** What a door hears. */
export type DoorEvent = RequestReceived | UpgradeRequested;

/** What the owner of an open connection hears. */
export type ConnectionEvent =
  | {
      readonly type: 'messageReceived';
      readonly connection: ConnectionId;
      readonly payload: Payload;
      /** Told at gateway doors, where the difference is passed on. */
      readonly isBinary?: boolean;
    }
  /** At gateway doors, where the origin answers pings and not the edge. */
  | {
      readonly type: 'pingReceived';
      readonly connection: ConnectionId;
      readonly payload: Uint8Array;
    }
  | {
      readonly type: 'pongReceived';
      readonly connection: ConnectionId;
      readonly payload?: Uint8Array;
    }
  /** At gateway doors: the client wants to close (1005 without a code) and waits for `close`, or `cut`. */
  | {
      readonly type: 'closeReceived';
      readonly connection: ConnectionId;
      readonly code: number;
      readonly reason: string;
    }
  | {
      readonly type: 'closed';
      readonly connection: ConnectionId;
      /** What the peer said or answered; 1005 without a code, 1006 when it vanished; 1000 for HTTP. */
      readonly code: number;
      readonly reason: string;
    };

/** Bytes (by `writeCost`) handed to the network since the last receipt. */
export interface Receipt {
  readonly type: 'receipt';
  readonly connection: ConnectionId;
  readonly bytes: number;
}

/**
 * Writes one payload to many connections: encoded once, the same bytes for all.
 * The list belongs to the sender and changes after the edge has obeyed.
 */
export interface Write {
  readonly type: 'write';
  readonly connections: readonly ConnectionId[];
  readonly payload: Payload;
}

/** Both kinds of stream take these. After `close` nothing of the connection is heard but `closed`. */
export type StreamCommand =
  | Write
  | {
      readonly type: 'close';
      readonly connection: ConnectionId;
      readonly code: number;
      readonly reason: string;
    };

/** Answers an HTTP exchange, or refuses a WebSocket handshake, with a whole response; only the first answer counts. */
export interface Respond {
  readonly type: 'respond';
  readonly connection: ConnectionId;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The web edge: HTTP requests, HTTP streams and WebSocket connections of the doors of one shard. */
export type WebCommand =
  | StreamCommand
  | Respond
  | {
      /** Completes a WebSocket handshake. */
      readonly type: 'accept';
      readonly connection: ConnectionId;
      readonly subprotocol: string | undefined;
      readonly owner: Address<ConnectionEvent>;
      readonly receiptsTo: Address<Receipt>;
    }
  | {
      /** Answers 200 with a body that stays open: what is written goes out as it is. */
      readonly type: 'stream';
      readonly connection: ConnectionId;
      readonly headers: Readonly<Record<string, string>>;
      readonly owner: Address<ConnectionEvent>;
      readonly receiptsTo: Address<Receipt>;
    }
  | { readonly type: 'ping'; readonly connection: ConnectionId }
  /** Ends a connection without a word: the client sees it break. `closed` follows. */
  | { readonly type: 'cut'; readonly connection: ConnectionId }
  /**
   * Stops reading from a connection, or goes on; what the client sends meanwhile waits in the network. Whoever is being
   * closed is read: its answer has to be heard.
   */
  | { readonly type: 'hold'; readonly connection: ConnectionId; readonly isHeld: boolean };

/** The auth edge checks a token's signature and dates; it knows no topics. */
export interface VerifyToken {
  readonly type: 'verify';
  readonly token: string;
  readonly ref: number;
  readonly replyTo: Address<TokenVerdict>;
}

export type TokenVerdict =
  | {
      readonly type: 'tokenVerified';
      readonly ref: number;
      /** Topic patterns from the claims `subscribe` and `publish`: exact, or with a last `*`. */
      readonly subscribe: readonly string[];
      readonly publish: readonly string[];
      /** Milliseconds until the token ends; absent when it never does. */
      readonly expiresInMs: number | undefined;
      /** Whom the token was made for, from the claim `sub`. */
      readonly subject?: string | undefined;
    }
  | { readonly type: 'tokenRefused'; readonly ref: number; readonly reason: string };

/** One structured log line. */
export interface Log {
  readonly type: 'log';
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** Another shard of this node died; a fresh one takes its place. What was sent to it may be lost. */
export interface ShardDown {
  readonly type: 'shardDown';
  readonly shard: number;
}

/** The edges of one shard, as addresses. */
export interface Edges {
  readonly web: Address<WebCommand>;
  readonly auth: Address<VerifyToken>;
  readonly log: Address<Log>;
}
