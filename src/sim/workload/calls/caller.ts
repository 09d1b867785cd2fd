// Whoever calls at the door of a chat: says what he has to say at once, hears what comes, and records all of it when the
// connection ends, or his patience does. Refuses to judge.

import type { Prng } from '../../../actors/runtime/prng.ts';
import { type Link, newLink } from '../../edges/link.ts';
import { type Connection, type Endpoint, isWord } from '../../edges/network.ts';
import { plainLink } from '../../plan/simpler.ts';
import type { Call } from '../../records/calls/calls.ts';
import type { Trace } from '../../trace.ts';
import type { Way } from '../../ways-in.ts';
import { HpReader } from '../chat/hp-lines.ts';

export interface CallerWorld {
  readonly trace: Trace;
  later(delayUs: number, act: () => void): void;
  connectChat(way: Way, link: Link): Connection | undefined;
}

export class Caller implements Endpoint {
  readonly #call: Call;
  readonly #at: Way;
  readonly #world: CallerWorld;
  readonly #reader = new HpReader();
  readonly #heard: string[] = [];
  #connection: Connection | undefined = undefined;

  constructor(call: Call, at: Way, world: CallerWorld) {
    this.#call = call;
    this.#at = at;
    this.#world = world;
  }

  begin(chance: Prng): void {
    const connection = this.#world.connectChat(this.#at, newLink(plainLink, chance));
    if (connection === undefined) return;
    this.#connection = connection;
    connection.meet(this);
    this.#world.trace.add({ kind: 'callBegan', ...this.#at, call: this.#call.name });
    connection.say(Uint8Array.from(this.#call.says, (letter) => letter.charCodeAt(0)));
    this.#world.later(PATIENCE_US, () => this.#over(false));
  }

  taken(): void {}

  readable(): void {
    const down = this.#connection?.down;
    for (let unit = down?.read(); unit !== undefined; unit = down?.read()) {
      if (!isWord(unit)) for (const line of this.#reader.read(unit as Uint8Array)) this.#hear(line);
      else if (unit.word === 'fin' || unit.word === 'reset') {
        this.#over(true);
        return;
      }
    }
    down?.drained();
  }

  #hear(line: ReturnType<HpReader['read']>[number]): void {
    if (typeof line === 'string') {
      this.#heard.push(line);
      return;
    }
    const { type, payload } = line;
    if (type !== 'ERROR') {
      this.#heard.push(type);
      return;
    }
    const { code, field, fatal } = payload;
    const words = [type, code, field, fatal === true ? 'fatal' : undefined];
    this.#heard.push(words.filter((word) => typeof word === 'string').join(' '));
  }

  #over(isEnded: boolean): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    if (isEnded) connection.say({ word: 'fin' });
    else connection.reset();
    connection.leave();
    const heard = [...this.#heard];
    this.#world.trace.add({ kind: 'callOver', ...this.#at, call: this.#call.name, heard, isEnded });
  }
}

/** Longer than an answer takes, and shorter than a silence of which a node wants to know. */
const PATIENCE_US = 1_200_000;
