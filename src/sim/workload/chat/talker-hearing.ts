// What a talker hears: answers in the order of its questions, messages, and words that nobody asked for. All of it is written
// into the trace as it was read. Refuses to judge.

import {
  type HpLine,
  listOf,
  nameOf,
  noteOf,
  numberOf,
  roomEventIn,
  selfIn,
  sessionsIn,
  signIn,
  statsIn,
  statusesIn,
  textOf,
  textsOf,
} from './hp-lines.ts';
import { messageIn, noticeIn, wrongIn } from './said.ts';
import type { Outstanding, Talker } from './talker.ts';

type Payload = HpLine['payload'];

export class TalkerHearing {
  readonly #talker: Talker;
  /** What it has heard, and not said so yet. */
  #untold: string[] = [];
  /** What it has heard by each of them: several things, where those have several receivers. */
  readonly #heardBy = new Map<string, Set<string>>();

  constructor(talker: Talker) {
    this.#talker = talker;
  }

  hear(line: HpLine | string): void {
    if (typeof line === 'string') {
      this.#mishear(line);
      return;
    }
    const { type, payload } = line;
    // Receipts refer to messages of their own.
    if ('ref' in payload && type !== 'RECEIPT') this.#answered(line);
    else this.#told(line);
  }

  #told(line: HpLine): void {
    const { type, payload } = line;
    const { world } = this.#talker;
    switch (type) {
      case 'ROOM_MESSAGE':
        this.#roomMessage(line);
        return;
      case 'DIRECT_MESSAGE':
        this.#directMessage(line);
        return;
      case 'PING':
        world.trace.add({ kind: 'talkerNoticed', what: type, code: '', ...this.#talker.at() });
        if (!this.#talker.plan.isMute) this.#talker.ask('PONG', {});
        return;
      case 'NOTICE':
      case 'BYE': {
        const notice = noticeIn(payload);
        world.trace.add({ kind: 'talkerNoticed', what: type, ...notice, ...this.#talker.at() });
        if (type === 'BYE') this.#talker.heardBye();
        return;
      }
      case 'PRESENCE_EVENT':
        this.#statusHeard(payload, false);
        return;
      case 'ROOM_EVENT': {
        const about = roomEventIn(payload);
        world.trace.add({ kind: 'roomEventHeard', ...this.#talker.inSession(), ...about });
        return;
      }
      case 'RECEIPT':
      case 'TYPING': {
        const about = { what: type, ...signIn(line) };
        world.trace.add({ kind: 'signHeard', ...this.#talker.inSession(), ...about });
        return;
      }
      default:
        this.#mishear(`a ${type} that nobody asked for`);
    }
  }

  /** What it would have heard. */
  lose(line: HpLine | string): void {
    if (typeof line === 'string') return;
    const { type, payload, id } = line;
    const { world, plan } = this.#talker;
    const inSession = this.#talker.inSession();
    // [HP-RES-7] Whoever says what it has is told the rest.
    const isTaken = plan.returns === 'resumed';
    const lost = { kind: 'roomLost', ...inSession } as const;
    if (type === 'ROOM_MESSAGE' && isTaken)
      world.trace.add({ ...lost, room: textOf(payload, 'room'), message: messageIn(id, payload) });
    if (type === 'RESUME_OK' && isTaken)
      for (const room of textsOf(payload, 'gaps'))
        world.trace.add({ ...lost, room, message: undefined });
    if (type !== 'DIRECT_MESSAGE' || payload['sent'] === true) return;
    const message = textOf(payload, 'body').trimEnd();
    world.trace.add({ kind: 'directLost', ...inSession, message });
  }

  #roomMessage({ id, timestamp, payload }: HpLine): void {
    const { world, places, session } = this.#talker;
    const message = messageIn(id, payload);
    this.#look(payload, timestamp);
    const [room, from] = [textOf(payload, 'room'), nameOf(payload, 'from')];
    const home = textOf(payload, 'node');
    const [place, epoch] = [numberOf(payload, 'seq'), numberOf(payload, 'epoch')];
    if (session === undefined) this.#mishear('a message before it has a session');
    if (textOf(payload, 'body').trimEnd() !== message) this.#mishear(`another body for ${message}`);
    places.set(room, place);
    const isDelayed = payload['delayed'] === true;
    const heard = { room, from, message, place, epoch, home, isDelayed };
    const cause = world.saidAt(message);
    world.trace.add({ kind: 'roomHeard', ...this.#talker.inSession(), ...heard }, cause);
    this.#acknowledge(id, message);
  }

  #directMessage({ id, timestamp, payload }: HpLine): void {
    const { world } = this.#talker;
    this.#look(payload, timestamp);
    const [from, to] = [nameOf(payload, 'from'), nameOf(payload, 'to')];
    const message = textOf(payload, 'body').trimEnd();
    if (world.idOf(message) !== id) this.#mishear(`another body for ${id}: ${message}`);
    const isDelayed = payload['delayed'] === true;
    const isSent = payload['sent'] === true;
    const heard = { from, to, message, isDelayed, isSent };
    const cause = world.saidAt(message);
    world.trace.add({ kind: 'directHeard', ...this.#talker.inSession(), ...heard }, cause);
    this.#acknowledge(id, message);
  }

  /** At once, or several with one word; whoever takes its time has the last ones still to say when it goes. */
  #acknowledge(ref: string, message: string): void {
    const { plan, chance, world } = this.#talker;
    this.#heardBy.set(ref, (this.#heardBy.get(ref) ?? new Set()).add(message));
    if (plan.hasAck) this.#untold.push(ref);
    if (plan.acksLate !== true || world.isSettling) this.settle();
    else if (this.#untold.length > (plan.owesAcks === true ? OWED_MAX : chance.below(ACKS_MAX)))
      this.#sayTaken(chance.below(3));
  }

  /** It owes no word any more. */
  settle(): void {
    this.#sayTaken(0);
  }

  /** With the connection goes what was still to be said over it. */
  forget(): void {
    this.#untold = [];
  }

  /** Those that came first, or [HP-ACK-3] those that came last: what it says nothing of stands before them. */
  #sayTaken(left: number): void {
    const from = left > 0 && this.#talker.chance.chance(1, 2) ? left : 0;
    const refs = this.#untold.splice(from, Math.max(0, this.#untold.length - left));
    const [ref] = refs;
    if (ref === undefined || !this.#talker.isIn) return;
    const taken = refs.flatMap((one) => [...(this.#heardBy.get(one) ?? [one])]);
    this.#talker.ask('ACK', refs.length === 1 ? { ref } : { refs }, { taken });
  }

  #answered(line: HpLine): void {
    const { type, payload } = line;
    const { asked, world } = this.#talker;
    const ref = payload['ref'];
    const code = type === 'ERROR' ? textOf(payload, 'code') : undefined;
    // What refers to nothing may be about a wrong line, or about nothing that was said.
    const place = asked.findIndex(
      ({ id, expected }) => id === ref && (ref !== null || expected === code),
    );
    if (place < 0) {
      if (type === 'ERROR' && ref === null) {
        const about = { what: 'ERROR', code: code ?? '' } as const;
        world.trace.add({ kind: 'talkerNoticed', ...about, ...this.#talker.at() });
      } else this.#noteAnswer(undefined, line, false);
      if (payload['fatal'] === true) this.#talker.heardBye();
      return;
    }
    const [question] = asked.splice(place, 1) as [Outstanding];
    this.#noteAnswer(question, line, place > 0);
    if (payload['fatal'] === true) {
      this.#talker.heardBye();
      return;
    }
    if (question.expected !== undefined) return;
    if (type === 'ERROR') this.#refused(question, code ?? '', payload);
    else this.#granted(question, payload);
  }

  #noteAnswer(question: Outstanding | undefined, { type, payload }: HpLine, isLate: boolean): void {
    const code = type === 'ERROR' ? textOf(payload, 'code') : undefined;
    const retry = numberOf(payload, 'retry_after');
    const retryAfter = retry < 0 ? undefined : retry;
    this.#talker.world.trace.add({
      ...{ kind: 'talkerAnswered', id: question?.id ?? undefined, asked: question?.what },
      ...{ what: type, code },
      ...{
        retryAfter,
        expected: question?.expected,
        isFatal: payload['fatal'] === true,
        isOutOfTurn: isLate,
      },
      ...this.#talker.at(),
    });
  }

  #refused(question: Outstanding, code: string, payload: Payload): void {
    const talker = this.#talker;
    const { world, unsure, seats } = talker;
    const retryUs = Math.max(0.2, numberOf(payload, 'retry_after')) * 1_000_000;
    const { connection } = talker;
    const again = (act: () => void): void =>
      world.later(retryUs + talker.chance.below(500_000), () => {
        if (talker.connection === connection) act();
      });
    switch (question.what) {
      case 'RESUME':
        if (code === 'UNAVAILABLE') again(() => talker.deeds.resume());
        else {
          talker.token = undefined;
          talker.deeds.login();
        }
        return;
      case 'LOGIN':
        if (talker.plan.visit !== undefined) talker.leaveForever();
        else again(() => talker.deeds.login());
        return;
      case 'JOIN': {
        const { room } = question;
        // There is no end to waiting before a room that is full, or that has no place.
        const isFull = code === 'ROOM_FULL' || (code === 'UNAVAILABLE' && world.hasFewRooms);
        const isInVain = code === 'FORBIDDEN' || (isFull && world.isSettling);
        if (room !== undefined && !isInVain) again(() => talker.deeds.join(room));
        return;
      }
      case 'ROOM_MESSAGE':
      case 'DIRECT_MESSAGE':
        // Nobody knows what became of it: it stays unsure, and is said again when its talker comes in again.
        if (code !== 'TIMEOUT' && question.message !== undefined) unsure.delete(question.message);
        if (code === 'NOT_IN_ROOM' && question.room !== undefined) {
          seats.delete(question.room);
          talker.deeds.join(question.room);
        }
        return;
      case 'ROOM_MEMBERS':
        if (code === 'NO_SUCH_ROOM') this.#members(question.room ?? '', []);
        return;
      default:
    }
  }

  #granted(question: Outstanding, payload: Payload): void {
    const { world, seats, asked } = this.#talker;
    const { room = '', message = '', to = '', page } = question;
    if (page !== undefined) {
      this.#talker.pages.granted(page, payload);
      return;
    }
    const inSession = (): ReturnType<Talker['inSession']> => this.#talker.inSession();
    switch (question.what) {
      case 'LOGIN':
      case 'RESUME':
        this.#loggedIn(question.what === 'RESUME', payload);
        return;
      case 'JOIN': {
        // What was asked behind it ends it again.
        const isLeaving = asked.some((one) => one.what === 'LEAVE' && one.room === room);
        if (!isLeaving) seats.add(room);
        const [place, epoch] = [numberOf(payload, 'seq'), numberOf(payload, 'epoch')];
        const isAlready = payload['already'] === true;
        this.#talker.places.set(room, place);
        const count = numberOf(payload, 'count');
        world.trace.add({ kind: 'seated', ...inSession(), room, place, epoch, isAlready, count });
        if (!isLeaving) this.#talker.deeds.seated(room);
        return;
      }
      case 'LEAVE':
        seats.delete(room);
        world.trace.add({ kind: 'unseated', ...inSession(), room });
        return;
      case 'ROOM_MESSAGE': {
        this.#talker.unsure.delete(message);
        const [place, epoch] = [numberOf(payload, 'seq'), numberOf(payload, 'epoch')];
        const [status, isDuplicate] = [textOf(payload, 'status'), payload['duplicate'] === true];
        const about = { room, message, place, epoch, status, isDuplicate };
        world.trace.add({ kind: 'roomAcked', ...inSession(), ...about }, world.saidAt(message));
        return;
      }
      case 'DIRECT_MESSAGE': {
        this.#talker.unsure.delete(message);
        const [status, isDuplicate] = [textOf(payload, 'status'), payload['duplicate'] === true];
        const about = { to, message, status, isDuplicate };
        world.trace.add({ kind: 'directAcked', ...inSession(), ...about }, world.saidAt(message));
        return;
      }
      case 'PRESENCE_QUERY':
        world.trace.add({ kind: 'presenceTold', ...inSession(), users: sessionsIn(payload) });
        world.trace.add({ kind: 'statusesTold', ...inSession(), statuses: statusesIn(payload) });
        return;
      case 'WHOAMI':
        world.trace.add({ kind: 'selfTold', ...inSession(), ...selfIn(payload) });
        return;
      case 'STATS':
        world.trace.add({ kind: 'statsTold', ...this.#talker.at(), ...statsIn(payload) });
        return;
      case 'PRESENCE_SET': {
        const { status = '', note } = question;
        world.trace.add({ kind: 'statusSet', ...inSession(), status, note });
        return;
      }
      case 'PRESENCE_SUBSCRIBE':
        for (const one of listOf(payload, 'users')) this.#statusHeard(one, true);
        return;
      case 'PRESENCE_UNSUBSCRIBE':
        world.trace.add({ kind: 'unwatched', ...inSession(), of: to });
        return;
      case 'ROOM_MEMBERS':
        this.#members(room, listOf(payload, 'members'));
        return;
      case 'HISTORY':
        this.#history(room, payload);
        return;
      case 'BYE': {
        const { token } = this.#talker;
        this.#talker.heardBye();
        this.#talker.regret(token);
        return;
      }
      default:
    }
  }

  #loggedIn(isResumed: boolean, payload: Payload): void {
    const talker = this.#talker;
    talker.isIn = true;
    talker.session = textOf(payload, 'session');
    if (!talker.deeds.isKnownBy(textsOf(payload, 'caps'))) this.#mishear('other caps than its own');
    const resume = payload['resume'] as { readonly token?: string } | undefined;
    talker.token = resume?.token;
    const rooms = textsOf(payload, 'rooms');
    talker.seats.clear();
    if (isResumed) for (const room of rooms) talker.seats.add(room);
    else talker.places.clear();
    const replayed = isResumed ? numberOf(payload, 'replayed') : numberOf(payload, 'offline_count');
    const isAnew = payload['anew'] === true;
    const [home, incarnation] = [textOf(payload, 'node'), numberOf(payload, 'incarnation')];
    const sessions = numberOf(payload, 'sessions');
    const told = { isResumed, isAnew, replayed, rooms, gaps: textsOf(payload, 'gaps') };
    const about = { ...told, home, incarnation, sessions, status: textOf(payload, 'status') };
    talker.world.trace.add({ kind: 'loggedIn', ...talker.inSession(), ...about });
    talker.tellLost();
    if (!talker.plan.isMute) talker.deeds.entered();
  }

  #members(room: string, members: readonly Payload[]): void {
    const { world } = this.#talker;
    const users = members.map((one) => nameOf(one, 'user'));
    const statuses = members.map((one) => textOf(one, 'status'));
    world.trace.add({ kind: 'membersTold', ...this.#talker.inSession(), room, users, statuses });
  }

  #statusHeard(payload: Payload, isAnswer: boolean): void {
    const [of, status] = [nameOf(payload, 'user'), textOf(payload, 'status')];
    const about = { of, status, note: noteOf(payload), isAnswer };
    this.#talker.world.trace.add({ kind: 'statusHeard', ...this.#talker.inSession(), ...about });
  }

  #history(room: string, payload: Payload): void {
    for (const one of listOf(payload, 'messages')) this.#look(one, one['timestamp']);
    const entries = listOf(payload, 'messages').map((one) => ({
      ...{ seq: numberOf(one, 'seq'), epoch: numberOf(one, 'epoch'), home: textOf(one, 'node') },
      ...{ from: nameOf(one, 'from'), id: textOf(one, 'id') },
    }));
    const about = { ...this.#talker.inSession(), room, entries, isWhole: payload['more'] !== true };
    this.#talker.world.trace.add({ kind: 'historyTold', ...about });
  }

  /** At a message that somebody has said. */
  #look(payload: Payload, timestamp: unknown): void {
    const wrong = wrongIn(payload, timestamp, this.#talker.world);
    if (wrong !== undefined) this.#mishear(wrong);
  }

  #mishear(what: string): void {
    this.#talker.world.trace.add({ kind: 'talkerMisheard', what, ...this.#talker.at() });
  }
}

/** Of those that are heard no more wait to be told. */
const ACKS_MAX = 20;
/** One word tells of a hundred at most. */
const OWED_MAX = 99;
