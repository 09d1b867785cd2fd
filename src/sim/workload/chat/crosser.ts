// A client of the broker on a node of a cluster: follows a topic by WebSocket, publishes to it, and comes back when its
// connection ends. What it publishes is numbered in the run, so that it is known wherever it arrives.
// Refuses to judge, and to know that there is a cluster.

import { encodeFrame } from '../../../actors/codecs/websocket-frames.ts';
import { Prng } from '../../../actors/runtime/prng.ts';
import type { Link } from '../../edges/link.ts';
import { type Connection, type Endpoint, isWord, type Unit } from '../../edges/network.ts';
import type { CrosserPlan } from '../../plan/chat-plan.ts';
import { plainLink } from '../../plan/simpler.ts';
import type { Trace } from '../../trace.ts';
import { shakeOf } from '../asking/handshakes.ts';
import { FrameDecoder, type FrameListener } from '../hearing/frame-decoder.ts';
import { linkOf, Masks } from '../own-ways.ts';
import { encoder } from './hp-lines.ts';
import { dataOf, PUBLICATION } from './said.ts';

export interface CrosserWorld {
  readonly isSettling: boolean;
  readonly trace: Trace;
  later(delayUs: number, act: () => void): void;
  connectCrosser(crosser: Crosser): Connection | undefined;
  newPublication(): number;
}

export class Crosser implements Endpoint, FrameListener {
  readonly plan: CrosserPlan;
  readonly link: Link;
  connection: Connection | undefined = undefined;
  readonly #world: CrosserWorld;
  readonly #chance: Prng;
  readonly #masks: Masks;
  #decoder = new FrameDecoder();
  #isIn = false;
  #isAway = false;

  constructor(plan: CrosserPlan, world: CrosserWorld, seed: number) {
    this.plan = plan;
    this.#world = world;
    this.#chance = new Prng(seed, `crosser ${plan.client}`);
    this.#masks = new Masks(plan.client, seed);
    this.link = linkOf({ client: plan.client, link: plainLink }, seed);
    this.#comeBack();
    if (plan.everyUs > 0) this.#publishLater();
  }

  settle(): void {
    this.link.bytesPerSecond = 0;
    this.connection?.down.resume();
  }

  leaveForever(): void {
    this.#isAway = true;
    this.abort();
  }

  vanish(): void {
    const { connection } = this;
    if (connection === undefined) return;
    connection.isCut = true;
    this.#ended();
  }

  abort(): void {
    this.connection?.reset();
    this.#ended();
  }

  burst(count: number): void {
    for (let at = 0; at < Math.min(count, 10); at += 1) this.publish();
  }

  sayRaw(unit: Unit): void {
    this.connection?.say(unit);
  }

