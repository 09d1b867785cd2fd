// What a talker does: it comes in, says again what it is not sure of, and then speaks, asks, looks, leaves rooms and comes
// back to them, and now and then says something that is wrong. Refuses to hear.

import { ADMIN, ROOMS } from '../../plan/chat-plan.ts';
import { encoder, hpLine } from './hp-lines.ts';
import { mistakes, tooLong } from './hp-mistakes.ts';
import { dataOf } from './said.ts';
import type { Said, Talker } from './talker.ts';

export class TalkerDeeds {
  readonly #talker: Talker;
  #said = 0;
  #receipts = 0;
  #used: { readonly id: string; readonly by: Set<string> } | undefined = undefined;
  /** Rooms of others into which it has come only to say something. */
  readonly #passing = new Set<string>();
  /** By receiver: what it has said to him. */
  readonly #counts = new Map<string, number>();
  /** Wrong lines on this connection. */
  #wrong = 0;
  /** What it has said on this connection that it can. */
  #caps: readonly string[] = [];

  constructor(talker: Talker) {
    this.#talker = talker;
  }

  begin(): void {
    const { world, chance, plan } = this.#talker;
    const isHushed = plan.hushes === true && chance.chance(1, 12);
    const hushUs = isHushed ? HUSH_US + chance.below(HUSH_US) : 0;
    world.later((plan.everyUs >> 1) + chance.below(plan.everyUs) + hushUs, () => this.#goOn());
  }

  /** The connection stands: its session is asked for, or a new one. */
  enter(): void {
    const { chance } = this.#talker;
    this.#wrong = 0;
    this.#caps = [];
    this.#passing.clear();
    if (chance.chance(1, 4)) {
      this.#caps = this.#ownCaps.filter(() => chance.chance(1, 2));
      this.#talker.ask('HELLO', { agent: 'sim', versions: ['1.0'], caps: this.#caps });
    }
    this.resume();
  }

  /** It comes back to the session that it had, where it can. */
  resume(): void {
    const { plan, token, places } = this.#talker;
    if (plan.returns === 'anew' || token === undefined) this.login();
    else {
      const rooms = plan.returns === 'placed' ? { rooms: Object.fromEntries(places) } : {};
      this.#talker.ask('RESUME', { token, ...rooms });
    }
  }

  login(): void {
    const { user: name, tokenMs: lastsMs } = this.#talker.plan;
    const { chance } = this.#talker;
    // [HP-HELLO-3] Those that it has said count, too.
    const rest = this.#ownCaps.filter((cap) => !this.#caps.includes(cap));
    const caps = [...rest, ...OTHER_CAPS.filter(() => chance.chance(1, 4))];
    const user = this.#spelled(name);
    const status = chance.chance(1, 4) ? chance.pick(['away', 'busy']) : undefined;
    if (lastsMs === undefined) {
      this.#talker.ask('LOGIN', { user, caps, status }, { status });
      return;
    }
    const tokenMs = this.#talker.world.isSettling ? LONG_MS : lastsMs;
    const claims = { subject: user, subscribe: [], publish: [], expiresInMs: tokenMs };
    const token = encodeURIComponent(JSON.stringify(claims));
    const auth = { method: 'token', token };
    this.#talker.ask('LOGIN', { user, caps, status, auth }, { tokenMs, status });
  }

  /** Whether these are what it has said that it can. */
  isKnownBy(caps: readonly string[]): boolean {
    const own = this.#ownCaps;
    return CAPS.every((cap) => caps.includes(cap) === own.includes(cap));
  }

  get #ownCaps(): readonly string[] {
    const { hasAck, hasEcho } = this.#talker.plan;
    return [...(hasAck ? ['ack'] : []), ...(hasEcho ? ['echo'] : [])];
  }

