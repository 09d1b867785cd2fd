// One client of the chat: connects, logs in or comes back to its session, sits in its rooms, says and asks what it likes,
// leaves when it likes, and comes back when its connection ends. Here is its connection; what it says is in
// talker-deeds.ts, what it hears in talker-hearing.ts. Refuses to judge, and to know what is behind its node's door.

import { Prng } from '../../../actors/runtime/prng.ts';
import type { Link } from '../../edges/link.ts';
import { type Connection, type Endpoint, isWord, type Unit } from '../../edges/network.ts';
import type { TalkerPlan } from '../../plan/chat-plan.ts';
import type { EventOf, Trace } from '../../trace.ts';
import { linkOf } from '../own-ways.ts';
import { HpReader, hpLine, TIMESTAMP } from './hp-lines.ts';
import { type Speakers, timestampOf } from './said.ts';
import { TalkerDeeds } from './talker-deeds.ts';
import { TalkerHearing } from './talker-hearing.ts';
import { type Page, TalkerPages } from './talker-pages.ts';

export interface TalkerWorld extends Speakers {
  readonly now: number;
  readonly isSettling: boolean;
  readonly trace: Trace;
  readonly nodes: number;
  readonly users: readonly string[];
  /** In which somebody sits. */
  readonly rooms: readonly string[];
  readonly bodyBytesMax: number;
  /** There is no place for all of them. */
  readonly hasFewRooms: boolean;
  later(delayUs: number, act: () => void): void;
  connectTalker(talker: Talker, node: number): Connection | undefined;
  /** The place in the trace where a message was first said, for those who hear it. */
  saidAt(message: string): number;
  /** By which id it was said. */
  idOf(message: string): string | undefined;
  noteSaid(message: string, id: string, seq: number, to: string | undefined): void;
}

/** A request that was not answered, in the order of asking; a wrong line has the codes that are right. */
export interface Outstanding {
  readonly id: string | null;
  readonly what: string;
  readonly room: string | undefined;
  readonly to: string | undefined;
  /** The message that it says. */
  readonly message: string | undefined;
  readonly expected: string | undefined;
  /** That it wants to have. */
  readonly status?: string | undefined;
  readonly note?: string | undefined;
  /** It asks for a page. */
  readonly page?: Page | undefined;
}

/** A message of its own, of which it does not know what became. */
export interface Said {
  readonly message: string;
  /** To other receivers it may have said something else by it. */
  readonly id: string;
  readonly what: 'ROOM_MESSAGE' | 'DIRECT_MESSAGE';
  readonly room: string | undefined;
  readonly to: string | undefined;
}

export class Talker implements Endpoint {
  readonly plan: TalkerPlan;
  readonly link: Link;
  readonly world: TalkerWorld;
  readonly chance: Prng;
  connection: Connection | undefined = undefined;
  /** The node that it is connected to, or will try next. */
  node: number;
  asked: Outstanding[] = [];
  /** Its session, as it was told; undefined before a login and after a goodbye. */
  session: string | undefined = undefined;
  token: string | undefined = undefined;
  isIn = false;
  /** By room: the last place that it knows. */
  readonly places = new Map<string, number>();
  readonly seats = new Set<string>();
  /** What it has said and was not told of; said again with the same id when it is back. */
  readonly unsure = new Map<string, Said>();
  readonly deeds: TalkerDeeds;
  readonly pages: TalkerPages;
  #reader = new HpReader();
  /** Connections that have ended: what is sent over one is not read. */
  readonly #over: { readonly connection: Connection; readonly reader: HpReader }[] = [];
  readonly #hearing: TalkerHearing;
  #isAway = false;
  /** It reads nothing for a while. */
  #isDozing = false;
  #isBye = false;
  #heardAt = 0;
  #connections = 0;
  #ids = 0;

