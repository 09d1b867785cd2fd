// Requests that follow each other, each on a connection of its own: of what each was answered all is told in the end.
// Refuses to know what should be answered.

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { Connection } from '../../edges/network.ts';
import type { Errand } from '../../records/errands/errand.ts';
import { bodyWords } from '../../records/scenes/sounds.ts';
import { Visit } from './visit.ts';

export interface TurnHost {
  connect(): Connection | undefined;
  later(delayMs: number, act: () => void): void;
  heard(answer: string): void;
}

export class Turning {
  readonly #errand: Extract<Errand, { readonly to: 'turns' }>;
  readonly #host: TurnHost;
  readonly #answers: string[] = [];
  readonly #open = new Set<Visit>();

  constructor(errand: Extract<Errand, { readonly to: 'turns' }>, host: TurnHost) {
    this.#errand = errand;
    this.#host = host;
  }

  begin(): void {
    const { turns } = this.#errand;
    let atMs = 0;
    let place = 0;
    for (const turn of turns) {
      const [, seconds] = /^wait ?(\d*)$/.exec(turn) ?? [];
      if (seconds !== undefined) atMs += seconds === '' ? WAIT_MS : Number(seconds) * 1_000;
      else {
        const its = place;
        this.#host.later(atMs, () => this.#take(turn, its));
        place += 1;
      }
      atMs += TURN_EVERY_MS;
    }
    this.#host.later(atMs + LASTS_MS, () => {
      for (const visit of this.#open) visit.leave();
      const told = Array.from({ length: place }, (_, at) => this.#answers[at] ?? '-');
      this.#host.heard(told.join(' / '));
    });
  }

  /** `leave` lets go of all that wait, and `leave one` of whoever has waited longest. */
  #take(turn: string, place: number): void {
    if (turn.startsWith('leave')) {
      const all = [...this.#open].slice(0, turn === 'leave' ? undefined : 1);
      for (const visit of all) {
        visit.leave();
        this.#open.delete(visit);
      }
      this.#answers[place] = 'left';
      return;
    }
    const connection = this.#host.connect();
    if (connection === undefined) return;
    const [method = '', target = '', ...rest] = turn.split(' ');
    const [path = '', search = ''] = target.split('?');
    let isLate = false;
    this.#host.later(TURN_EVERY_MS, () => {
      isLate = path.endsWith('_send');
    });
    const visit: Visit = new Visit(connection, (head, said) => {
      this.#open.delete(visit);
      this.#answers[place] = `${isLate ? 'late ' : ''}${wordsOf(head, said)}`;
    });
    this.#open.add(visit);
    const { host, path: prefix, search: own, headers } = this.#errand;
    visit.ask({
      ...{ host, method, path: prefix + path, body: encodeText(unfolded(rest.join(' '))) },
      ...{ search: search === '' ? own : `${own}&${search}`, headers },
    });
  }
}

/** `TEXT*N` is the text so many times. */
function unfolded(body: string): string {
  const [, text = '', times] = /^(.+)\*(\d+)$/s.exec(body) ?? [];
  return times === undefined ? body : text.repeat(Number(times));
}

/** What is said in most of them is left out. */
function wordsOf(head: string, said: string): string {
  const plain = head
    .split(' | ')
    .filter((line) => !/^(access-control-|cache-control: no-store)/.test(line))
    .join(' | ')
    .replace(/^200 OK \| content-type: (?:text\/plain|application\/javascript)$/, '');
  if (said === '') return plain;
  return plain === '' ? bodyWords(said) : `${plain} ${bodyWords(said)}`;
}

const TURN_EVERY_MS = 250;
const WAIT_MS = 1_500;
const LASTS_MS = 500;
