// Whoever runs errands when faults are over: asks each thing in its time, on a connection of its own, and records what
// it is answered. Refuses to judge, and to know what origins say.

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import { Prng } from '../../../actors/runtime/prng.ts';
import type { AskedOrigin, OriginHearing } from '../../edges/gateway.edge.ts';
import type { OriginLine, SocketHearing } from '../../edges/gateway/origin-socket.ts';
import { type Link, newLink } from '../../edges/link.ts';
import type { Connection } from '../../edges/network.ts';
import { errandNamed } from '../../records/errands/all.ts';
import type { Errand } from '../../records/errands/errand.ts';
import { tnetstring } from '../../records/errands/tnetstring.ts';
import type { ErranderPlan } from '../../plan/gateway-plan.ts';
import { plainLink } from '../../plan/simpler.ts';
import { bodyWords } from '../../records/scenes/sounds.ts';
import type { Trace } from '../../trace.ts';
import { Conversation } from './conversation.ts';
import { ErrandOrigin, secondsBetween } from './errand-origin.ts';
import { Exchange } from './exchange.ts';
import { Turning } from './turning.ts';
import { Visit } from './visit.ts';

export interface ErrandWorld {
  readonly now: number;
  readonly nodes: number;
  readonly trace: Trace;
  later(delayUs: number, act: () => void): void;
  /** All threads of a node live. */
  isWell(node: number): boolean;
  crash(node: number, shard: number, durationUs: number): void;
  connect(plan: ErranderPlan, link: Link): Connection | undefined;
  /** At the broker's door. */
  connectBroker(plan: ErranderPlan, link: Link): Connection | undefined;
  publish(node: number, body: Uint8Array, way: 'http' | 'pull'): void;
  handIn(node: number, input: 'pull' | 'sub', frames: readonly Uint8Array[]): void;
  /** Hands it to the control server, or to the socket of commands; `id` is that of whoever it is about. */
  order(node: number, errand: Errand, id?: string): void;
}

type Asked = Extract<Errand, { readonly to: 'door' | 'socket' | 'turns' }>;

export class Errander {
  readonly #plan: ErranderPlan;
  readonly #world: ErrandWorld;
  readonly #link: Link;
  readonly #narrowLink: Link;
  readonly #origin: ErrandOrigin;

  constructor(plan: ErranderPlan, world: ErrandWorld, seed: number) {
    this.#plan = plan;
    this.#world = world;
    this.#origin = new ErrandOrigin(new Prng(seed, 'errands'), world);
    this.#link = newLink(plainLink, new Prng(seed, 'errand link'));
    const narrow = { ...plainLink, windowBytes: 4_096 };
    this.#narrowLink = newLink(narrow, new Prng(seed, 'narrow errand link'));
  }

