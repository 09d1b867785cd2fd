// What an actor is: a definition that turns one message at a time into sends, timers and children.
// `receive` is synchronous and runs to its end; what it sent leaves only when it returns.
// Refuses to know: threads, sockets, clocks, who schedules it. Obeys ADR 0003 (actors never await).

declare const accepts: unique symbol;

/** Where a message can be sent: `shard/name` as text, with the messages that its owner understands as its type. */
export type Address<M = never> = string & { readonly [accepts]: (message: M) => void };

/** A named timer of the actor itself came due. */
export interface TimedOut {
  readonly type: 'timedOut';
  readonly name: string;
}

/** A child of the actor has ended; `failed` when a bug ended it. */
export interface ChildStopped {
  readonly type: 'childStopped';
  readonly child: string;
  readonly failed: boolean;
}

/** What every actor may receive beside its own messages. */
export type RuntimeMessage = TimedOut | ChildStopped;

/** All that an actor can do to the world. Valid only during `receive`, `start` and `lastWords`. */
export interface Context<M> {
  readonly self: Address<M>;
  /** Monotonic instant of this turn, integer microseconds; equal for the whole turn. */
  readonly now: number;
  /** Milliseconds since 1970 at this turn, by a clock that may be set: for what is told to others, and what they tell. */
  readonly wallMs: number;
  /** Uniform unsigned 32-bit integer from this actor's own stream. */
  random(): number;
  /** Puts a message into another mailbox or edge when this turn succeeds. */
  send<T>(to: Address<T>, message: NoInfer<T>): void;
  /** Starts a child that this actor supervises; `name` must be new on this shard. */
  spawn<A, S, N>(definition: ActorDefinition<A, S, N>, args: A, name: string): Address<N>;
  /** Ends a child, or this actor itself when no address is given. */
  stop(child?: Address): void;
  /** Arms (or re-arms) a named timer: one `timedOut` after `delayMs`. */
  after(name: string, delayMs: number): void;
  /** Disarms a timer. One that came due already is still heard, if it waits in the mailbox. */
  cancel(name: string): void;
  /** Adds to a counter that operators can read. */
  count(counter: string, by?: number): void;
}

/** Whole seconds since 1970 at this turn, as they are told to others. */
export function secondsNow({ wallMs }: Pick<Context<never>, 'wallMs'>): number {
  return Math.floor(wallMs / 1_000);
}

/** What the supervisor does when `receive` throws: see `supervision.ts`. */
export type FailureRule = 'stop' | 'restart' | 'escalate';

export interface ActorDefinition<A, S, M> {
  /** Names the kind in traces, counters and logs. */
  readonly kind: string;
  /** Messages that may wait; one more fails the actor by its own rule. */
  readonly mailboxMax: number;
  readonly onFailure: FailureRule;
  start(args: A, context: Context<M>): S;
  receive(state: S, message: M | RuntimeMessage, context: Context<M>): void;
  /** Said in the actor's name after a bug ended it: closes what would otherwise be left open. */
  lastWords?(state: S, context: Context<M>): void;
}

/** Builds the address of a named actor or edge on a shard. */
export function addressOf<M>(shard: number, name: string): Address<M> {
  return `${shard}/${name}` as Address<M>;
}

/** The shard number at the head of an address. */
export function shardOf(address: string): number {
  let shard = 0;
  for (let at = 0; at < address.length; at += 1) {
    const unit = address.charCodeAt(at);
    if (unit === SLASH) return shard;
    shard = shard * 10 + unit - ZERO;
  }
  return Number.NaN;
}

/** States what must be true here; a failure is a bug of ours, never a peer's mistake. */
export function assert(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(sentence);
}

const SLASH = 0x2f;
const ZERO = 0x30;
