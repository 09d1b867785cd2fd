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
  #sessions = new Sessions();
  /** What the keepers of this node were told: as a rule that is what is known, and then it is kept once. */
  #shown: Sessions | undefined = undefined;
  /** What comes in pieces, and takes the place of what is known with the last of them. */
  #coming: Sessions | undefined = undefined;
  #nextChunk = 0;

  constructor(incarnation: number) {
    this.incarnation = incarnation;
  }

  get digest(): string {
    return this.#sessions.digest;
  }

  get shown(): readonly SessionTold[] {
    return this.#shown?.all ?? [];
  }

  /** [HP-REPL-6] A new life of its owner: what is shown stays until the new one has told what it has. */
  begin(incarnation: number): void {
    this.incarnation = incarnation;
    this.ver = 0;
    this.isSynced = false;
    this.#sessions = new Sessions();
    this.#coming = undefined;
  }

  /** [HP-REPL-3] `gap` when something before it is missing, else what keepers have to hear. */
  take(from: number, to: number, ops: readonly OwnerOp[]): 'gap' | Difference {
    if (to <= this.ver) return NOTHING;
    if (from > this.ver) return 'gap';
    const news = ops.slice(this.ver - from);
    this.ver = to;
    if (!this.isSynced || this.#shown !== this.#sessions) {
      this.#unshare();
      for (const op of news) this.#sessions.obey(op);
      return this.isSynced ? this.show() : NOTHING;
    }
    const before = new Map(news.map(({ session }) => [session, this.#sessions.get(session)]));
    for (const op of news) this.#sessions.obey(op);
    return this.#differenceOf(before);
  }

  /** [HP-REPL-7] A piece of everything; the last one puts it in place of what was known. */
  takeChunk(ver: number, chunk: number, chunks: number, sessions: readonly SessionTold[]): boolean {
    if (chunk === 0) {
      this.#coming = new Sessions();
      this.#nextChunk = 0;
    }
    const coming = this.#coming;
    if (coming === undefined || chunk !== this.#nextChunk) {
      this.#coming = undefined;
      return false;
    }
    for (const told of sessions) coming.put(told);
    this.#nextChunk += 1;
    if (this.#nextChunk < chunks) return true;
    this.#sessions = coming;
    this.ver = ver;
    this.#coming = undefined;
    return true;
  }

  /** What keepers have to hear so that they know what is known here. */
  show(): Difference {
    const shown = this.#shown;
    const known = this.#sessions;
    this.#shown = known;
    if (shown === known) return NOTHING;
    if (shown === undefined) return { up: known.all, down: [] };
    const up = known.all.filter((told) => shown.get(told.session) !== told);
    const down = shown.all.filter(({ session }) => known.get(session) === undefined);
    return { up, down };
  }

  /** The node is gone: nothing of it is shown, though it is remembered. */
  hide(): Difference {
    const down = this.shown;
    this.#shown = undefined;
    this.isSynced = false;
    return { up: [], down };
  }

  /** What is shown stays as it is while what is known changes. */
  #unshare(): void {
    if (this.#shown === this.#sessions) this.#sessions = this.#sessions.copy();
  }

  #differenceOf(before: ReadonlyMap<string, SessionTold | undefined>): Difference {
    const up: SessionTold[] = [];
    const down: SessionTold[] = [];
    for (const [session, was] of before) {
      const told = this.#sessions.get(session);
      if (told === undefined && was !== undefined) down.push(was);
      else if (told !== undefined && told !== was) up.push(told);
    }
    return { up, down };
  }
}

const NOTHING: Difference = { up: [], down: [] };
