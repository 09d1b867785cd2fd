// The running turn: what its actor may do to the world, and what it has done so far, in order.
// Nothing here has happened yet: the system commits the effects when the turn succeeds, or forgets them.
// Refuses to know mailboxes' order, edges and who is next. Obeys ADR 0003 (all or nothing).

import type { SteadyMap } from './memory/steady-map.ts';
import { type ActorDefinition, type Address, addressOf, assert, type Context } from './actor.ts';
import { Mailbox } from './mailbox.ts';
import { Prng } from './prng.ts';
import type { Timer } from './timers.ts';

// A system keeps actors of all types side by side; each definition's own types were checked where it was spawned.
export type Anything = ActorDefinition<unknown, unknown, unknown>;

/** One actor with all that its system knows of it. */
export class Cell {
  readonly address: string;
  readonly definition: Anything;
  args: unknown;
  readonly parent: Cell | undefined;
  readonly mailbox: Mailbox<unknown>;
  state: unknown = undefined;
  isStarted = false;
  isReady = false;
  isGone = false;
  /** A bug ended it, or is about to. */
  hasFailed = false;
  children: SteadyMap<string, Cell> | undefined = undefined;
  timers: Map<string, Timer<Cell>> | undefined = undefined;
  prng: Prng | undefined = undefined;
  restarts: number[] | undefined = undefined;

  constructor(address: string, definition: Anything, args: unknown, parent: Cell | undefined) {
    this.address = address;
    this.definition = definition;
    this.args = args;
    this.parent = parent;
    this.mailbox = new Mailbox(definition.mailboxMax);
  }
}

/** What a turn does beside sending. */
export type Effect =
  | { readonly kind: 'spawn'; readonly cell: Cell }
  | { readonly kind: 'stop'; readonly address: string }
  | { readonly kind: 'after'; readonly name: string; readonly dueAt: number }
  | { readonly kind: 'cancel'; readonly name: string }
  | { readonly kind: 'count'; readonly counter: string; readonly by: number };

export interface TurnOptions {
  readonly shard: number;
  readonly seed: number;
  /** The living actor of an address. */
  readonly find: (address: string) => Cell | undefined;
  /** Whether a buggify site fires now; absent in production, where no site asks. */
  readonly buggify?: ((site: string) => boolean) | undefined;
}

/** The context of the running turn. One object serves all turns of a system. */
export class Turn implements Context<unknown> {
  /** Where each payload goes; undefined where the payload is an effect. The two arrays run in parallel. */
  readonly targets: (string | undefined)[] = [];
  readonly payloads: unknown[] = [];
  now = 0;
  wallAtZeroMs = 0;
  readonly #options: TurnOptions;
  readonly #spawned: string[] = [];
  #cell: Cell | undefined = undefined;

  constructor(options: TurnOptions) {
    this.#options = options;
  }

  get self(): Address<unknown> {
    return this.#current().address as Address<unknown>;
  }

  get wallMs(): number {
    return this.wallAtZeroMs + this.now / 1_000;
  }

  begin(cell: Cell, now: number): void {
    this.#cell = cell;
    this.now = now;
  }

  clear(): void {
    // Emptied by hand: a turn says a word or two, and setting a length costs more than that.
    while (this.targets.length > 0) {
      this.targets.pop();
      this.payloads.pop();
    }
    if (this.#spawned.length > 0) this.#spawned.length = 0;
    this.#cell = undefined;
  }

  random(): number {
    const cell = this.#current();
    cell.prng ??= new Prng(this.#options.seed, cell.address);
    return cell.prng.next();
  }

  /** Asked by sites that the simulator has grown: see sites.ts. */
  buggify(site: string): boolean {
    return this.#options.buggify?.(site) === true;
  }

  send(to: string, message: unknown): void {
    this.targets.push(to);
    this.payloads.push(message);
  }

  spawn<A, S, N>(definition: ActorDefinition<A, S, N>, args: A, name: string): Address<N> {
    const { shard, find } = this.#options;
    const address = addressOf<N>(shard, name);
    if (find(address) !== undefined || this.#spawned.includes(address))
      throw new Error(`the name ${address} is taken`);
    this.#spawned.push(address);
    this.#effect({
      kind: 'spawn',
      cell: new Cell(address, definition, args, this.#current()),
    });
    return address;
  }

  stop(child?: string): void {
    const cell = this.#current();
    const ending = child === undefined ? cell : this.#options.find(child);
    const isOwn = ending === undefined || ending === cell || ending.parent === cell;
    assert(isOwn, 'an actor ends itself and its own children only');
    this.#effect({ kind: 'stop', address: child ?? cell.address });
  }

  after(name: string, delayMs: number): void {
    assert(
      Number.isSafeInteger(delayMs) && delayMs >= 0,
      'a delay is a whole number of milliseconds',
    );
    this.#effect({ kind: 'after', name, dueAt: this.now + delayMs * 1_000 });
  }

  cancel(name: string): void {
    this.#effect({ kind: 'cancel', name });
  }

  count(counter: string, by = 1): void {
    this.#effect({ kind: 'count', counter, by });
  }

  #effect(effect: Effect): void {
    this.targets.push(undefined);
    this.payloads.push(effect);
  }

  #current(): Cell {
    assert(this.#cell !== undefined, 'a context is used within its own turn only');
    return this.#cell;
  }
}
