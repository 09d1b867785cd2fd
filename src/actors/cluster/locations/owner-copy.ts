// What one node knows of the sessions of another: a copy of its log up to some version, and what was shown of it to
// this node's keepers. Refuses to know links. Obeys spec/hp-peer.md, section "Owners and copies".

import type { OwnerOp, SessionTold } from '../../codecs/hp-peer/peer-messages.ts';
import { Sessions } from './owner-log.ts';

/** What keepers are to hear. */
export interface Difference {
  readonly up: readonly SessionTold[];
  readonly down: readonly { readonly session: string; readonly user: string }[];
}

export class OwnerCopy {
  incarnation: number;
  ver = 0;
  /** Everything up to `ver` is here, and is shown. */
  isSynced = false;
  /** When more was asked for; microseconds. */
  askedAt = Number.NEGATIVE_INFINITY;
  readonly #sessions = new Sessions();
  /** What the keepers of this node were told. */
  readonly #shown = new Map<string, SessionTold>();
  #chunks: SessionTold[] | undefined = undefined;
  #nextChunk = 0;

  constructor(incarnation: number) {
    this.incarnation = incarnation;
  }

  get digest(): string {
    return this.#sessions.digest;
  }

  get shown(): readonly SessionTold[] {
    return [...this.#shown.values()];
  }

  /** [HP-REPL-6] A new life of its owner: what is shown stays until the new one has told what it has. */
  begin(incarnation: number): void {
    this.incarnation = incarnation;
    this.ver = 0;
    this.isSynced = false;
    this.#sessions.clear();
    this.#chunks = undefined;
  }

  /** [HP-REPL-3] `gap` when something before it is missing. */
  take(from: number, to: number, ops: readonly OwnerOp[]): 'gap' | 'taken' {
    if (to <= this.ver) return 'taken';
    if (from > this.ver) return 'gap';
    for (const op of ops.slice(this.ver - from)) this.#sessions.obey(op);
    this.ver = to;
    return 'taken';
  }

  /** [HP-REPL-7] A piece of everything; the last one puts it in place of what was known. */
  takeChunk(ver: number, chunk: number, chunks: number, sessions: readonly SessionTold[]): boolean {
    if (chunk === 0) {
      this.#chunks = [];
      this.#nextChunk = 0;
    }
    if (this.#chunks === undefined || chunk !== this.#nextChunk) {
      this.#chunks = undefined;
      return false;
    }
    this.#chunks.push(...sessions);
    this.#nextChunk += 1;
    if (this.#nextChunk < chunks) return true;
    this.#sessions.clear();
    for (const told of this.#chunks) this.#sessions.put(told);
    this.ver = ver;
    this.#chunks = undefined;
    return true;
  }

  /** What keepers have to hear so that they know what is known here. */
  show(): Difference {
    const up: SessionTold[] = [];
    const down: SessionTold[] = [];
    for (const told of this.#sessions.all) {
      if (this.#shown.get(told.session) !== told) up.push(told);
    }
    for (const told of this.#shown.values())
      if (this.#sessions.get(told.session) === undefined) down.push(told);
    for (const { session } of down) this.#shown.delete(session);
    for (const told of up) this.#shown.set(told.session, told);
    return { up, down };
  }

  /** The node is gone: nothing of it is shown, though it is remembered. */
  hide(): Difference {
    const down = [...this.#shown.values()];
    this.#shown.clear();
    this.isSynced = false;
    return { up: [], down };
  }
}
