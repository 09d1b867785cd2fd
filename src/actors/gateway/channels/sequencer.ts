// Puts the items of channels in order: an item that names the one before it waits for that one, for a while; an id that
// was seen is known again, for a while. What is known of a channel lives as long as somebody follows it.
// Instants are microseconds. Refuses to know followers and delivery. Obeys spec/grip.md, section "Sequencing".

import type { GripItem } from '../../codecs/grip/publish-item.ts';
import { AgingMap } from '../../runtime/memory/aging-map.ts';
import type { GatewayOptions } from '../gateway-options.ts';

/** Items that may go out now, in order; `dropped` could not wait. */
export interface Release {
  readonly items: readonly GripItem[];
  readonly dropped: number;
}

interface Order {
  lastId: string | undefined;
  /** By the id that they wait for. */
  readonly waiting: Map<string, { readonly item: GripItem; readonly at: number }>;
}

type Limits = Pick<GatewayOptions, 'messageWaitMs' | 'idCacheTtlMs'>;

export class Sequencer {
  readonly #limits: Limits;
  readonly #orders = new Map<string, Order>();
  /** Channels with items that wait. */
  readonly #behind = new Set<string>();
  /** When each id of each channel was seen, oldest first. */
  readonly #seen = new AgingMap<string, number>();
  /** Characters of all of them. */
  #seenChars = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  follow(channel: string): void {
    this.#orders.set(channel, { lastId: undefined, waiting: new Map() });
  }

  unfollow(channel: string): void {
    this.#orders.delete(channel);
    this.#behind.delete(channel);
  }

  lastIdOf(channel: string): string | undefined {
    return this.#orders.get(channel)?.lastId;
  }

  forgetId(channel: string): void {
    const order = this.#orders.get(channel);
    if (order !== undefined) order.lastId = undefined;
  }

  /** Says whether the item was seen before; remembers it. */
  isKnown({ channel, id }: GripItem, now: number): boolean {
    const { idCacheTtlMs } = this.#limits;
    if (id === undefined || idCacheTtlMs === 0) return false;
    const since = now - idCacheTtlMs * 1_000;
    while (
      (this.#seen.oldest ?? now) <= since ||
      this.#seen.size >= IDS_MAX ||
      this.#seenChars > ID_CHARS_MAX
    )
      this.#seenChars -= this.#seen.forgetOldest()?.length ?? 0;
    const key = `${channel.length}:${channel}${id}`;
    if (this.#seen.has(key)) return true;
    this.#seen.add(key, now);
    this.#seenChars += key.length;
    return false;
  }

  /** What goes out when the item arrives: nothing, the item, or it and those that waited for it. */
  take(item: GripItem, now: number): Release {
    const order = this.#orders.get(item.channel);
    if (order === undefined || item.noSeq) return { items: [item], dropped: 0 };
    const { prevId } = item;
    if (order.lastId === undefined || prevId === undefined || prevId === order.lastId)
      return { items: this.#chain(item.channel, order, item), dropped: 0 };
    if (order.waiting.size >= WAITING_MAX || order.waiting.has(prevId))
      return { items: [], dropped: 1 };
    order.waiting.set(prevId, { item, at: now });
    this.#behind.add(item.channel);
    return { items: [], dropped: 0 };
  }

  /**
   * What has waited too long goes out without the one before it, oldest first, but behind what it is known to follow.
   */
  *overdue(now: number): Iterable<readonly [channel: string, out: Release]> {
    const since = now - this.#limits.messageWaitMs * 1_000;
    for (const channel of this.#behind) {
      const order = this.#orders.get(channel);
      const items: GripItem[] = [];
      for (const { at, item } of order?.waiting.values() ?? []) {
        if (at > since || order === undefined) break;
        const first = earliest(order, item);
        if (first.prevId !== undefined) order.waiting.delete(first.prevId);
        items.push(...this.#chain(channel, order, first));
      }
      if (items.length > 0) yield [channel, { items, dropped: 0 }];
    }
  }

  /** The item, and whatever waited for it, and for that. */
  #chain(channel: string, order: Order, first: GripItem): GripItem[] {
    const items: GripItem[] = [];
    let next: GripItem | undefined = first;
    while (next !== undefined) {
      items.push(next);
      const { id }: GripItem = next;
      order.lastId = id;
      next = id === undefined ? undefined : order.waiting.get(id)?.item;
      if (id !== undefined) order.waiting.delete(id);
    }
    if (order.waiting.size === 0) this.#behind.delete(channel);
    return items;
  }
}

/** The first waiting item of those that lead to this one. */
function earliest({ waiting }: Order, item: GripItem): GripItem {
  let first = item;
  // Ids that go round in a circle have no first one.
  for (let steps = 0; steps < waiting.size; steps += 1) {
    const before = [...waiting.values()].find((other) => other.item.id === first.prevId);
    if (before === undefined) return first;
    first = before.item;
  }
  return item;
}

/** [GRIP-ORDER-1] Items that wait for others, of one channel. */
const WAITING_MAX = 100;
/** [GRIP-ORDER-5] Ids that are known again, of all channels together. */
const IDS_MAX = 1_000_000;
const ID_CHARS_MAX = 100_000_000;
