// Direct messages that a client was told and has not acknowledged, oldest first, by id: several senders may use one. Refuses
// to know what becomes of them. Obeys spec/hp.md, sections "Acknowledgement" and "Resume".

import { userKey } from '../codecs/hp/names.ts';
import type { ChatOptions } from './chat-options.ts';
import { bytesOf } from './users/nodes/keeping.ts';
import type { Untold } from './users/user-messages.ts';

type UnackedLimits = Pick<ChatOptions, 'resumeMessagesMax' | 'resumeBytesMax'>;

export class Unacked {
  readonly #byId = new Map<string, Untold[]>();
  #count = 0;
  #bytes = 0;

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get all(): readonly Untold[] {
    return [...this.#byId.values()].flat();
  }

  has({ message: { from, id }, isSent }: Untold): boolean {
    const known = this.#byId.get(id) ?? [];
    return known.some(
      (one) => one.isSent === isSent && userKey(one.message.from) === userKey(from),
    );
  }

  add(untold: Untold): void {
    const { id } = untold.message;
    const same = this.#byId.get(id);
    if (same === undefined) this.#byId.set(id, [untold]);
    else same.push(untold);
    this.#count += 1;
    this.#bytes += bytesOf(untold);
  }

  /** All that have this id. */
  take(id: string): readonly Untold[] {
    const taken = this.#byId.get(id) ?? [];
    this.#byId.delete(id);
    for (const untold of taken) this.#went(untold);
    return taken;
  }

  takeAll(): readonly Untold[] {
    return [...this.#byId.keys()].flatMap((id) => this.take(id));
  }

  /** [HP-RES-6] The oldest, for as long as there are too many, or too many bytes of them. */
  takeExcess({ resumeMessagesMax, resumeBytesMax }: UnackedLimits): readonly Untold[] {
    const taken: Untold[] = [];
    while (this.#count > resumeMessagesMax || this.#bytes > resumeBytesMax) {
      const [same = []] = this.#byId.values();
      const oldest = same.shift();
      if (oldest === undefined) break;
      if (same.length === 0) this.#byId.delete(oldest.message.id);
      this.#went(oldest);
      taken.push(oldest);
    }
    return taken;
  }

  #went(untold: Untold): void {
    this.#count -= 1;
    this.#bytes -= bytesOf(untold);
  }
}
