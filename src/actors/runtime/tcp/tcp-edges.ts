// The contract between actors and bare TCP doors: who connects, and who owns the connection from then on.
// An owned connection is one of the web edge: it is written to, held and closed there, under the number given here, and
// its owner hears `ConnectionEvent`s: `messageReceived` for each piece of bytes as it came, `closeReceived` (1005) when
// the peer says no more and may still be spoken to, `closed` at the end. Also what is asked about passwords.
// Refuses to know what is spoken. Obeys ADR 0001.

import type { Address } from '../actor.ts';
import type { ConnectionEvent, ConnectionId, Receipt } from '../edges.ts';

/** Someone connected and waits for `own` or `dismiss`; nothing is read before. */
export interface TcpOpened {
  readonly type: 'tcpOpened';
  readonly connection: ConnectionId;
  readonly door: string;
  /** The peer's network address, without its port. */
  readonly remote: string;
  readonly isLoopback: boolean;
  readonly isSecure: boolean;
  /** 32 hexadecimal digits from the system's own chance, never told to anybody. */
  readonly secret: string;
  /** 20 hexadecimal digits from the same; may be told. */
  readonly nonce: string;
  /** What both ends of a connection with TLS 1.3 know, and nobody else (RFC 9266), in base64url. */
  readonly channel?: string;
  /** The names in the other side's certificate, where one was asked for and believed. */
  readonly names?: readonly string[];
}

export type TcpCommand =
  | {
      readonly type: 'own';
      readonly connection: ConnectionId;
      readonly owner: Address<ConnectionEvent>;
      readonly receiptsTo: Address<Receipt>;
    }
  /** Says a last word and closes. */
  | {
      readonly type: 'dismiss';
      readonly connection: ConnectionId;
      readonly lastWords: Uint8Array;
    }
  /** Calls another node; who calls hears of it once. */
  | {
      readonly type: 'connect';
      readonly host: string;
      readonly port: number;
      readonly timeoutMs: number;
      readonly ref: number;
      readonly replyTo: Address<TcpDialed>;
    };

/** What became of a call. A connection that stands waits for `own` or `dismiss` like one that came in. */
export type TcpDialed =
  | { readonly type: 'tcpConnected'; readonly ref: number; readonly opened: TcpOpened }
  | {
      readonly type: 'tcpFailed';
      readonly ref: number;
      /** `refused`: something at the address said that nobody listens there. */
      readonly reason: 'refused' | 'timedOut' | 'failed';
    };

/** Judged by the edge, because a memory-hard hash takes its time. */
export type PasswordCommand =
  | {
      readonly type: 'verifyPassword';
      readonly user: string;
      readonly password: string;
      readonly remote: string;
      readonly ref: number;
      readonly replyTo: Address<PasswordVerdict>;
    }
  | {
      readonly type: 'findUser';
      readonly user: string;
      readonly ref: number;
      readonly replyTo: Address<PasswordVerdict>;
    };

export type PasswordVerdict =
  | {
      readonly type: 'passwordVerified';
      readonly ref: number;
      /** As the file writes the name. */
      readonly user: string;
    }
  | {
      readonly type: 'passwordRefused';
      readonly ref: number;
      /** Set when it was not looked at, because too many were tried. */
      readonly retryAfterSeconds: number | undefined;
    }
  | { readonly type: 'userFound'; readonly ref: number; readonly isKnown: boolean };

/** The chat's edges of one shard. */
export interface TcpEdges {
  readonly tcp: Address<TcpCommand>;
  readonly passwords: Address<PasswordCommand>;
}
