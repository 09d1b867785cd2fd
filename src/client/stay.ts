// What a person wants of a chat, how that can end, and what a conversation needs around it.
// Refuses to know how any of it comes about.

import type { Happening } from './happenings.ts';

export type Credentials =
  | { readonly method: 'none' }
  | { readonly method: 'password'; readonly password: string }
  | { readonly method: 'token'; readonly token: string };

export interface Stay {
  readonly user: string;
  readonly credentials: Credentials;
  readonly rooms: readonly string[];
  /** So many of the last messages of a room are wanted when it is joined. */
  readonly historyMax: number;
}

/** By the person's wish, or by the server's word. */
export type Ending =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly code: string; readonly text: string };

export interface Surroundings {
  write(line: string): void;
  tell(happening: Happening): void;
  /** Other nodes of the chat, as `host:port`; the first of them is to be called next. */
  learn(servers: readonly string[]): void;
  /** Calls `goOn` after so long. */
  wait(ms: number): void;
  /** Gives the connection up for another one, which is opened after so long at the least. */
  callAgain(afterMs: number, reason: string): void;
  end(ending: Ending): void;
  freshId(): string;
  /** Seconds since 1970. */
  seconds(): number;
}
