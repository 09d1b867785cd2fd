// What an application remembers: for each channel how many items there have been. What was handed to the gateway may
// be lost on the way; what stands here is the truth that its answers are made of. Refuses to know HTTP.

import type { Lines } from '../../records/gateway-records.ts';
import { type ChannelPlan, fullName } from '../../plan/gateway-plan.ts';

interface Kept {
  readonly plan: ChannelPlan;
  top: number;
}

export class OriginLog {
  readonly #channels = new Map<string, Kept>();

  constructor(channels: readonly ChannelPlan[]) {
    for (const plan of channels) this.#channels.set(fullName(plan), { plan, top: 0 });
  }

  /** Writes the next item down; its number. */
  add(channel: string): number {
    const kept = this.#channels.get(channel);
    if (kept === undefined) throw new Error(`no channel '${channel}'`);
    kept.top += 1;
    return kept.top;
  }

  topOf(channel: string): number {
    return this.#channels.get(channel)?.top ?? 0;
  }

  hasIds(channel: string): boolean {
    return this.#channels.get(channel)?.plan.hasIds ?? false;
  }

  /** What came after an item, of channels that are told apart by ids. */
  since(channel: string, after: number): Lines {
    const items: number[] = [];
    if (this.hasIds(channel))
      for (let item = after + 1; item <= this.topOf(channel); item += 1) items.push(item);
    return { channel, items };
  }
}

/** The text that an item has wherever it is read. */
export function lineOf(channel: string, item: number): string {
  return `${channel}#${item}\n`;
}

export function textOf(lines: readonly Lines[]): string {
  return lines.flatMap(({ channel, items }) => items.map((item) => lineOf(channel, item))).join('');
}
