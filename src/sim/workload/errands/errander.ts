// Whoever runs errands when faults are over: asks each thing in its time, on a connection of its own, and records what
// it is answered. And the origin of those that go through the gateway. Refuses to judge.

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import { Prng } from '../../../actors/runtime/prng.ts';
import type { AskedOrigin, OriginHearing } from '../../edges/gateway.edge.ts';
import type { OriginLine } from '../../edges/gateway/origin-socket.ts';
import { type Link, newLink } from '../../edges/link.ts';
import type { Connection } from '../../edges/network.ts';
import { errandNamed } from '../../records/errands/all.ts';
import { echoWords, type Errand, type Said } from '../../records/errands/errand.ts';
import { pages, SILENT_PAGE } from '../../records/errands/links.ts';
import { EVENTS } from '../../records/errands/sockets.ts';
import { tnetstring } from '../../records/errands/tnetstring.ts';
import type { ErranderPlan } from '../../plan/gateway-plan.ts';
import { plainLink } from '../../plan/simpler.ts';
import { bodyWords, headerWords } from '../../records/scenes/sounds.ts';
import type { Trace } from '../../trace.ts';
import { Conversation } from './conversation.ts';
import { Exchange } from './exchange.ts';
import { Visit } from './visit.ts';

export interface ErrandWorld {
  readonly trace: Trace;
  later(delayUs: number, act: () => void): void;
  /** All threads of a node live. */
  isWell(node: number): boolean;
  connect(plan: ErranderPlan, link: Link): Connection | undefined;
  /** At the broker's door. */
  connectBroker(plan: ErranderPlan, link: Link): Connection | undefined;
  publish(node: number, body: Uint8Array, way: 'http' | 'pull'): void;
  /** Hands it to the control server, or to the socket of commands. */
  order(node: number, errand: Errand): void;
}

/** Nobody listens at the second one. */
export const ERRAND_ORIGINS: readonly string[] = ['origin-e', 'origin-f', 'else.test'];

type Asked = Extract<Errand, { readonly to: 'door' | 'socket' }>;

export class Errander {
  readonly #plan: ErranderPlan;
  readonly #world: ErrandWorld;
  readonly #link: Link;
  readonly #chance: Prng;

  constructor(plan: ErranderPlan, world: ErrandWorld, seed: number) {
    this.#plan = plan;
    this.#world = world;
    this.#chance = new Prng(seed, 'errands');
    this.#link = newLink(plainLink, new Prng(seed, 'errand link'));
  }

  /** Faults are over. */
  begin(): void {
    for (const { name, atMs } of this.#plan.errands) {
      this.#world.later((FIRST_MS + atMs) * 1_000, () => this.#runNamed(name));
    }
  }

  ask(asked: AskedOrigin, hearing: OriginHearing): () => void {
    let isOver = asked.target.endsWith(`/${SILENT_PAGE}`);
    this.#world.later(WAY_US + this.#chance.below(WAY_US), () => {
      if (isOver) return;
      if (asked.host === ERRAND_ORIGINS[1]) {
        hearing.failed('refused', false);
        return;
      }
      const said = saidTo(asked);
      const { status, headers, body } = said ?? { status: 200, headers: [], body: echoOf(asked) };
      hearing.answered({ status, reason: status === 200 ? 'OK' : 'Somehow', headers });
      hearing.carried(encodeText(body));
      hearing.ended(true);
    });
    return () => {
      isOver = true;
    };
  }

  /** Nobody speaks WebSocket there: the handshake has the answer of a request. */
  call(asked: AskedOrigin, hearing: OriginHearing): OriginLine {
    return { say() {}, close() {}, cut: this.ask(asked, hearing) };
  }

  #runNamed(name: string): void {
    const errand = errandNamed(name);
    if (errand !== undefined) this.#run(errand);
  }

  #run(errand: Errand): void {
    const { node, client } = this.#plan;
    const world = this.#world;
    if (!world.isWell(node)) return;
    const isAsked = errand.to === 'door' || errand.to === 'socket';
    const connection = isAsked ? world.connect(this.#plan, this.#link) : undefined;
    if (isAsked && connection === undefined) return;
    world.trace.add({ kind: 'errandRun', node, client, errand: errand.name });
    if (errand.to === 'broker') this.#askBroker(errand);
    else if (!isAsked) world.order(node, errand);
    else if (connection !== undefined) this.#ask(errand, connection);
  }

  #ask(errand: Asked, connection: Connection): void {
    const { node } = this.#plan;
    const world = this.#world;
    const heard = (answer: string): void => {
      world.trace.add({ kind: 'errandAnswered', node, errand: errand.name, answer });
    };
    if (errand.to === 'socket') {
      new Conversation(connection, errand.words, {
        heard,
        later: (delayMs, act) => world.later(delayMs * 1_000, act),
      }).begin(errand);
    } else {
      const visit = new Visit(connection, (head, said) =>
        heard(said === '' && !head.includes(' ') ? head : `${head} || ${bodyWords(said)}`),
      );
      visit.ask({ ...errand, body: encodeText(errand.body) });
    }
    this.#publish(errand.items);
  }

  #publish(items: Asked['items']): void {
    const world = this.#world;
    for (const [at, item] of items.entries()) {
      const { node } = this.#plan;
      const atMs = HELD_MS + at * ITEM_EVERY_MS;
      world.later(atMs * 1_000, () => {
        if (typeof item === 'string') world.publish(node, encodeText(item), 'http');
        else if ('topic' in item)
          this.#exchange('POST', '/publish', JSON.stringify(item), () => {});
        else if ('errand' in item) this.#runNamed(String(item.errand));
        else if ('pull' in item) world.publish(node, tnetstring(item.pull), 'pull');
        else {
          const body = JSON.stringify({ items: [item].flat() });
          world.publish(node, encodeText(body), 'http');
        }
      });
    }
  }

  #askBroker({ name, items, path }: Extract<Errand, { readonly to: 'broker' }>): void {
    const { node } = this.#plan;
    this.#publish(items);
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

/** By the name at the end of its path. What a WebSocket says later is taken, and answered with nothing. */
function saidTo({ target, headers, body }: AskedOrigin): Said | undefined {
  const [path = ''] = target.split('?');
  const name = path.slice(path.lastIndexOf('/') + 1);
  const errand = errandNamed(name);
  const isOfEvents = headers.some(([, value]) => value === EVENTS[1]);
  if (isOfEvents && !new TextDecoder().decode(body).startsWith('OPEN'))
    return (errand?.to === 'socket' ? errand.later : undefined) ?? TAKEN;
  const isAsked = errand?.to === 'door' || errand?.to === 'socket';
  return isAsked ? errand.said : pages[name];
}

function echoOf(asked: AskedOrigin): string {
  const { host, port, isSecure, isSigned, method, target, headers } = asked;
  const body = new TextDecoder().decode(asked.body);
  const isHome = host === ERRAND_ORIGINS[0];
  const way = isHome ? '' : `http${isSecure ? 's' : ''}://${host}:${port}`;
  return echoWords(method, way + target, headerWords(headers), { body, isSigned });
}

const TAKEN: Said = { status: 200, headers: [EVENTS], body: '' };

/** Whoever asked is held by then, and is not asked about again yet. */
const HELD_MS = 400;
const ITEM_EVERY_MS = 250;
const WAY_US = 2_000;
/** Threads that died last are back by then. */
const FIRST_MS = 3_500;
