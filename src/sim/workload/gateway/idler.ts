// A page with a session of SockJS while things go wrong: it polls, says a word now and then, and begins anew where its
// session is no more. Its origin is always well, and says each word back. Refuses to judge.

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import { Prng } from '../../../actors/runtime/prng.ts';
import type { AskedOrigin, OriginHearing } from '../../edges/gateway.edge.ts';
import { type Link, newLink } from '../../edges/link.ts';
import type { Connection } from '../../edges/network.ts';
import type { IdlerPlan } from '../../plan/gateway-plan.ts';
import { plainLink } from '../../plan/simpler.ts';
import type { Trace } from '../../trace.ts';
import { Visit } from '../errands/visit.ts';
import { readEvents } from '../scenes/scene-events.ts';

export interface IdlerWorld {
  readonly isSettling: boolean;
  readonly trace: Trace;
  later(delayUs: number, act: () => void): void;
  connect(plan: IdlerPlan, link: Link): Connection | undefined;
}

export const IDLE_ORIGIN = 'origin-i';

export class Idler {
  readonly #plan: IdlerPlan;
  readonly #world: IdlerWorld;
  readonly #link: Link;
  readonly #chance: Prng;
  #session = 1;
  #isOpen = false;
  #poll: Visit | undefined = undefined;
  #isSaying = false;
  #word = 0;

  constructor(plan: IdlerPlan, world: IdlerWorld, seed: number) {
    this.#plan = plan;
    this.#world = world;
    this.#chance = new Prng(seed, `idler ${plan.client}`);
    this.#link = newLink(plainLink, new Prng(seed, `idler link ${plan.client}`));
  }

  /** Until faults are over: its session is forgotten before everything is counted. */
  begin(): void {
    this.#world.later(this.#chance.below(SPREAD_US), () => this.#polls());
    this.#talk();
  }

  #polls(): void {
    if (this.#poll !== undefined || this.#world.isSettling) return;
    const connection = this.#world.connect(this.#plan, this.#link);
    if (connection === undefined) {
      this.#world.later(PAUSE_US, () => this.#polls());
      return;
    }
    const session = this.#session;
    const { node, client } = this.#plan;
    this.#world.trace.add({ kind: 'idlerPolled', node, client, session, isOpen: this.#isOpen });
    const visit = new Visit(connection, (head, said) => {
      this.#poll = undefined;
      this.#heard(session, head.includes(' ') ? said.trimEnd() : head);
    });
    this.#poll = visit;
    visit.ask(this.#asking('xhr', ''));
  }

  /** It waits for nothing any more. */
  settle(): void {
    this.#poll?.leave();
    this.#poll = undefined;
  }

  #heard(session: number, words: string): void {
    const { node, client } = this.#plan;
    this.#world.trace.add({ kind: 'idlerHeard', node, client, session, words });
    if (words === 'o') this.#isOpen = true;
    const isLost = words === '' || words === 'reset' || words === 'fin';
    const isOn = words === 'o' || words === 'h' || words.startsWith('a') || words === ANOTHER;
    if (session === this.#session && !isLost && !isOn) this.#anew();
    this.#world.later(isLost || words === ANOTHER ? PAUSE_US : QUICKLY_US, () => this.#polls());
  }

  #talk(): void {
    this.#world.later(TALKS_US + this.#chance.below(TALKS_US), () => {
      if (this.#world.isSettling) return;
      if (this.#isOpen && !this.#isSaying) this.#say();
      this.#talk();
    });
  }

  #say(): void {
    const connection = this.#world.connect(this.#plan, this.#link);
    if (connection === undefined) return;
    this.#isSaying = true;
    this.#word += 1;
    const word = this.#word;
    const session = this.#session;
    const { node, client } = this.#plan;
    const visit = new Visit(connection, (head, said) => {
      const words = head.includes(' ') ? said.trimEnd() : head;
      this.#isSaying = false;
      this.#world.trace.add({ kind: 'idlerSaid', node, client, session, word, words });
      // What becomes of a word whose answer is lost nobody knows.
      if (words !== 'ok' && session === this.#session) this.#anew();
    });
    visit.ask(this.#asking('xhr_send', JSON.stringify([String(word)])));
  }

  #anew(): void {
    this.#session += 1;
    this.#isOpen = false;
    if (this.#poll === undefined) return;
    this.settle();
    this.#world.later(PAUSE_US, () => this.#polls());
  }

  #asking(transport: string, body: string): Parameters<Visit['ask']>[0] {
    const { client } = this.#plan;
    const path = `/sock/0/i${client}-${this.#session}/${transport}`;
    const search = `?i=${client}`;
    return { host: IDLE_HOST, method: 'POST', path, search, headers: [], body: encodeText(body) };
  }
}

/** Says each word back. */
export function askIdlersOrigin(
  { body }: AskedOrigin,
  hearing: OriginHearing,
  later: (delayUs: number, act: () => void) => void,
): () => void {
  let isOver = false;
  later(WAY_US, () => {
    if (isOver) return;
    const headers = [['Content-Type', 'application/websocket-events']] as const;
    const said = readEvents(body).map(({ type, content }) => {
      if (type !== 'TEXT') return type === 'OPEN' || type === 'CLOSE' ? `${type}\r\n` : '';
      const text = new TextDecoder().decode(content);
      return `TEXT ${text.length.toString(16)}\r\n${text}\r\n`;
    });
    hearing.answered({ status: 200, reason: 'OK', headers });
    hearing.carried(encodeText(said.join('')));
    hearing.ended(true);
  });
  return () => {
    isOver = true;
  };
}

const IDLE_HOST = 'xidle.test';
const ANOTHER = 'c[2010,"Another connection still open"]';
const SPREAD_US = 1_000_000;
const PAUSE_US = 300_000;
const QUICKLY_US = 20_000;
const TALKS_US = 300_000;
const WAY_US = 1_500;
