// What one node owns: its sessions, with a version for each change, the last changes in their order, and a digest of it
// all. A copy on another node is a beginning of this log, or this log; nobody else ever writes it.
// Refuses to know links and users. Obeys spec/hp-peer.md, section "Owners and copies".

import type { OwnerOp, SessionTold } from '../../codecs/hp-peer/peer-messages.ts';
import { NameMap } from '../../runtime/memory/name-map.ts';
import { finish, mix } from '../../runtime/prng.ts';

/** Sessions by their names, with a digest that follows every change. [HP-REPL-2] */
export class Sessions {
  #sessions = new NameMap<SessionTold>(NAMES_SEED);
  readonly #hash = new SessionHash();
  #high = 0;
  #low = 0;

  get all(): readonly SessionTold[] {
    return this.#sessions.values();
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** 16 hexadecimal digits; the same sessions have the same, in whatever order they came. */
  get digest(): string {
    return hexOf(this.#high) + hexOf(this.#low);
  }

  get(session: string): SessionTold | undefined {
    return this.#sessions.get(session);
  }

  obey(op: OwnerOp): void {
    const known = this.#sessions.get(op.session);
    if (op.op === 'down') {
      if (known !== undefined) this.#mix(known);
      this.#sessions.delete(op.session);
      return;
    }
    if (op.op === 'set') {
      if (known !== undefined) this.put({ ...known, status: op.status, note: op.note });
      return;
    }
    const { op: _, ...told } = op;
    this.put(told);
  }

  put(told: SessionTold): void {
    const former = this.#sessions.put(told.session, told);
    if (former !== undefined) this.#mix(former);
    this.#mix(told);
  }

  copy(): Sessions {
    const copy = new Sessions();
    copy.#sessions = this.#sessions.copy();
    copy.#high = this.#high;
    copy.#low = this.#low;
    return copy;
  }

  /** In and out alike. */
  #mix({ session, user, status, note, lamport, since }: SessionTold): void {
    const hash = this.#hash;
    hash.begin();
    hash.text(session);
    hash.text(user);
    hash.text(status);
    if (note !== undefined) hash.text(note);
    hash.word(lamport);
    if (since !== undefined) hash.word(since);
    this.#high ^= finish(hash.high);
    this.#low ^= finish(hash.low);
  }
}

/** Two hashes at once, of one session: half a million sessions may have to be looked at. */
class SessionHash {
  high = 0;
  low = 0;

  begin(): void {
    this.high = HIGH_SEED;
    this.low = LOW_SEED;
  }

  text(text: string): void {
    let { high, low } = this;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      high = mix(high, code);
      low = mix(low, code);
    }
    this.high = high;
    this.low = low;
    this.word(text.length);
  }

  word(word: number): void {
    this.high = mix(this.high, word);
    this.low = mix(this.low, word);
  }
}

export class OwnerLog {
  readonly sessions = new Sessions();
  ver = 0;
  /** The last changes; the newest has the number `ver`. */
  #ops: OwnerOp[] = [];

  /** [HP-REPL-1] */
  append(op: OwnerOp): void {
    this.ver += 1;
    this.sessions.obey(op);
    this.#ops.push(op);
    if (this.#ops.length >= OPS_MAX * 2) this.#ops = this.#ops.slice(-OPS_MAX);
  }

  /** All changes after a version; undefined when some of them are not remembered. [HP-REPL-4] */
  since(ver: number): readonly OwnerOp[] | undefined {
    const missing = this.ver - ver;
    if (missing < 0 || missing > Math.min(this.#ops.length, OPS_MAX)) return undefined;
    return missing === 0 ? [] : this.#ops.slice(-missing);
  }
}

function hexOf(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

const OPS_MAX = 10_000;
/** Sessions are named by nodes, of which none would harm another. */
const NAMES_SEED = 1;
const HIGH_SEED = 0x5bd1_e995 | 0;
const LOW_SEED = 0x9e37_79b9 | 0;
