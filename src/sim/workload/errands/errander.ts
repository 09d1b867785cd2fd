// Whoever runs errands when faults are over: asks each thing in its time, on a connection of its own, and records what
// it is answered. And the origin of those that go through the gateway. Refuses to judge.

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import { Prng } from '../../../actors/runtime/prng.ts';
import type { AskedOrigin, OriginHearing } from '../../edges/gateway.edge.ts';
import { type Link, newLink } from '../../edges/link.ts';
import type { Connection } from '../../edges/network.ts';
import { errandNamed } from '../../records/errands/all.ts';
import { echoWords, type Errand } from '../../records/errands/errand.ts';
import type { ErranderPlan } from '../../plan/gateway-plan.ts';
import { plainLink } from '../../plan/simpler.ts';
import { bodyWords, headerWords } from '../../records/scenes/sounds.ts';
import type { Trace } from '../../trace.ts';
import { Visit } from './visit.ts';

export interface ErrandWorld {
  readonly trace: Trace;
  later(delayUs: number, act: () => void): void;
  /** All threads of a node live. */
  isWell(node: number): boolean;
  connect(plan: ErranderPlan, link: Link): Connection | undefined;
  publish(node: number, body: Uint8Array, way: 'http' | 'pull'): void;
  /** Hands it to the control server, or to the socket of commands. */
  order(node: number, errand: Errand): void;
}

/** Nobody listens at the second one. */
export const ERRAND_ORIGINS: readonly string[] = ['origin-e', 'origin-f'];

type Question = Extract<Errand, { readonly to: 'door' }>;

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
      const errand = errandNamed(name);
      if (errand !== undefined)
        this.#world.later((FIRST_MS + atMs) * 1_000, () => this.#run(errand));
    }
  }

  ask(asked: AskedOrigin, hearing: OriginHearing): () => void {
    let isOver = false;
    this.#world.later(WAY_US + this.#chance.below(WAY_US), () => {
      if (isOver) return;
      if (asked.host !== ERRAND_ORIGINS[0]) {
        hearing.failed('refused', false);
        return;
      }
      const [path = ''] = asked.target.split('?');
      const name = path.slice(path.lastIndexOf('/') + 1);
      const errand = errandNamed(name);
      const said = errand?.to === 'door' ? errand.said : undefined;
      const { status, headers, body } = said ?? { status: 200, headers: [], body: echoOf(asked) };
      hearing.answered({ status, reason: status === 200 ? 'OK' : 'Somehow', headers });
      hearing.carried(encodeText(body));
      hearing.ended(true);
    });
    return () => {
      isOver = true;
    };
  }

  #run(errand: Errand): void {
    const { node, client } = this.#plan;
    const world = this.#world;
    if (!world.isWell(node)) return;
    const connection = errand.to === 'door' ? world.connect(this.#plan, this.#link) : undefined;
    if (errand.to === 'door' && connection === undefined) return;
    world.trace.add({ kind: 'errandRun', node, client, errand: errand.name });
    if (errand.to !== 'door') world.order(node, errand);
    else if (connection !== undefined) this.#question(errand, connection);
  }

  #question(errand: Question, connection: Connection): void {
    const { node } = this.#plan;
    const body = encodeText(errand.body);
    const visit = new Visit(connection, (head, said) => {
      const answer = said === '' && !head.includes(' ') ? head : `${head} || ${bodyWords(said)}`;
      this.#world.trace.add({ kind: 'errandAnswered', node, errand: errand.name, answer });
    });
    visit.ask({ ...errand, body });
    const { item } = errand;
    if (item === undefined) return;
    const items = encodeText(JSON.stringify({ items: [item] }));
    this.#world.later(HELD_MS * 1_000, () => this.#world.publish(node, items, 'http'));
  }
}

function echoOf({ method, target, headers, body }: AskedOrigin): string {
  return echoWords(method, target, headerWords(headers), new TextDecoder().decode(body));
}

/** Whoever asked is held by then, and is not asked about again yet. */
const HELD_MS = 400;
const WAY_US = 2_000;
/** Threads that died last are back by then. */
const FIRST_MS = 3_500;
