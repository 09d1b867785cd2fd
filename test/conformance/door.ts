// How a case reaches a server, whatever lies between: sockets (socket-site.ts) or the simulator's edges (sim-site.ts).
// Level: requests and answers for HTTP, messages for WebSocket, blocks for event streams. What is waited for arrives,
// or the promise is rejected with a sentence.

export interface Handshake {
  /** With its query, if any. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly subprotocols?: readonly string[];
  /** False for a client that shows no sign of life. */
  readonly answersPings?: boolean;
}

export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A client's end of an open WebSocket. */
export interface WebSocketEnd {
  /** The chosen one; empty when there is none. */
  readonly subprotocol: string;
  /** A text, or bytes as a binary message. */
  send(message: string | Uint8Array): void;
  /** The next message; it must be a text. */
  next(): Promise<string>;
  /** Waits for a ping that nobody has waited for. */
  pinged(): Promise<void>;
  /** Reads nothing until `resume`. */
  pause(): void;
  resume(): void;
  close(code?: number, reason?: string): void;
  /** Gone without a word. */
  vanish(): void;
  /** 1006 when the server went without a word. */
  ended(): Promise<Closed>;
}

/** A client's end of an answer whose body goes on; nothing is read from it but while somebody waits. */
export interface StreamEnd {
  readonly headers: Headers;
  /** The next lines up to an empty one; undefined when the body has ended. */
  nextBlock(): Promise<string | undefined>;
  vanish(): void;
}

/** One case's way in: what it opens is gone when the case is over. */
export interface Door {
  /** The origin of pages that this door serves itself. */
  readonly origin: string;
  /** A number that no other case of this run has. */
  nextNumber(): number;
  webSocket(handshake: Handshake): Promise<WebSocketEnd | Answer>;
  request(asked: Asked): Promise<Answer>;
  stream(asked: Asked): Promise<StreamEnd | Answer>;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** Lets some time pass between two askings for what takes its time. */
  rest(): Promise<void>;
  leave(): void;
}

export function isAnswer(met: object): met is Answer {
  return 'status' in met;
}
