// What is published on a node goes to those other nodes alone on which somebody follows its topic: to nobody before the first
// comes, and to nobody after the last has gone.

import type { EventOf } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';
import { Troubles } from './troubles.ts';

export const wanted: Invariant = {
  property: 'wanted',
  requirements: ['HP-RELAY-1', 'HP-RELAY-2', 'HP-RELAY-3', 'HP-RELAY-6'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      houseOpened: () => (judge.isPlayed = true),
      talkerJoined: ({ client, rooms }) => judge.rooms.set(client, rooms),
      talkerAsked: (event) => judge.asked(event),
      talkerConnected: ({ node, client, connection }) => judge.came(node, client, connection),
      talkerEnded: ({ connection, at }) => judge.went(connection, at, judge.lastingUs),
      crossFollowed: ({ node, connection, topic }) =>
        judge.follow(connection, [`${node} broker/${topic}`]),
      crossEnded: ({ connection, at }) => judge.went(connection, at, 0),
      nodesDiffer: (event) => {
        if (event.what !== 'sessions') judge.differs(event);
      },
      peerSpoke: (event) => {
        if (event.key?.startsWith(PUBLICATION) === true) judge.spoke(event);
      },
    };
  },
};

class Judge {
  readonly troubles = new Troubles();
  /** Nobody who plays tells where he sits. */
  isPlayed = false;
  /** By client. */
  readonly rooms = new Map<number, readonly string[]>();
  readonly #report: Report;
  /** By node and topic: connections over which it may be followed, and until when it may be after the last. */
  readonly #followers = new Map<string, Set<number>>();
  readonly #until = new Map<string, number>();
  readonly #followed = new Map<number, readonly string[]>();

  constructor(report: Report) {
    this.#report = report;
  }

  /** A session sits in its rooms for as long as its client may come back, wherever it has come in. */
  get lastingUs(): number {
    const { resumeWindowMs = 0, pingTimeoutMs = 0 } = this.troubles.terms ?? {};
    return (resumeWindowMs + pingTimeoutMs) * 1_000;
  }

  came(node: number, client: number, connection: number): void {
    const rooms = this.rooms.get(client) ?? [];
    this.follow(
      connection,
      rooms.map((room) => `${node} chat/room/${room}`),
    );
  }

  /** It passes by a room that is not its own. */
  /** What is known of others, when everything is at rest. */
  differs(event: EventOf<'nodesDiffer'>): void {
    const { node, peer, what, lacks, tooMuch } = event;
    const [first] = lacks;
    const [more] = tooMuch;
    const who = what === 'followed' ? 'its homes' : what === 'own' ? 'the others' : 'it';
    if (first !== undefined)
      this.#report(
        event,
        `node ${node} does not have ${who} know that ${first} is wanted (${peer})`,
      );
    else if (more !== undefined)
      this.#report(event, `node ${node} has ${who} believe that ${more} is wanted (${peer})`);
  }

  asked({ what, room, node, client, connection }: EventOf<'talkerAsked'>): void {
    const rooms = this.rooms.get(client) ?? [];
    if (what !== 'JOIN' || room === undefined || rooms.includes(room)) return;
    this.rooms.set(client, [...rooms, room]);
    this.came(node, client, connection);
  }

  follow(connection: number, topics: readonly string[]): void {
    this.#followed.set(connection, topics);
    for (const topic of topics) {
      const followers = this.#followers.get(topic) ?? new Set<number>();
      this.#followers.set(topic, followers.add(connection));
    }
  }

  went(connection: number, at: number, lastingUs: number): void {
    for (const topic of this.#followed.get(connection) ?? []) {
      this.#followers.get(topic)?.delete(connection);
      this.#until.set(topic, Math.max(this.#until.get(topic) ?? 0, at + lastingUs));
    }
    this.#followed.delete(connection);
  }

  spoke(event: EventOf<'peerSpoke'>): void {
    const { node, to, key = '', at } = event;
    const topic = key.slice(PUBLICATION.length);
    const where = `${to} ${topic}`;
    if (this.isPlayed) return;
    if ((this.#followers.get(where)?.size ?? 0) > 0) return;
    if (at < (this.#until.get(where) ?? 0) + SLACK_US) return;
    if (this.troubles.ofCluster(at - TROUBLE_US, at)) return;
    this.#report(
      event,
      `node ${node} tells node ${to} what is said in ${topic}, where nobody follows it`,
    );
  }
}

const PUBLICATION = 'publication ';
/** Until others know it. */
const SLACK_US = 5_000_000;
const TROUBLE_US = 20_000_000;
