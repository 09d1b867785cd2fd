// Heads of requests and of what grants a handshake, as they travel. Refuses to know who says them.

export type WireHeaders = Readonly<Record<string, string>>;

export interface WireHead {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** 1.1, where nothing is said. */
  readonly httpVersion?: string;
  readonly headers: WireHeaders;
}

/** What an upgrade is answered, with the head that says so in bytes. */
export interface AcceptedWord {
  readonly word: 'accepted';
  readonly subprotocol: string | undefined;
  readonly head?: Uint8Array;
}
