// Who tells the gateway of new items: it writes them into the application's log and hands them to the control actor of
// every node, over HTTP or as a PULL or a SUB socket would. Some hand items over out of order, and twice.
// What is handed to a dead thread is lost. Refuses to know who follows.

import { Prng } from '../../../actors/runtime/prng.ts';
import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import { metaOf } from '../../records/gateway-traits.ts';
import type { PublishWay } from '../../records/gateway-records.ts';
import type { Trace } from '../../trace.ts';
import { type ChannelPlan, fullName } from '../../plan/gateway-plan.ts';
import { lineOf, type OriginLog } from './origin-log.ts';

export interface PublisherWorld {
  readonly now: number;
  readonly isSettling: boolean;
  readonly nodes: number;
  readonly trace: Trace;
  later(delayUs: number, act: () => void): void;
  /** Hands something to a node's control actor. */
  publish(node: number, body: Uint8Array, way: PublishWay, channel?: Uint8Array): void;
}

export class Publisher {
  readonly #plan: ChannelPlan;
  readonly #log: OriginLog;
  readonly #world: PublisherWorld;
  readonly #chance: Prng;
  /** Drawn apart: whether a socket is a SUB. */
  readonly #sockets: Prng;
  /** By node: when what was handed over last arrives. */
  readonly #arrivesAt: number[] = [];
  /** A line that says nothing. */
  readonly #padding: string;

  constructor(plan: ChannelPlan, log: OriginLog, world: PublisherWorld, seed: number) {
    this.#plan = plan;
    this.#log = log;
    this.#world = world;
    this.#chance = new Prng(seed, `publisher ${fullName(plan)}`);
    this.#sockets = new Prng(seed, `sockets ${fullName(plan)}`);
    const { paddingBytes = 0 } = plan;
    this.#padding = paddingBytes === 0 ? '' : `-${'p'.repeat(paddingBytes)}\n`;
    this.#again();
  }

  /** One item more, when faults are over. */
  probe(): void {
    this.#make(1, true);
  }

  #again(): void {
    const { everyUs, burst } = this.#plan;
    this.#world.later(this.#chance.between(everyUs >> 1, everyUs + (everyUs >> 1)), () => {
      if (this.#world.isSettling) return;
      this.#make(1 + this.#chance.below(burst), false);
      this.#again();
    });
  }

  #make(count: number, isProbe: boolean): void {
    const channel = fullName(this.#plan);
    const items: number[] = [];
    for (let made = 0; made < count; made += 1) {
      const item = this.#log.add(channel);
      this.#world.trace.add({ kind: 'itemMade', channel, item, isProbe });
      items.push(item);
    }
    for (let node = 0; node < this.#world.nodes; node += 1) this.#send(node, items, isProbe);
  }

  #send(node: number, items: readonly number[], isProbe: boolean): void {
    const isHint = !isProbe && this.#chance.below(100) < this.#plan.hintPercent;
    const isLost = !isProbe && this.#chance.below(100) < this.#plan.lostPercent;
    const socket = this.#sockets.below(3) === 0 ? 'sub' : 'pull';
    const way = this.#chance.below(2) === 0 ? 'http' : socket;
    if (isLost) return;
    if (this.#plan.isOrdered) {
      const { now } = this.#world;
      const at = Math.max(this.#arrivesAt[node] ?? 0, now + this.#chance.below(5_000)) + 1;
      this.#arrivesAt[node] = at;
      this.#handOver(node, items, at - now, { isHint, way, isRepeat: false });
      return;
    }
    for (const item of items) {
      const delayUs = this.#chance.below(SHUFFLE_US);
      this.#handOver(node, [item], delayUs, { isHint, way, isRepeat: false });
      // A hint has no id to be known again by.
      if (this.#chance.below(3) === 0 && !isHint) {
        const againUs = delayUs + 1 + this.#chance.below(SHUFFLE_US);
        this.#handOver(node, [item], againUs, { isHint, way, isRepeat: true });
      }
    }
  }

  #handOver(
    node: number,
    items: readonly number[],
    delayUs: number,
    how: { readonly isHint: boolean; readonly way: PublishWay; readonly isRepeat: boolean },
  ): void {
    const { isHint, way, isRepeat } = how;
    const channel = fullName(this.#plan);
    this.#world.later(delayUs, () => {
      for (const item of items)
        this.#world.trace.add({ kind: 'itemSent', node, channel, item, isRepeat, way });
      const written = items.map((item) => this.#written(item, isHint));
      if (way === 'http')
        this.#world.publish(node, encodeText(JSON.stringify({ items: written })), way);
      else
        for (const item of written) {
          // Before what a SUB takes stands its channel, in a frame of its own.
          const text = JSON.stringify(way === 'sub' ? { ...item, channel: undefined } : item);
          this.#world.publish(node, encodeText(`J${text}`), way, encodeText(channel));
        }
    });
  }

  #written(item: number, isHint: boolean): object {
    const channel = fullName(this.#plan);
    const line = lineOf(channel, item);
    const hint = { action: 'hint' };
    // A hint with an id would count as delivered.
    const ids = isHint
      ? {}
      : { id: String(item), ...(this.#plan.hasIds ? { 'prev-id': String(item - 1) } : {}) };
    return {
      channel,
      ...ids,
      meta: metaOf(item),
      formats: {
        'http-response': isHint ? hint : { body: line },
        'http-stream': isHint ? hint : { content: line + this.#padding },
        'ws-message': { content: line },
      },
    };
  }
}

const SHUFFLE_US = 300_000;
