// One simulated client: connects, speaks the real wire, decodes what comes back with decoders of its own, and
// records what it saw. What it wants to do, and when, is in behaviours.ts.
// Refuses to judge: a frame that nobody asked for is recorded as such.

import { encodeClose, encodeFrame } from '../../actors/codecs/websocket-frames.ts';
import type { Payload } from '../../actors/runtime/edges.ts';
import { Prng } from '../../actors/runtime/prng.ts';
import type { Link } from '../edges/link.ts';
import {
  type Connection,
  type Endpoint,
  isWord,
  sizeOf,
  type Unit,
  type WireWord,
} from '../edges/network.ts';
import { ObjectPayload } from '../edges/object-payload.ts';
import { Arena } from '../edges/arena.ts';
import type { AtClient, Stamp, TracePosition } from '../trace.ts';
import { Answers } from './answers.ts';
import { act } from './behaviours.ts';
import { type ClientPlan, purposes, READ_EVERY_US, wishesOf } from './client-plan.ts';
import { Composing } from './composing.ts';
import type { ClientWorld } from './client-world.ts';
import { SseReading } from './hearing/sse-reading.ts';
import { WsReading } from './hearing/ws-reading.ts';
import { granted, greeting, subprotocolOf, turnedAway } from './asking/door.ts';
import { Posting } from './asking/posting.ts';
import { patienceOf, tellUnheard } from './asking/waiting.ts';
import { GOES_ONCE_MORE_US, goesOnceMore, linkOf, Masks, sleepOf } from './own-ways.ts';
import { byteSpeech, objectSpeech, type Speech } from './speech.ts';

export class Client implements Endpoint {
  readonly plan: ClientPlan;
  readonly world: ClientWorld;
  readonly link: Link;
  readonly chance: Prng;
  /** Where what it says has its bytes. */
  readonly arena = new Arena();
  readonly answers: Answers;
  readonly composing = new Composing(this);
  readonly posting: Posting;
  readonly speech: Speech;
  /** Where it stands in each topic, for the day it comes back. */
  readonly places = new Map<string, TracePosition>();
  connection: Connection | undefined = undefined;
  /** The server has let it in. */
  isOpen = false;
  isClosing = false;
  /** It stays away until it is told otherwise. */
  isAway = false;
  readonly sse: SseReading;
  readonly ws: WsReading;
  /** HTTP exchanges so far: what is composed for one is told apart from the next. */
  #exchanges = 0;
  /** What the present connection hears, by topic. */
  readonly #followings = new Map<string, number>();
  readonly masks: Masks;
  #heardAt = 0;
  /** Handshakes so far; the first ones of clients differ. */
  #turn: number;
  /** Which one must be chosen. */
  #subprotocol: string | undefined = undefined;
  #isWatching = false;
  #isReading = false;
  #closedBy: 'server' | 'client' | 'network' = 'network';
  #closeCode = 1006;
  #closeReason = '';
  #isGreeted = false;

  constructor(plan: ClientPlan, world: ClientWorld, seed: number) {
    this.plan = plan;
    this.world = world;
    this.#turn = plan.client;
    this.chance = new Prng(seed, `client ${plan.client}`);
    this.link = linkOf(plan, seed);
    this.masks = new Masks(plan.client, seed);
    this.speech = world.lane === 'byte' ? byteSpeech(this.arena) : objectSpeech;
    this.answers = new Answers(this);
    this.posting = new Posting(this);
    this.sse = new SseReading(this);
    this.ws = new WsReading(this);
  }

  /** Its life begins. */
  join(): void {
    const { behaviour, transport, everyUs } = this.plan;
    this.world.trace.add({ kind: 'joined', ...wishesOf(this.plan) });
    if (transport !== 'post') this.later(purposes.connect, this.chance.below(200_000));
    this.later(purposes.act, 200_000 + this.chance.below(everyUs));
    if (behaviour === 'slow') this.later(purposes.read, READ_EVERY_US);
  }

  later(purpose: number, delayUs: number): void {
    this.world.wakeClientAt(this.world.now + delayUs, this.plan.client, purpose);
  }

  woken(purpose: number): void {
    if (purpose === purposes.act) act(this);
    else if (purpose === purposes.connect) this.#connect();
    else if (purpose === purposes.read) this.#readSlowly();
    else this.#watch();
  }