  /** Faults are over. */
  begin(): void {
    for (const { name, atMs } of this.#plan.errands) {
      this.#world.later((FIRST_MS + atMs) * 1_000, () => {
        if (this.#world.isWell(this.#plan.node)) this.#runNamed(name);
      });
    }
  }

  ask(asked: AskedOrigin, hearing: OriginHearing): () => void {
    return this.#origin.ask(asked, hearing);
  }

  call(asked: AskedOrigin, hearing: OriginHearing & SocketHearing): OriginLine {
    return this.#origin.call(asked, hearing);
  }

  /** `about` is the one of which it is an item. */
  #runNamed(name: string, about?: string): void {
    const errand = errandNamed(name);
    if (errand !== undefined) this.#run(errand, about);
  }

  #run(errand: Errand, about?: string): void {
    const { client } = this.#plan;
    const node = this.#nodeOf(errand);
    const world = this.#world;
    const isAsked = errand.to === 'door' || errand.to === 'socket';
    const connection = isAsked
      ? world.connect({ ...this.#plan, node }, this.#linkOf(errand))
      : undefined;
    if (isAsked && connection === undefined) return;
    world.trace.add({ kind: 'errandRun', node, client, errand: errand.name });
    if (errand.to === 'broker') this.#askBroker(errand);
    else if (errand.to === 'turns') this.#takeTurns(errand);
    else if (!isAsked) world.order(node, errand, about && this.#origin.idOf(about));
    else if (connection !== undefined) this.#ask(errand, connection);
  }

  #ask(errand: Extract<Asked, { readonly to: 'door' | 'socket' }>, connection: Connection): void {
    const world = this.#world;
    if (errand.to === 'socket') {
      new Conversation(connection, errand, {
        heard: (answer) => this.#heard(errand, answer),
        later: (delayMs, act) => world.later(delayMs * 1_000, act),
        now: () => world.now,
      }).begin();
    } else {
      const { now } = world;
      const heard = (answer: string): void =>
        this.#heard(
          errand,
          errand.isTimed === true ? `${secondsBetween(now, world.now)} ${answer}` : answer,
        );
      if (errand.times === undefined) this.#visit(errand, connection, heard);
      else this.#crowd(errand, connection, errand.times);
    }
    this.#publish(errand.items, errand.name);
  }

  #visit(errand: Door, connection: Connection, heard: (answer: string) => void): void {
    const visit = new Visit(connection, (head, said) =>
      heard(said === '' && !head.includes(' ') ? head : `${head} || ${bodyWords(said)}`),
    );
    visit.ask({ ...errand, body: encodeText(errand.body) });
  }

  /** They are answered as one; where not all are told the same, it is told how many. */
  #crowd(errand: Door, first: Connection, times: number): void {
    const answers = new Map<string, number>();
    let count = 0;
    for (let at = 0; at < times; at += 1) {
      const connection = at === 0 ? first : this.#world.connect(this.#plan, this.#link);
      if (connection === undefined) return;
      this.#visit(errand, connection, (answer) => {
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
        count += 1;
        if (count < times) return;
        const isOne = answers.size === 1;
        const all = Array.from(answers, ([one, of]) => (isOne ? one : `${of} times ${one}`));
        const pace = errand.isPaced === true ? ` // ${this.#origin.paceOf(errand.name)}` : '';
        this.#heard(errand, all.join(' / ') + pace);
      });
    }
  }

  #takeTurns(errand: Extract<Asked, { readonly to: 'turns' }>): void {
    new Turning(errand, {
      connect: () => this.#world.connect(this.#plan, this.#link),
      later: (delayMs, act) => this.#world.later(delayMs * 1_000, act),
      heard: (answer) => this.#heard(errand, answer),
    }).begin();
    this.#publish(errand.items, errand.name);
  }

  #linkOf(errand: Errand): Link {
    const isDeaf = errand.to === 'socket' && errand.deafMs !== undefined;
    return isDeaf ? this.#narrowLink : this.#link;
  }

  #nodeOf({ isAbroad }: Errand): number {
    const { node } = this.#plan;
    return isAbroad === true ? this.#nextTo(node) : node;
  }

  #nextTo(node: number): number {
    return (node + 1) % this.#world.nodes;
  }

  #heard(errand: Asked, answer: string): void {
    const node = this.#nodeOf(errand);
    const { name } = errand;
    const tell = (whole: string): void => {
      this.#world.trace.add({ kind: 'errandAnswered', node, errand: name, answer: whole });
    };
    if (errand.isOverheard !== true) tell(answer);
    else
      this.#world.later((errand.listensMs ?? OVERHEARD_MS) * 1_000, () => {
        // A thread that died meanwhile has told nobody anything.
        if (this.#world.isWell(node)) tell(`${answer} // ${this.#origin.toldOf(name)}`);
      });
  }

  #publish(items: Asked['items'], name: string): void {
    const world = this.#world;
    const { node } = this.#plan;
    let atMs = HELD_MS;
    for (const item of items) {
      if (typeof item === 'object' && 'seconds' in item) {
        atMs += Number(item.seconds) * 1_000;
        continue;
      }
      world.later(atMs * 1_000, () => {
        if (typeof item === 'string') world.publish(node, encodeText(item), 'http');
        else if ('death' in item) world.crash(node, Number(item.death), lastingUs(item));
        else if ('elsewhere' in item) this.#publishAt(this.#nextTo(node), item.elsewhere as object);
        else if ('topic' in item)
          this.#exchange('POST', '/publish', JSON.stringify(item), () => {});
        else if ('errand' in item) this.#runNamed(String(item.errand), name);
        else if ('pull' in item) world.publish(node, tnetstring(item.pull), 'pull');
        else if ('frames' in item) this.#handIn(item as Framed);
        else this.#publishAt(node, item);
      });
      atMs += ITEM_EVERY_MS;
    }
  }

  #publishAt(node: number, item: object | readonly object[]): void {
    const body = JSON.stringify({ items: [item].flat() });
    this.#world.publish(node, encodeText(body), 'http');
  }

  #handIn({ input, frames }: Framed): void {
    const { node } = this.#plan;
    const bytes = frames.map((one) => (typeof one === 'string' ? encodeText(one) : one));
    this.#world.handIn(node, input, bytes);
  }

  #askBroker({ name, items, path }: Extract<Errand, { readonly to: 'broker' }>): void {
    const { node } = this.#plan;
    this.#publish(items, name);
    const atMs = HELD_MS + items.length * ITEM_EVERY_MS;
    this.#world.later(atMs * 1_000, () =>
      this.#exchange('GET', path, '', (answer) => {
        this.#world.trace.add({ kind: 'errandAnswered', node, errand: name, answer });
      }),
    );
  }

  #exchange(method: string, path: string, body: string, heard: (answer: string) => void): void {
    const connection = this.#world.connectBroker(this.#plan, this.#link);
    if (connection === undefined) return;
    connection.meet(new Exchange(connection, heard));
    const head = { method, path, query: '', headers: {} };
    connection.say({ word: 'request', head, body: encodeText(body) });
  }
}

/** How long a thread is dead. */
function lastingUs(item: object): number {
  return 'ms' in item ? Number(item.ms) * 1_000 : 0;
}

type Door = Extract<Asked, { readonly to: 'door' }>;

/** As they stand. */
interface Framed {
  readonly input: 'pull' | 'sub';
  readonly frames: readonly (string | Uint8Array)[];
}

/** Whoever asked is held by then, and is not asked about again yet. */
const HELD_MS = 400;
const ITEM_EVERY_MS = 250;
/** What is told behind the end of a conversation has come by then. */
const OVERHEARD_MS = 700;
/** Threads that died last are back by then. */
const FIRST_MS = 3_500;
