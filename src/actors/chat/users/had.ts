// Which direct messages and receipts a session was given, by sender and id: they may come again from a node that does not know
// so, above all when the session has changed nodes. It takes with it what it has had.
// Refuses to know where messages come from. Obeys spec/hp.md, [HP-DM-2].

import { userKey } from '../../codecs/hp/names.ts';
import type { HadTold, Untold, UserNotice } from './user-messages.ts';
import { keyOf } from './user.ts';

export type Given = Untold | Extract<UserNotice, { readonly type: 'receiptArrived' }>;

export class Had {
  /** By message: when it was given, in microseconds; the oldest first. */
  readonly #at = new Map<string, number>();

  has(given: Given): boolean {
    return this.#at.has(keyIn(given));
  }

  add(given: Given, now: number): void {
    this.#at.set(keyIn(given), now);
  }

  /** Forgets what was given before `since`, and all but the last `most`. */
  expire(since: number, most: number): void {
    for (const [key, at] of this.#at) {
      if (at >= since && this.#at.size <= most) return;
      this.#at.delete(key);
    }
  }

  /** The last of them, but for those that are still on their way to the session. */
  told(now: number, untold: readonly Untold[]): readonly HadTold[] {
    const missing = new Set(untold.map(keyIn));
    return [...this.#at]
      .filter(([key]) => !missing.has(key))
      .slice(-TOLD_MAX)
      .map(([message, at]) => ({ message, ageMs: Math.round((now - at) / 1_000) }));
  }

  /** As another node has told it, which may be wrong about the time. */
  learn(told: readonly HadTold[], now: number): void {
    for (const { message, ageMs } of told) this.#at.set(message, now - ageMs * 1_000);
  }
}

/** [HP-DM-8] What the user has sent is known by its receiver, too: others may have been sent the same id. */
function keyIn(given: Given): string {
  if ('ref' in given) return [userKey(given.by), given.id, given.ref, given.state].join(' ');
  const { message, isSent } = given;
  return isSent ? `${keyOf(message)} ${userKey(message.to)}` : keyOf(message);
}

const TOLD_MAX = 1_000;