  /** Sends one WebSocket message. */
  say(payload: Payload): void {
    if (payload instanceof ObjectPayload) this.sayRaw(payload);
    // A text takes the frame's bytes, too, on its way.
    else if (this.world.lane === 'object')
      this.sayRaw(new ObjectPayload(payload.byteLength, payload));
    else {
      const options = { mask: this.masks.next(), take: this.arena.take };
      this.sayRaw(encodeFrame('text', payload as Uint8Array, options));
    }
  }

  /** What the present connection hears of a topic. */
  followingOf(topic: string): number {
    return this.#followings.get(topic) ?? this.follow(topic);
  }

  /** From now on it hears the topic anew. */
  follow(topic: string): number {
    const following = this.world.newFollowing();
    this.#followings.set(topic, following);
    return following;
  }

  sayRaw(unit: Unit): void {
    this.connection?.say(unit);
  }

  /** Ends the connection as its protocol asks, or by letting go of the socket. */
  leave(isPolite: boolean): void {
    const { connection } = this;
    if (connection === undefined || this.isClosing) return;
    this.#closedBy = 'client';
    this.#closeCode = 1000;
    if (isPolite && this.plan.transport === 'ws' && this.isOpen) {
      this.isClosing = true;
      this.#sayClose(1000);
      return;
    }
    connection.reset();
    this.#ended();
  }

  /** It is gone, and nobody is told. */
  vanish(): void {
    const { connection } = this;
    if (connection === undefined) return;
    connection.isCut = true;
    this.#ended();
  }

  /** All is well again: the way is wide, and whoever was slow reads what is there. */
  settle(): void {
    this.link.bytesPerSecond = 0;
    this.link.windowBytes = SETTLED_WINDOW_BYTES;
    this.connection?.down.resume();
    this.readable();
    if (goesOnceMore(this.plan)) this.later(purposes.act, GOES_ONCE_MORE_US);
  }

  taken(): void {}

  readable(): void {
    const { connection } = this;
    if (connection === undefined || this.#isReading) return;
    if (this.plan.behaviour === 'slow' && !this.world.isSettling && this.isOpen) return;
    this.#isReading = true;
    this.#read(connection, Number.POSITIVE_INFINITY);
    this.#isReading = false;
  }

  /** Opens a connection for one HTTP exchange. */
  exchange(word: WireWord): void {
    this.#exchanges += 1;
    this.#dial(word);
  }

  /** Where an event of its trace begins: with room for the stamp, so that the trace need not make any. */
  at(): AtClient & Stamp {
    const { node, client } = this.plan;
    return {
      seq: 0,
      at: 0,
      cause: -1,
      node,
      client,
      connection: this.connection?.id ?? -1 - this.#exchanges * 1_024 - client,
    };
  }

  /** It hears a word: the first one may be a welcome, and no other. */
  greeted(isWelcome: boolean): void {
    if (this.#isGreeted) {
      if (isWelcome) this.unexpected('a welcome that is not the first word');
      return;
    }
    this.#isGreeted = true;
    if (this.plan.transport === 'ws')
      this.world.trace.add({ ...this.at(), kind: 'greeted', isWelcome });
  }

  misworded(text: string, correction: string): void {
    this.world.trace.add({ ...this.at(), kind: 'misworded', text, correction });
  }

  met(): { readonly shard: number; readonly remote: string } {
    const { shard, remote } = this.connection?.met ?? { shard: -1, remote: '' };
    return { shard, remote };
  }

  /** The server shows that it is there; true when it is to hear the same. */
  pinged(): boolean {
    const { transport, behaviour } = this.plan;
    const over = transport === 'sse' ? 'sse' : 'ws';
    this.world.trace.add({ ...this.at(), kind: 'pinged', transport: over });
    return behaviour !== 'mute';
  }

  unexpected(what: string): void {
    this.world.trace.add({ ...this.at(), kind: 'unexpected', what });
  }

  #connect(): void {
    if (this.connection !== undefined || this.isAway) return;
    this.#subprotocol = subprotocolOf(this.plan, this.world.isSettling);
    this.#turn += 1;
    this.#dial(greeting(this, this.#turn));
  }

