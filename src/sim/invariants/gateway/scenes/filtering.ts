// What filters make of an item for one client, and in which order items of one channel come: small models of
// spec/grip.md, "Filters" and "Order", which know nothing of the gateway's own. Refuses to know clients and time.

import { IMPLICIT, type ItemPlan, type Scene } from '../../../records/scenes/scene.ts';
import { CONTENT_FILTERS, modified } from '../../../records/scenes/texts.ts';

export type Filtered =
  | { readonly is: 'sent'; readonly text: string }
  | { readonly is: 'dropped' }
  | { readonly is: 'failed' };

interface For {
  readonly filters: readonly string[];
  readonly meta: ReadonlyMap<string, string>;
  readonly most: number;
}

/** `text` is the item's content as it is written for this client, `most` what an origin may make of it, in bytes. */
export function filtered(
  { filters, meta, most }: For,
  { meta: told, contentFilters, action }: ItemPlan,
  text: string,
): Filtered {
  const wanted = filters.filter((name) => CONTENT_FILTERS.includes(name));
  // [GRIP-FILTER-7] Only what has a content has a word for its filters.
  if (action === 'send' && contentFilters !== undefined && wanted.join() !== contentFilters.join())
    return { is: 'failed' };
  const item = new Map(told);
  const user = meta.get('user') ?? '';
  let now = text;
  for (const name of filters) if (isDropped(name, user, item)) return { is: 'dropped' };
  for (const name of filters) {
    if (name === 'http-check' || name === 'http-modify') {
      if (meta.get('url') === undefined) return { is: 'failed' };
      if (item.has('sender')) return { is: 'dropped' };
      if (item.has('skip_users')) return { is: 'failed' };
      if (name === 'http-check' || item.has('require_sub')) continue;
      now = modified(now);
      if (now.length > most) return { is: 'failed' };
      continue;
    }
    const made =
      name === 'var-subst'
        ? substituted(now, meta)
        : name === 'build-id'
          ? withIds(now, meta)
          : now;
    if (made === undefined) return { is: 'failed' };
    now = made;
  }
  return { is: 'sent', text: now };
}

function isDropped(name: string, user: string, item: ReadonlyMap<string, string>): boolean {
  if (name === 'skip-self') return user !== '' && item.get('sender') === user;
  if (name === 'skip-users') {
    const users = (item.get('skip_users') ?? '').split(',').map((one) => one.trim());
    return user !== '' && users.includes(user);
  }
  // No scene follows a channel of that name.
  return name === 'require-sub' && item.has('require_sub');
}

/** [GRIP-FILTER-4] */
function substituted(text: string, meta: ReadonlyMap<string, string>): string | undefined {
  let isKnown = true;
  const made = text.replaceAll(/%%|%\(([^)]*)\)s/g, (found, name: string | undefined) => {
    if (found === '%%') return '%';
    const value = meta.get(name ?? '');
    isKnown &&= value !== undefined;
    return value ?? '';
  });
  return isKnown ? made : undefined;
}

/** [GRIP-FILTER-5] */
function withIds(text: string, meta: ReadonlyMap<string, string>): string | undefined {
  const format = meta.get('id_format');
  if (format === undefined) return undefined;
  return text.replaceAll(/%%|%\(([^)]*)\)I|%I/g, (found, own: string | undefined) =>
    found === '%%' ? '%' : (own ?? format),
  );
}

/** Of each channel that a scene may follow. */
export function sequencesOf(
  { channels, route }: Scene,
  messageWaitMs: number,
): ReadonlyMap<number, Sequence> {
  const names = [
    ...Array.from({ length: channels }, (_, channel) => channel),
    ...(route === 'following' ? [IMPLICIT] : []),
  ];
  return new Map(names.map((name) => [name, new Sequence(messageWaitMs)]));
}

/** [GRIP-ORDER-1] to [GRIP-ORDER-5], of one channel that somebody follows. */
export class Sequence {
  readonly #waitUs: number;
  #last: string | undefined = undefined;
  readonly #known = new Set<string>();
  readonly #waiting: { readonly item: ItemPlan; readonly at: number }[] = [];

  constructor(messageWaitMs: number) {
    this.#waitUs = messageWaitMs * 1_000;
  }

  /** Nobody follows any more: what was known of places is forgotten. */
  forget(): void {
    this.#last = undefined;
    this.#waiting.length = 0;
  }

  /** Everybody was told to look again: the next item waits for nothing. */
  losePlace(): void {
    this.#last = undefined;
  }

  /** What goes out now. */
  take(item: ItemPlan, at: number, isFollowed: boolean): readonly ItemPlan[] {
    const { id, prevId, isNoSeq } = item;
    if (id !== undefined && this.#known.has(id)) return [];
    if (id !== undefined) this.#known.add(id);
    if (!isFollowed) return [];
    if (isNoSeq) return [item];
    if (this.#last !== undefined && prevId !== undefined && prevId !== this.#last) {
      if (this.#waiting.some(({ item: other }) => other.prevId === prevId)) return [];
      this.#waiting.push({ item, at });
      return [];
    }
    return this.#chain(item);
  }

  /** What still waits, when it comes at the earliest: nothing of it comes before, and all within a second more. */
  overdue(): readonly { readonly from: number; readonly items: readonly ItemPlan[] }[] {
    const out: { readonly from: number; readonly items: readonly ItemPlan[] }[] = [];
    while (this.#waiting[0] !== undefined) {
      const { item, at } = this.#waiting[0];
      let first = item;
      for (;;) {
        const before = this.#waiting.find(({ item: { id } }) => id === first.prevId);
        if (before === undefined) break;
        first = before.item;
      }
      this.#waiting.splice(
        this.#waiting.findIndex((one) => one.item === first),
        1,
      );
      out.push({ from: at + this.#waitUs, items: this.#chain(first) });
    }
    return out;
  }

  #chain(first: ItemPlan): readonly ItemPlan[] {
    const items: ItemPlan[] = [];
    let next: ItemPlan | undefined = first;
    while (next !== undefined) {
      items.push(next);
      this.#last = next.id;
      const at: number = this.#waiting.findIndex(({ item }) => item.prevId === this.#last);
      next = this.#last === undefined || at < 0 ? undefined : this.#waiting.splice(at, 1)[0]?.item;
    }
    return items;
  }
}