  publish(): void {
    if (!this.#isIn) return;
    const { node, client, topic, claims, token, isNameless = false } = this.plan;
    const publication = this.#world.newPublication();
    const told = { publication, claims, isProved: token !== undefined, proved: token?.subject };
    this.#world.trace.add({ kind: 'crossSent', node, client, topic, ...told });
    const words = `${PUBLICATION}${publication}`;
    const own = dataOf(words);
    const data = claims === undefined ? words : { from: claims, body: words, data: own };
    this.#say({ type: 'publish', topic, data, ...(isNameless ? {} : { id: words, ack: true }) });
  }

  taken(): void {}

  readable(): void {
    const { connection } = this;
    if (connection === undefined) return;
    for (let unit = connection.down.read(); unit !== undefined; unit = connection.down.read()) {
      if (this.connection !== connection) return;
      if (!isWord(unit)) this.#decoder.decode(unit as Uint8Array, this);
      else if (unit.word === 'accepted')
        this.#say({ type: 'subscribe', topic: this.plan.topic, envelope: true });
      else if (unit.word === 'fin' || unit.word === 'reset' || unit.word === 'response')
        this.#ended();
    }
    connection.down.drained();
  }

  textReceived(bytes: Uint8Array, from: number, to: number): void {
    const word = JSON.parse(decoder.decode(bytes.subarray(from, to))) as Record<string, unknown>;
    const { node, client, topic } = this.plan;
    const connection = this.connection?.id ?? -1;
    const said = saidIn(word['data']);
    const publication = publicationIn(said?.body ?? word['id']);
    switch (word['type']) {
      case 'ack_subscribe':
        this.#isIn = true;
        this.#world.trace.add({ kind: 'crossFollowed', node, client, connection, topic });
        return;
      case 'ack_publish':
        this.#world.trace.add({ kind: 'crossTaken', node, client, publication });
        return;
      case 'message':
        if (said?.place !== undefined) {
          const { body: message, ...where } = said;
          const heard = { ...where, message, place: said.place };
          this.#world.trace.add({ kind: 'bridgeHeard', node, client, connection, topic, ...heard });
          return;
        }
        this.#world.trace.add({ kind: 'crossHeard', node, client, connection, topic, publication });
        return;
      default:
    }
  }

  pingReceived(payload: Uint8Array): void {
    this.sayRaw(encodeFrame('pong', payload, { mask: this.#masks.next() }));
  }

  closeReceived(): void {
    this.sayRaw(encodeFrame('close', new Uint8Array(0), { mask: this.#masks.next() }));
  }

  brokenFrame(what: string): void {
    throw new Error(`a broken frame: ${what}`);
  }

  #say(word: object): void {
    const text = encoder.encode(JSON.stringify(word));
    this.sayRaw(encodeFrame('text', text, { mask: this.#masks.next() }));
  }

  #connect(): void {
    if (this.connection !== undefined || this.#isAway) return;
    const connection = this.#world.connectCrosser(this);
    if (connection === undefined) {
      this.#comeBack();
      return;
    }
    connection.meet(this);
    this.connection = connection;
    this.#decoder = new FrameDecoder();
    const headers = shakeOf(this.plan.client, [], false);
    const head = { method: 'GET', path: '/', query: queryOf(this.plan), headers };
    this.sayRaw({ word: 'upgrade', head });
  }

  #ended(): void {
    const { connection } = this;
    if (connection === undefined) return;
    const { node, client } = this.plan;
    this.#world.trace.add({ kind: 'crossEnded', node, client, connection: connection.id });
    this.connection = undefined;
    this.#isIn = false;
    connection.leave();
    this.#comeBack();
  }

  #comeBack(): void {
    this.#world.later(RETRY_US + this.#chance.below(RETRY_US), () => this.#connect());
  }

  #publishLater(): void {
    const { everyUs } = this.plan;
    this.#world.later((everyUs >> 1) + this.#chance.below(everyUs), () => {
      if (this.#world.isSettling || this.#isAway) return;
      this.publish();
      this.#publishLater();
    });
  }
}

interface SaidThere {
  readonly body: string;
  readonly from: string;
  readonly room: string;
  readonly epoch: number;
  /** Of a message of a room, which has one. */
  readonly place: number | undefined;
}

/** Its own words, or a message of a room. */
function saidIn(data: unknown): SaidThere | undefined {
  if (data === undefined) return undefined;
  const { body = data, from, room, epoch, seq } = data as Readonly<Record<string, unknown>>;
  const place = seq === undefined ? undefined : Number(seq);
  const where = { from: String(from), room: String(room), epoch: Number(epoch), place };
  return { body: String(body).trimEnd(), ...where };
}

function publicationIn(words: unknown): number {
  const text = String(words);
  return text.startsWith(PUBLICATION) ? Number(text.slice(PUBLICATION.length)) : -1;
}

function queryOf({ token }: CrosserPlan): string {
  if (token === undefined) return '';
  const claims = { subscribe: ['*'], publish: ['*'], subject: token.subject };
  // Twice, as a token is read out of a query first.
  return `access_token=${encodeURIComponent(encodeURIComponent(JSON.stringify(claims)))}`;
}

const decoder = new TextDecoder();
const RETRY_US = 200_000;