  #dial(word: WireWord): void {
    const connection = this.world.connectBroker(this.plan, this.link);
    if (connection === undefined) {
      this.#comeBack();
      return;
    }
    connection.meet(this);
    this.connection = connection;
    this.#followings.clear();
    this.isOpen = false;
    this.isClosing = false;
    this.#closedBy = 'network';
    this.#closeCode = 1006;
    this.#closeReason = '';
    this.#heardAt = this.world.now;
    this.ws.begin();
    this.sse.begin();
    this.answers.begin();
    this.#isGreeted = false;
    this.sayRaw(word);
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.later(purposes.watch, WATCH_EVERY_US);
  }

  /** A client library's own patience: a peer that says nothing, not even pings, is given up. */
  #watch(): void {
    this.#isWatching = false;
    if (this.connection === undefined) return;
    if (this.world.now - this.#heardAt > patienceOf(this)) {
      tellUnheard(this, this.connection);
      this.connection.reset();
      this.#ended();
      return;
    }
    this.#isWatching = true;
    this.later(purposes.watch, WATCH_EVERY_US);
  }

  #readSlowly(): void {
    const { connection, plan } = this;
    if (connection !== undefined) {
      if (this.world.isSettling) this.readable();
      else if (plan.readBytes > 0) this.#read(connection, plan.readBytes);
    }
    if (!this.world.isSettling) this.later(purposes.read, READ_EVERY_US);
  }

  #read(connection: Connection, bytesMax: number): void {
    const { hash, now } = this.world;
    const { down } = connection;
    let left = bytesMax;
    while (left > 0) {
      const unit = down.read();
      if (unit === undefined) break;
      this.#heardAt = now;
      if (isWord(unit)) this.#hearWord(unit);
      else {
        const size = sizeOf(unit, down);
        left -= size;
        hash.reached(now, this.plan.client, size, unit);
        this.#hearPayload(unit);
      }
      if (this.connection !== connection) return;
    }
    down.drained();
  }

  #hearPayload(payload: Uint8Array | ObjectPayload): void {
    if (this.plan.transport === 'sse') this.sse.hear(payload);
    else this.ws.hear(payload);
  }

  #hearWord(unit: WireWord): void {
    switch (unit.word) {
      case 'accepted':
      case 'stream':
        this.isOpen = true;
        this.world.trace.add({
          ...this.at(),
          kind: 'connected',
          transport: unit.word === 'stream' ? 'sse' : 'ws',
          askedAt: this.connection?.met.askedAt ?? 0,
          ...this.met(),
        });
        if (unit.word === 'stream') this.sse.begun(unit.headers);
        if (unit.word !== 'accepted') return;
        granted(this, unit, this.#turn, this.#subprotocol);
        this.answers.subscribeAll();
        return;
      case 'response':
        if (this.answers.asking.hearResponse(unit)) return;
        if (this.plan.transport === 'post') this.posting.hearResponse(unit);
        else turnedAway(this, unit, 'subscribe', this.plan.topics);
        return;
      case 'ping':
        if (this.pinged()) this.sayRaw({ word: 'pong' });
        return;
      case 'close':
        this.heardClose(unit.code, unit.reason);
        return;
      case 'fin':
        if (this.plan.transport !== 'ws')
          this.#closedBy = this.#closedBy === 'client' ? 'client' : 'server';
        this.sayRaw({ word: 'fin' });
        this.#ended();
        return;
      case 'reset':
        this.#ended();
        return;
      case 'broken':
      case 'pong':
      case 'request':
      case 'upgrade':
      case 'gateway':
        this.unexpected(`a server does not say '${unit.word}'`);
        return;
      default:
        unit satisfies never;
    }
  }

  heardClose(code: number, reason: string): void {
    if (this.isClosing) return;
    this.#closedBy = 'server';
    this.#closeCode = code;
    this.#closeReason = reason;
    this.isClosing = true;
    this.#sayClose(code);
  }

  #sayClose(code: number): void {
    this.sayRaw(
      this.world.lane === 'byte'
        ? encodeClose(code, '', this.masks.next())
        : { word: 'close', code, reason: '' },
    );
  }

  #ended(): void {
    const { connection } = this;
    if (connection === undefined) return;
    connection.leave();
    if (this.isOpen)
      this.world.trace.add({
        ...this.at(),
        kind: 'closed',
        code: this.#closeCode,
        reason: this.#closeReason,
        by: this.#closedBy,
      });
    this.connection = undefined;
    this.isOpen = false;
    this.answers.ended();
    this.posting.ended();
    if (this.plan.transport !== 'post') this.#comeBack();
  }

  #comeBack(): void {
    if (this.plan.transport === 'post' || this.isAway) return;
    this.later(purposes.connect, 20_000 + this.chance.below(COME_BACK_US) + sleepOf(this));
  }
}

const SETTLED_WINDOW_BYTES = 4_194_304;
const COME_BACK_US = 800_000;
const WATCH_EVERY_US = 2_500_000;
