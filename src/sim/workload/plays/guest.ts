// One of those who play: has one connection at a time, says what he is told to, and keeps what he hears in the words of plays.
// Refuses to judge.

import type { Prng } from '../../../actors/runtime/prng.ts';
import { type Link, newLink } from '../../edges/link.ts';
import { type Connection, type Endpoint, isWord } from '../../edges/network.ts';
import { plainLink } from '../../plan/simpler.ts';
import type { House } from '../../records/plays/house.ts';
import { END } from '../../records/plays/play.ts';
import { flawIn } from '../chat/hp-shapes.ts';
import { Lines } from '../chat/hp-lines.ts';
import { toldOf } from './told.ts';

export class Guest implements Endpoint {
  readonly #house: House;
  readonly #chance: Prng;
  readonly #heardSomething: () => void;
  readonly #decoder = new TextDecoder();
  #lines = new Lines();
  #asked: string[] = [];
  #isBlind = false;
  connection: Connection | undefined = undefined;
  #left: Connection | undefined = undefined;
  /** That no step has asked for yet. */
  heard: string[] = [];
  /** Of the room that it has heard of last. */
  #epoch = '0';
  /** Of its session. */
  token = 'none';

  constructor(house: House, chance: Prng, heardSomething: () => void) {
    this.#house = house;
    this.#chance = chance;
    this.#heardSomething = heardSomething;
  }

  come(connect: (link: Link) => Connection | undefined, isBlind: boolean): void {
    this.#gather();
    this.#lines = new Lines();
    this.#asked = [];
    this.#isBlind = isBlind;
    const plan = isBlind ? { ...plainLink, windowBytes: NARROW_BYTES } : plainLink;
    const connection = connect(newLink(plan, this.#chance));
    if (connection === undefined) return;
    connection.meet(this);
    connection.down.lost = [];
    this.connection = connection;
  }

  say(text: string): void {
    const said = text.replaceAll('TOKEN', this.token).replaceAll('"EPOCH"', this.#epoch);
    for (const [, type = '', id = ''] of said.matchAll(/"type":"(\w+)","id":"([\w.:-]{1,64})"/g))
      if (!UNANSWERED.includes(type)) this.#asked.push(id);
    this.connection?.say(Uint8Array.from(said, (letter) => letter.charCodeAt(0)));
  }

  end(): void {
    this.connection?.say({ word: 'fin' });
  }

  /** Reads from now on. */
  look(): void {
    this.#isBlind = false;
    this.readable();
  }

  /** What was on its way counts as heard. */
  go(): void {
    const { connection } = this;
    if (connection === undefined) return;
    this.look();
    this.connection = undefined;
    connection.reset();
    connection.leave();
    this.#left = connection;
  }

  /** What its node has written to a connection that is over. */
  #gather(): void {
    for (const bytes of this.#left?.down.lost?.splice(0) ?? []) this.#hear(bytes);
    this.#left = undefined;
  }

  taken(): void {}

  readable(): void {
    const { connection } = this;
    if (connection === undefined || this.#isBlind) return;
    const { down } = connection;
    for (let unit = down.read(); unit !== undefined; unit = down.read())
      if (!isWord(unit)) this.#hear(unit as Uint8Array);
      else if (unit.word === 'fin' || unit.word === 'reset') {
        if (unit.word === 'fin') connection.say({ word: 'fin' });
        connection.leave();
        this.connection = undefined;
        this.heard.push(END);
        break;
      }
    down.drained();
    this.#heardSomething();
  }

  #hear(bytes: Uint8Array): void {
    for (const cut of this.#lines.cut(bytes))
      this.heard.push(this.#read(this.#decoder.decode(cut)));
  }

  #read(text: string): string {
    const line = JSON.parse(text) as {
      readonly type: string;
      readonly id: string;
      readonly timestamp: number;
      readonly payload: Readonly<Record<string, unknown>>;
    };
    const { type, payload } = line;
    if (Object.keys(line).join() !== FIELDS) return `fields ${Object.keys(line).join()}`;
    const { id: _, ...rest } = payload;
    const flaw = flawIn(type, this.#house.isLenient && type === 'ACK' ? rest : payload);
    if (flaw !== undefined) return flaw;
    const resume = payload['resume'] as { readonly token?: string } | undefined;
    if (typeof resume?.token === 'string') this.token = resume.token;
    if (typeof payload['epoch'] === 'number') this.#epoch = String(payload['epoch']);
    // Numbers and escapes stand there as they were written.
    const [, data] = /"data":(.*?)(?:,"(?:seq|delayed|sent)":|\}\}$)/.exec(text) ?? [];
    const { words, isAnswer } = toldOf({ ...line, data }, this.#asked[0], this.#house);
    if (isAnswer) this.#asked.shift();
    return words.replace(/ resume=\{[^ ]*\}/, '');
  }
}

/** Requests that are not answered. */
const UNANSWERED: readonly string[] = ['PONG', 'ACK', 'TYPING'];
const FIELDS = 'version,type,id,timestamp,source,payload';
const NARROW_BYTES = 4_096;