  constructor(plan: TalkerPlan, world: TalkerWorld, seed: number) {
    this.plan = plan;
    this.world = world;
    this.node = plan.node;
    this.chance = new Prng(seed, `talker ${plan.client}`);
    this.link = linkOf(plan, seed);
    this.deeds = new TalkerDeeds(this);
    this.pages = new TalkerPages(this);
    this.#hearing = new TalkerHearing(this);
    const { client, node, user, rooms, isMute, hasAck, hasEcho, readBytes, returns, roams } = plan;
    const isSlow = readBytes > 0 || plan.dozes === true;
    const about = { client, node, user, rooms, isMute, hasAck, hasEcho, isSlow, roams };
    const givesPlaces = returns === 'placed';
    const { visit } = plan;
    const isVisitor = visit !== undefined;
    world.trace.add({ kind: 'talkerJoined', ...about, givesPlaces, isVisitor });
    this.#comeBack(visit?.at ?? plan.comesAt ?? this.chance.below(500_000));
    if (plan.leavesEveryUs > 0) this.#departLater();
    if (isSlow) world.later(READ_EVERY_US, () => this.#readSlowly());
    if (!isMute) this.deeds.begin();
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  at(): { readonly node: number; readonly client: number; readonly connection: number } {
    const { node, plan, connection } = this;
    return { node, client: plan.client, connection: connection?.id ?? -1 };
  }

  /** Of what happens in its session. */
  inSession() {
    return { ...this.at(), session: this.session ?? '', user: this.plan.user };
  }

  /** Says a request; what it is about is known again when it is answered. */
  ask(
    what: string,
    payload: object,
    about: Partial<Pick<Outstanding, 'room' | 'to' | 'message' | 'status' | 'note' | 'page'>> & {
      readonly id?: string;
      readonly isRepeat?: boolean;
      readonly sign?: string;
      readonly taken?: readonly string[];
      readonly tokenMs?: number | undefined;
    } = {},
  ): void {
    this.#ids += 1;
    const { room, message, status, note, page, isRepeat, sign, taken, tokenMs } = about;
    const to = about.to?.toLowerCase();
    const id = about.id ?? `q${this.plan.client}.${this.#ids}`;
    if (!UNANSWERED.includes(what))
      this.asked.push({ id, what, room, to, message, status, note, page, expected: undefined });
    const asked = { kind: 'talkerAsked', id, what, room, to, message, isRepeat, sign } as const;
    const seq = this.world.trace.add({ ...asked, taken, tokenMs, status, ...this.at() });
    if (message !== undefined) this.world.noteSaid(message, id, seq, about.to);
    const timestamp = message === undefined ? TIMESTAMP : timestampOf(message);
    this.sayRaw(hpLine(what, id, payload, timestamp));
  }

  sayRaw(unit: Unit): void {
    this.connection?.say(unit);
  }

  /** It goes with a word, and does not come again by itself before it likes. */
  bye(): void {
    if (this.connection === undefined || this.#isBye) return;
    this.ask('BYE', {});
    this.#isBye = true;
  }

  heardBye(): void {
    this.#isBye = true;
    this.session = undefined;
    this.token = undefined;
  }

  /** Now and then somebody does not mean it, and asks for the session that it has ended. */
  regret(token: string | undefined): void {
    if (!this.#isAway && this.chance.chance(1, 3)) this.token = token;
  }

  settle(): void {
    this.#hearing.settle();
    this.link.bytesPerSecond = 0;
    this.link.windowBytes = SETTLED_WINDOW_BYTES;
    this.connection?.down.resume();
    this.readable();
  }

  leaveForever(): void {
    if (this.#isAway) return;
    this.#isAway = true;
    const { node, client } = this.plan;
    this.world.trace.add({ kind: 'left', node, client });
    if (this.isIn) this.bye();
    else this.#depart('client');
  }

  vanish(): void {
    const { connection } = this;
    if (connection === undefined) return;
    connection.isCut = true;
    this.#ended('client');
  }

  abort(): void {
    this.#depart('client');
  }

  burst(count: number): void {
    if (this.plan.isMute) return;
    for (let at = 0; at < Math.min(count, BURST_MAX); at += 1) this.deeds.speak();
  }

  taken(): void {}

  readable(): void {
    if (this.plan.readBytes === 0 || this.world.isSettling) this.#read(Infinity);
  }

  #readSlowly(): void {
    this.#read(this.plan.readBytes);
    if (!this.world.isSettling) this.world.later(READ_EVERY_US, () => this.#readSlowly());
  }

  #read(bytesMax: number): void {
    const { connection } = this;
    if (connection === undefined || (this.#isDozing && !this.world.isSettling)) return;
    let left = bytesMax;
    while (left > 0 && this.connection === connection) {
      const unit = connection.down.read();
      if (unit === undefined) break;
      this.#heardAt = this.world.now;
      if (isWord(unit)) {
        if (unit.word === 'fin') this.#heardEnd();
        else this.#ended('network');
        continue;
      }
      left -= unit.byteLength;
      for (const line of this.#reader.read(unit as Uint8Array)) {
        if (this.connection !== connection) return;
        this.#hearing.hear(line);
      }
    }
    connection.down.drained();
  }

  #heardEnd(): void {
    if (this.#reader.isAmidLine) this.#hearing.hear('a line without its end');
    this.sayRaw({ word: 'fin' });
    this.#ended('server');
  }

  #connect(): void {
    if (this.connection !== undefined || this.#isAway) return;
    const connection = this.world.connectTalker(this, this.node);
    if (connection === undefined) {
      if (this.plan.roams) this.node = (this.node + 1) % this.world.nodes;
      this.#comeBack(RETRY_US + this.chance.below(RETRY_US));
      return;
    }
    this.#connections += 1;
    connection.meet(this);
    this.connection = connection;
    this.asked = [];
    this.isIn = false;
    this.#isBye = false;
    this.#reader = new HpReader();
    // [HP-ACK-3] What is written is taken, and its node alone knows how much that is.
    if (!this.plan.hasAck) connection.down.lost = [];
    this.#heardAt = this.world.now;
    const { shard } = connection.met;
    this.world.trace.add({ kind: 'talkerConnected', ...this.at(), shard });
    const { visit } = this.plan;
    if (visit !== undefined) this.world.later(visit.staysUs, () => this.leaveForever());
    this.deeds.enter();
    this.#watch(this.#connections);
    if (this.plan.stumbles === true && this.chance.chance(1, 2)) this.#stumble(connection);
  }

  /** It has hardly come, and is lost again: before it is in, perhaps, or as it hears what it missed. */
  #stumble(connection: Connection): void {
    this.world.later(this.chance.below(this.chance.pick(STUMBLES_US)), () => {
      if (this.connection !== connection || this.world.isSettling) return;
      if (this.chance.chance(1, 2)) this.#depart('client');
      else this.vanish();
      // Now and then it forgets what it had, and what it was about to come back to waits in vain.
      if (this.chance.chance(1, 3)) this.token = undefined;
    });
  }

  /** What was on its way to it over connections that have ended will never come. */
  tellLost(): void {
    for (const { connection, reader } of this.#over)
      for (const bytes of connection.down.lost?.splice(0) ?? [])
        for (const line of reader.read(bytes)) this.#hearing.lose(line);
  }

  #ended(by: EventOf<'talkerEnded'>['by']): void {
    const { connection } = this;
    if (connection === undefined) return;
    const { isCut } = connection;
    this.world.trace.add({ kind: 'talkerEnded', by, isCut, isBye: this.#isBye, ...this.at() });
    this.connection = undefined;
    this.isIn = false;
    this.asked = [];
    this.#hearing.forget();
    connection.leave();
    if (connection.down.lost !== undefined) this.#over.push({ connection, reader: this.#reader });
    this.#goOn(by);
    if (this.plan.visit !== undefined) {
      this.leaveForever();
      return;
    }
    const { wanders, lingers } = this.plan;
    if (lingers === true && this.chance.chance(1, 3)) this.token = undefined;
    const times = wanders === true ? SOON_US : lingers === true ? LINGER_US : AWAY_US;
    this.#comeBack(20_000 + this.chance.below(this.chance.pick(times)));
  }

  /** To the node where it will come back. */
  #goOn(by: EventOf<'talkerEnded'>['by']): void {
    const { nodes } = this.world;
    if (this.plan.wanders === true && nodes > 1)
      this.node = (this.node + 1 + this.chance.below(nodes - 1)) % nodes;
    else if (by === 'patience' && this.plan.roams) this.node = (this.node + 1) % nodes;
  }

  #comeBack(delayUs: number): void {
    this.world.later(delayUs, () => this.#connect());
  }

  /** What has said nothing for long is asked whether it is there, and then given up. */
  #watch(connections: number): void {
    this.world.later(WATCH_EVERY_US, () => {
      if (this.connection === undefined || this.#connections !== connections) return;
      const quietUs = this.world.now - this.#heardAt;
      if (quietUs > PATIENCE_US) {
        this.#depart('patience');
        return;
      }
      const isAwake = !this.plan.isMute && !this.#isDozing;
      if (quietUs > ASK_AFTER_US && isAwake) this.ask('PING', {});
      this.#watch(connections);
    });
  }

  #depart(by: 'client' | 'patience'): void {
    const { connection } = this;
    if (connection === undefined) return;
    connection.reset();
    this.#ended(by);
  }

  #departLater(): void {
    const { leavesEveryUs } = this.plan;
    const afterUs = (leavesEveryUs >> 1) + this.chance.below(leavesEveryUs);
    if (this.plan.dozes === true)
      this.world.later(Math.max(0, afterUs - this.chance.below(DOZE_US)), () => {
        this.#isDozing = true;
      });
    this.world.later(afterUs, () => {
      if (this.world.isSettling || this.#isAway) return;
      this.#isDozing = false;
      if (this.plan.lingers === true && this.chance.chance(2, 3)) this.#depart('client');
      else if (this.isIn && this.chance.chance(1, 3)) this.bye();
      else if (this.chance.chance(1, 2)) this.#depart('client');
      else this.vanish();
      this.#departLater();
    });
  }
}

/** Requests that are not answered. */
const UNANSWERED: readonly string[] = ['PONG', 'ACK', 'TYPING'];
const READ_EVERY_US = 50_000;
const SETTLED_WINDOW_BYTES = 16_777_216;
const BURST_MAX = 20;
const RETRY_US = 300_000;
/** Now and then for so long that others become something else meanwhile, or that a session is over. */
const AWAY_US: readonly number[] = [200_000, 200_000, 200_000, 1_200_000, 1_200_000, 6_000_000];
const LINGER_US: readonly number[] = [500_000, 1_500_000, 3_500_000];
const SOON_US: readonly number[] = [1, 20_000, 100_000, 200_000, 1_200_000];
/** Not so long that it is sent away for it. */
const DOZE_US = 2_400_000;
const STUMBLES_US: readonly number[] = [10_000, 60_000, 400_000];
const WATCH_EVERY_US = 1_000_000;
const ASK_AFTER_US = 3_000_000;
const PATIENCE_US = 6_500_000;
