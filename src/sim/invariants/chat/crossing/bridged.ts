// What is said in a room is heard once by those who follow a topic that is joined to it, as its sender said it; and what is
// published to that topic is heard once in the room, by the name that its publisher has a right to.
// Refuses to know who hears it first, and what a room says twice to its own people.

import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';
import { Joined } from './joined.ts';

export const bridged: Invariant = {
  property: 'bridged',
  requirements: ['BRIDGE-1', 'BRIDGE-5', 'BRIDGE-6', 'BRIDGE-7', 'BRIDGE-13'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      chatBegan(event) {
        judge.troubles.watcher.chatBegan?.(event);
        judge.joined = new Joined(event);
      },
      talkerJoined: ({ client, user }) => judge.users.set(client, user),
      seated: (event) => judge.sits(event, event.room),
      loggedIn: (event) => {
        for (const room of event.rooms) judge.sits(event, room);
      },
      talkerAsked: (event) => judge.asked(event),
      unseated: ({ connection, room }) => judge.seats.delete(`${connection} ${room}`),
      talkerEnded: ({ connection }) => judge.ended(connection),
      roomAcked: (event) => judge.acked(event),
      roomHeard: (event) => judge.heard(event),
      crossFollowed: (event) => judge.followers.set(event.connection, event),
      crossEnded: ({ connection }) => judge.followers.delete(connection),
      crossSent: (event) => judge.sent(event),
      crossTaken: ({ publication }) => judge.taken.add(publication),
      bridgeHeard: (event) => judge.crossed(event),
      rested: (event) => judge.rest(event),
    };
  },
};

/** Somebody in a room or at a topic, over one connection, and since when. */
interface Place {
  readonly client: number;
  readonly node: number;
  readonly connection: number;
  readonly at: number;
}

interface Owed {
  readonly to: Place;
  readonly message: string;
  readonly from: number;
  readonly at: number;
  /** Of the room, or of the topic. */
  readonly where: string;
}

class Judge {
  readonly troubles = new Troubles();
  readonly users = new Map<number, string>();
  /** By connection and room. */
  readonly seats = new Map<string, Place & { readonly room: string }>();
  /** By connection. */
  readonly followers = new Map<number, EventOf<'crossFollowed'>>();
  readonly taken = new Set<number>();
  joined = new Joined({});
  readonly #report: Report;
  readonly #sent = new Map<string, EventOf<'crossSent'>>();
  /** By message: when it was asked for first, and on which node. */
  readonly #asked = new Map<string, EventOf<'talkerAsked'>>();
  /** Connection and message; and with its place. */
  readonly #heard = new Set<string>();
  readonly #places = new Set<string>();
  #owed: Owed[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  sits({ client, node, connection, at }: Place, room: string): void {
    const key = `${connection} ${room}`;
    if (!this.seats.has(key)) this.seats.set(key, { client, node, connection, at, room });
  }

  ended(connection: number): void {
    for (const [key, seat] of this.seats)
      if (seat.connection === connection) this.seats.delete(key);
  }

  asked(event: EventOf<'talkerAsked'>): void {
    const { connection, what, room, message } = event;
    if (what === 'LEAVE') this.seats.delete(`${connection} ${room}`);
    if (message !== undefined && !this.#asked.has(message)) this.#asked.set(message, event);
  }

  /** Interest needs a moment to be known everywhere. */
  acked({ room, message, isDuplicate }: EventOf<'roomAcked'>): void {
    const asked = this.#asked.get(message);
    if (isDuplicate || asked === undefined) return;
    const { node: from, at } = asked;
    for (const to of this.followers.values())
      if (this.#areJoined(room, to.topic) && at - to.at > KNOWN_AFTER_US)
        this.#owed.push({ to, message, from, at, where: to.topic });
  }

  sent(event: EventOf<'crossSent'>): void {
    const { publication, topic, node: from, at } = event;
    const message = `pub:${publication}`;
    this.#sent.set(message, event);
    for (const to of this.seats.values())
      if (this.#areJoined(to.room, topic) && at - to.at > KNOWN_AFTER_US)
        this.#owed.push({ to, message, from, at, where: to.room });
  }

  #areJoined(room: string, topic: string): boolean {
    return this.joined.has(`chat/room/${room}`, `broker/${topic}`);
  }

  crossed(event: EventOf<'bridgeHeard'>): void {
    const { client, connection, topic, room, from, message, epoch, place } = event;
    this.#heard.add(`${connection} ${message}`);
    const say = (what: string): void => this.#report(event, `client ${client} hears ${what}`);
    const what = `${message} of '${room}' on '${topic}'`;
    if (!this.#areJoined(room, topic)) say(`${what}, which are not joined`);
    // [BRIDGE-1]
    if (message.startsWith('pub:')) say(`${what}, which has come over a bridge before`);
    const author = this.users.get(Number(/^m(\d+)\./.exec(message)?.[1] ?? -1));
    // [BRIDGE-5]
    if (author !== undefined && author !== from.toLowerCase())
      say(`${what} of ${from}, and ${author} said it`);
    const key = `${connection} ${message} ${epoch} ${place}`;
    if (this.#places.has(key)) say(`${what} twice`);
    this.#places.add(key);
  }

  heard(event: EventOf<'roomHeard'>): void {
    const { client, connection, room, from, message } = event;
    if (!message.startsWith('pub:')) return;
    this.#heard.add(`${connection} ${message}`);
    const sent = this.#sent.get(message);
    const say = (what: string): void =>
      this.#report(event, `client ${client} hears ${message} in '${room}' ${what}`);
    if (sent === undefined || !this.#areJoined(room, sent.topic))
      say(`, published to '${sent?.topic ?? 'nothing'}'`);
    else if (from !== speakerOf(sent)) say(`of ${from}, and ${speakerOf(sent)} has said it`);
  }

  rest(event: TraceEvent): void {
    for (const owed of this.#owed) {
      const { to, message, where, from } = owed;
      if (this.#heard.has(`${to.connection} ${message}`) || !this.#isThere(owed)) continue;
      if (message.startsWith('pub:') && !this.taken.has(Number(message.slice(4)))) continue;
      if (this.#isTroubled(owed, event.at)) continue;
      const { client, node } = to;
      this.#report(
        event,
        `client ${client} on node ${node} never heard ${message} over the bridge to '${where}', said on node ${from}`,
      );
    }
    this.#owed = [];
  }

  /** Whoever has gone meanwhile has not heard it, and nothing was promised to him. */
  #isThere({ to, where }: Owed): boolean {
    return this.followers.has(to.connection) || this.seats.has(`${to.connection} ${where}`);
  }

  /** What dies in between, or is too slow, is lost. */
  #isTroubled({ to, from, at }: Owed, now: number): boolean {
    const since = at - BEFORE_US;
    return (
      this.troubles.ofNode(from, since, now) ||
      this.troubles.ofTalker(to.client, to.node, since, now) ||
      (this.troubles.isCluster && this.troubles.ofCluster(since, now))
    );
  }
}

/** [BRIDGE-6] Names are the same, however they are spelled. */
function speakerOf({ claims, isProved, proved }: EventOf<'crossSent'>): string {
  const name = isProved === true ? proved : claims;
  return `${name !== undefined && NAME.test(name) ? name.toLowerCase() : 'guest'}@broker`;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
const KNOWN_AFTER_US = 4_000_000;
const BEFORE_US = 25_000_000;