  /** Names of users are the same, however they are spelled. */
  #spelled(user: string): string {
    return this.#talker.chance.chance(1, 6) ? user.toUpperCase() : user;
  }

  /** It is in: its rooms, and then what it is not sure of. */
  entered(): void {
    const { plan, chance, seats } = this.#talker;
    for (const room of plan.rooms) if (!seats.has(room)) this.join(room);
    if (chance.chance(1, 4)) this.change();
    if (chance.chance(1, 2)) this.#watchSome();
    for (const said of this.#talker.unsure.values())
      if (said.what === 'DIRECT_MESSAGE') this.#say(said, true);
      else if (said.room !== undefined && seats.has(said.room)) this.#say(said, true);
  }

  join(room: string): void {
    const history = this.#talker.chance.chance(1, 3) ? { history: { limit: 5 } } : {};
    this.#talker.ask('JOIN', { room, ...history }, { room });
  }

  /** It sits in a room: what it is not sure of there is said again. */
  seated(room: string): void {
    for (const said of this.#talker.unsure.values()) if (said.room === room) this.#say(said, true);
    if (!this.#passing.delete(room)) return;
    this.sayIn(room);
    this.#leave(room);
  }

  speak(): void {
    const { isIn, seats, chance } = this.#talker;
    if (!isIn || seats.size === 0) return;
    this.sayIn(chance.pick([...seats]));
  }

  sayIn(room: string): void {
    this.#say(this.#new('ROOM_MESSAGE', room, undefined));
  }

  sayTo(user: string): void {
    this.#say(this.#new('DIRECT_MESSAGE', undefined, this.#spelled(user)));
  }

  /** Every receipt is another. */
  receipt(to: string): void {
    const { plan, chance } = this.#talker;
    this.#receipts += 1;
    const ref = `r${plan.client}.${this.#receipts}`;
    const state = chance.pick(['delivered', 'read']);
    this.#talker.ask(
      'RECEIPT',
      { ref, to: this.#spelled(to), state },
      { to, sign: `${ref} ${state}` },
    );
  }

  type(room: string | undefined, to: string): void {
    const on = this.#talker.chance.chance(1, 2);
    const sign = on ? 'on' : 'off';
    if (room === undefined) this.#talker.ask('TYPING', { to: this.#spelled(to), on }, { to, sign });
    else this.#talker.ask('TYPING', { room, on }, { room, sign });
  }

  /** Of what it says of itself. */
  change(): void {
    const { chance } = this.#talker;
    const status = chance.pick(['online', 'away', 'busy']);
    const note = chance.chance(1, 3) ? `note ${chance.below(3)}` : undefined;
    this.#talker.ask('PRESENCE_SET', { status, note }, { status, note });
  }

  watch(...some: readonly string[]): void {
    const users = some.map((user) => this.#spelled(user));
    this.#talker.ask('PRESENCE_SUBSCRIBE', { users }, { to: some.join(' ') });
  }

  /** One by one, or all at once. */
  #watchSome(): void {
    const { chance, world } = this.#talker;
    const users = world.users.slice(0, WATCHED_MAX);
    if (chance.chance(1, 2)) this.watch(...users);
    else for (const user of users) this.watch(user);
  }

  askAll(): void {
    const { users } = this.#talker.world;
    this.#talker.ask('PRESENCE_QUERY', { users });
  }

  askMembers(room: string): void {
    this.#talker.ask('ROOM_MEMBERS', { room, limit: 100 }, { room });
  }

  askHistory(room: string): void {
    this.#talker.ask('HISTORY', { room, limit: 100 }, { room });
  }

  /** At once, or page by page. */
  lookAround(room: string, isWhole: boolean): void {
    if (this.#talker.chance.chance(1, 3)) this.#talker.pages.readMembers(room, isWhole);
    else this.askMembers(room);
  }

  #lookBack(room: string): void {
    const { chance, pages, world } = this.#talker;
    if (chance.chance(1, 2)) this.askHistory(room);
    else pages.readHistory(chance.chance(1, 4) ? `@${chance.pick(world.users)}` : room);
  }

  /** Everything that there is to see when all is at rest. */
  lookAtAll(): void {
    const { chance, pages, world, seats } = this.#talker;
    this.askAll();
    if (chance.chance(1, 3)) this.#talker.ask('WHOAMI', {});
    if (this.#talker.plan.user === ADMIN) this.#talker.ask('STATS', {});
    for (const room of ROOMS) this.lookAround(room, true);
    for (const room of seats)
      if (chance.chance(1, 4)) pages.readWhole(room);
      else this.askHistory(room);
    if (chance.chance(1, 3)) pages.readRooms(true);
    if (chance.chance(1, 3)) pages.readWhole(`@${chance.pick(world.users)}`);
  }

  #goOn(): void {
    const { world, plan, isAway } = this.#talker;
    if (world.isSettling || isAway) return;
    for (let at = 0; at < plan.burst; at += 1) this.#do();
    this.begin();
  }

  #do(): void {
    const { isIn, asked, plan, chance } = this.#talker;
    if (!isIn || asked.length >= plan.askedMax) return;
    if (chance.below(100) < plan.mistakePercent) {
      this.#err();
      return;
    }
    const { seats } = this.#talker;
    const room = seats.size === 0 ? undefined : chance.pick([...seats]);
    const drawn = chance.below(100);
    if (drawn < 45) {
      if (room !== undefined) this.sayIn(room);
    } else if (drawn < 65) this.sayTo(this.#somebody());
    else if (drawn < 69) this.askAll();
    else if (drawn < 72) this.lookAround(chance.pick(plan.rooms), false);
    else if (drawn < 76) {
      if (room !== undefined) this.#lookBack(room);
    } else this.#doRarely(drawn, room);
  }

  #somebody(): string {
    const { chance, plan, world } = this.#talker;
    const { favourite } = plan;
    return favourite !== undefined && chance.chance(3, 4) ? favourite : chance.pick(world.users);
  }

  #doRarely(drawn: number, room: string | undefined): void {
    const { world, chance, plan, seats } = this.#talker;
    const user = chance.pick(world.users);
    if (drawn < 79) this.type(chance.chance(1, 2) ? room : undefined, user);
    else if (drawn < 86) this.change();
    else if (drawn < 90) {
      if (chance.chance(1, 4))
        this.#talker.ask('PRESENCE_UNSUBSCRIBE', { users: [this.#spelled(user)] }, { to: user });
      else this.watch(user);
    } else if (drawn < 92) this.receipt(user);
    else if (drawn < 94) this.#talker.pages.readRooms(false);
    else if (drawn < 95) this.#talker.ask(plan.user === ADMIN ? 'STATS' : 'WHOAMI', {});
    else if (drawn < 96) this.#passBy();
    else if (room !== undefined && chance.chance(1, 2)) {
      this.#leave(room);
      if (chance.chance(1, 2)) this.#stepIn(room);
    } else {
      const missing = plan.rooms.filter((one) => !seats.has(one));
      this.join(missing.length > 0 ? chance.pick(missing) : (room ?? chance.pick(plan.rooms)));
    }
  }

  /** Nothing is said in it from now on, whatever is answered. */
  #leave(room: string): void {
    this.#talker.seats.delete(room);
    this.#talker.ask('LEAVE', { room }, { room });
  }

  /** It comes into a room where it does not sit, says something, and goes. */
  #passBy(): void {
    const { world, plan, seats, chance } = this.#talker;
    const others = world.rooms.filter((room) => !plan.rooms.includes(room) && !seats.has(room));
    if (others.length === 0) return;
    const room = chance.pick(others);
    this.#passing.add(room);
    this.join(room);
  }

  /** It has only stepped out. */
  #stepIn(room: string): void {
    const { world, chance, session } = this.#talker;
    world.later(chance.below(chance.pick(OUT_US)), () => {
      const { isIn, seats, session: own } = this.#talker;
      if (isIn && own === session && !seats.has(room)) this.join(room);
    });
  }

  #new(what: Said['what'], room: string | undefined, to: string | undefined): Said {
    this.#said += 1;
    const message = `m${this.#talker.plan.client}.${this.#said}`;
    const user = to?.toLowerCase();
    const used = user === undefined ? undefined : this.#usedId(user);
    const id = used ?? (user === undefined ? message : this.#ownId(user, message));
    if (user !== undefined && used === undefined) this.#used = { id, by: new Set([user]) };
    return { message, id, what, room, to };
  }

  /** [HP-DM-3] Others count as it does: ids of several senders are the same, to one receiver. */
  #ownId(to: string, message: string): string {
    const { countsAs } = this.#talker.plan;
    if (countsAs === undefined) return message;
    const count = (this.#counts.get(to) ?? 0) + 1;
    this.#counts.set(to, count);
    return `${countsAs}.${to}.${count}`;
  }

  /** [HP-DM-3] The id of what it has said to others: to this receiver it is another message. */
  #usedId(to: string): string | undefined {
    const { plan, chance } = this.#talker;
    if (plan.reusesIds !== true || this.#used === undefined || to === plan.user) return undefined;
    const { id, by } = this.#used;
    if (by.has(to) || by.has(plan.user) || chance.chance(1, 3)) return undefined;
    by.add(to);
    return id;
  }

  #say(said: Said, isRepeat = false): void {
    const { message, what, room, to } = said;
    const { plan, chance, unsure } = this.#talker;
    unsure.set(message, said);
    const body = message.padEnd(this.#bodyBytes(message));
    const words = { ...(room === undefined ? { to } : { room }), body, data: dataOf(message) };
    this.#talker.ask(what, words, { ...said, isRepeat });
    if (isRepeat || chance.below(100) >= plan.repeatPercent) return;
    this.#talker.ask(what, words, { ...said, isRepeat: true });
  }

  /** Now and then as long as may be, where that is not long. */
  #bodyBytes(message: string): number {
    const { plan, chance, world } = this.#talker;
    const isLimited = world.bodyBytesMax <= SHORT_BYTES;
    if (isLimited && chance.chance(1, 16)) return world.bodyBytesMax;
    return message.length + plan.bodyBytes;
  }

  /** Something wrong, whose right answer is known. */
  #err(): void {
    this.#wrong += 1;
    // More nonsense than this ends a connection.
    if (this.#wrong > WRONG_MAX) return;
    const { chance, asked, world, plan } = this.#talker;
    const some = world.bodyBytesMax <= SHORT_BYTES ? [...mistakes, tooLong(world)] : mistakes;
    const { line, type, id, payload, expected: code } = chance.pick(some);
    const expected = type === 'STATS' && plan.user === ADMIN ? 'STATS_OK' : code;
    world.trace.add({ kind: 'talkerErred', ...this.#talker.at() });
    asked.push({ id, what: 'a wrong line', expected, ...NOTHING });
    const said = line ?? '';
    this.#talker.sayRaw(
      type === undefined ? encoder.encode(`${said}\n`) : hpLine(type, id ?? '', payload ?? {}),
    );
  }
}

/** Those that change anything, and some that do not. */
const CAPS: readonly string[] = ['ack', 'echo'];
const OTHER_CAPS: readonly string[] = ['resume', 'unheard-of'];
const NOTHING = { room: undefined, to: undefined, message: undefined };
/** Tokens of those who are to be there in the end. */
const LONG_MS = 3_600_000;
const HUSH_US = 2_500_000;
const OUT_US: readonly number[] = [300_000, 3_000_000, 9_000_000];
const SHORT_BYTES = 4_096;
const WRONG_MAX = 6;
/** Whoever watches when it comes in. */
const WATCHED_MAX = 5;
