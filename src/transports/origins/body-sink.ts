// Where an origin's body goes: a client's answer, or an open stream. The source hands over what it has and waits when
// it is told to. Refuses to know either end.

/** Whoever pours a body into a sink. */
export interface Pouring {
  /** There is room again. */
  drained(): void;
  /** There is nobody left to write to. */
  gone(): void;
}

/** Takes a body piece by piece. */
export interface BodySink {
  /** Bytes of the body that it took. */
  readonly bytes: number;
  /** The reader sees, or will see, that the body is not whole. */
  readonly isCut: boolean;
  /** Set by whoever pours, before the first piece. */
  pouring: Pouring | undefined;
  /** False: wait until `drained`. The first call may come with all that there is. */
  write(pieces: readonly Uint8Array[], isLast: boolean): boolean;
  /** The origin broke off: whoever reads must see it. */
  broke(): void;
  /** The reader went away. */
  left(): void;
}
