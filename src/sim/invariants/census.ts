// When everything is at rest, what the server says of itself is the truth: who follows what, how far each topic has
// come, and that no thread holds a connection or an actor of somebody who is gone.

import type { EventOf, TracePosition } from '../trace.ts';
import type { Invariant, Report } from './invariant.ts';

interface Open {
  readonly node: number;
  readonly topic: string;
  readonly client: number;
  place: TracePosition | undefined;
}

interface Probe {
  readonly at: number;
  /** How much of the topic is remembered; undefined until that is told. */
  history: number | undefined;
}

export const census: Invariant = {
  property: 'census',
  requirements: [
    ...['BROKER-LIST-1', 'BROKER-LIST-2', 'BROKER-SUB-4', 'BROKER-LIM-2', 'BROKER-LIM-4'],
    ...['BROKER-FRAME-3', 'BROKER-HTTP-5'],
  ],
  judge(report) {
    const judge = new Judge(report);
    return {
      joined: ({ node, behaviour }) => {
        // Whoever is deaf is closed again and again, and whoever finds no room tries again, also at the end.
        if (behaviour === 'mute') judge.restless.add(node);
      },
      turnedAway: ({ node }) => {
        if (judge.isHealed) judge.restless.add(node);
      },
      began: ({ homes, home: { historyAgeMaxMs } }) => {
        judge.youngUs = historyAgeMaxMs * 1_000 - SLACK_US;
        for (const [topic, home] of homes) judge.homes.set(topic, home);
      },
      rested: () => {
        judge.isRested = true;
      },
      published: (event) => judge.probed(event),
      healed: () => {
        judge.isHealed = true;
      },
      connected: ({ node, connection }) => judge.connections.set(connection, node),
      closed: ({ connection, node, by, reason }) => {
        // Whoever may not follow what it came for is closed, and comes again.
        if (by === 'server' && judge.isHealed && reason !== FOR_A_BUG) judge.restless.add(node);
        judge.closed(connection);
      },
      nodeKilled: ({ node }) => judge.dead(node),
      subscribed: (event) => judge.subscribed(event),
      unsubscribed: ({ connection, topic }) => judge.open.get(connection)?.delete(topic),
      message: (event) => judge.heard(event),
      gap: (event) => judge.gapped(event),
      listed: (event) => judge.listed(event),
      informed: (event) => judge.informed(event),
      counted: (event) => judge.counted(event),
      strangerSentAway: ({ node, at }) => judge.sentAwayAt.set(node, at),
      quiet: (event) => judge.rest(event),
    };
  },
};

class Judge {
  /** Open connections, with their nodes. */
  readonly connections = new Map<number, number>();
  readonly open = new Map<number, Map<string, Open>>();
  /** By topic. */
  readonly homes = new Map<string, number>();
  isHealed = false;
  isRested = false;
  /** What is older need not be remembered. */
  youngUs = Number.POSITIVE_INFINITY;
  /** What was published last, by node, home and topic. */
  readonly #probes = new Map<string, Map<string, Probe>>();
  /** Nodes of which nothing is still at the end. */
  readonly restless = new Set<number>();
  /** By node: when somebody who called it, or whom it called, was sent away last. */
  readonly sentAwayAt = new Map<number, number>();
  readonly #report: Report;
  readonly #byFollowing: (Open | undefined)[] = [];
  readonly #heldByNode: number[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  closed(connection: number): void {
    this.connections.delete(connection);
    this.open.delete(connection);
  }

  dead(node: number): void {
    for (const [connection, its] of this.connections) if (its === node) this.closed(connection);
  }

  subscribed({
    connection,
    node,
    topic,
    client,
    position,
    following,
  }: EventOf<'subscribed'>): void {
    let topics = this.open.get(connection);
    if (topics === undefined) {
      topics = new Map();
      this.open.set(connection, topics);
    }
    const open = { node, topic, client, place: position };
    topics.set(topic, open);
    this.#byFollowing[following] = open;
  }

  /** Whoever reads bare data knows its place only until the next publication. */
  heard({ following, position }: EventOf<'message'>): void {
    const open = this.#byFollowing[following];
    if (open !== undefined) open.place = position;
  }

  /** What it was told that it misses is behind it; after a restart nobody knows where it stands. */
  gapped({ following, epoch, to }: EventOf<'gap'>): void {
    const open = this.#byFollowing[following];
    // Whoever is told no places is not judged by its own.
    if (open?.place !== undefined)
      open.place = to === undefined ? undefined : { epoch, offset: to };
  }

  probed(event: EventOf<'published'>): void {
    const { client, node, topic, subscribers, at } = event;
    if (!this.isRested) return;
    // [BROKER-FRAME-3]
    const count = this.#countsOf(node).get(topic) ?? 0;
    if (subscribers !== count && !this.restless.has(node))
      this.#report(
        event,
        `client ${client} was told that ${subscribers} are to hear what it published to '${topic}', which has ${count} subscribers`,
      );
    const place = `${node}.${this.homes.get(topic) ?? 0}`;
    const topics = this.#probes.get(place) ?? new Map<string, Probe>();
    topics.set(topic, { at, history: undefined });
    this.#probes.set(place, topics);
  }

  listed(event: EventOf<'listed'>): void {
    const { node, client } = event;
    if (this.restless.has(node)) return;
    const counts = this.#countsOf(node);
    for (const [topic, subscribers] of event.topics) {
      const count = counts.get(topic) ?? 0;
      counts.delete(topic);
      if (count !== subscribers)
        this.#report(
          event,
          `client ${client} was told that '${topic}' has ${subscribers} subscribers, and it has ${count}`,
        );
    }
    for (const [topic, count] of counts)
      this.#report(
        event,
        `client ${client} was not told of '${topic}', which has ${count} subscribers`,
      );
  }

  informed(event: EventOf<'informed'>): void {
    const { at, node, client, topic, subscribers, position, history } = event;
    const probes = this.#probes.get(`${node}.${this.homes.get(topic) ?? 0}`);
    const probe = probes?.get(topic);
    if (probe !== undefined && at - probe.at < this.youngUs) probe.history = history;
    const count = this.#countsOf(node).get(topic) ?? 0;
    const said = `client ${client} was told that '${topic}' has`;
    if (subscribers !== count && !this.restless.has(node))
      this.#report(event, `${said} ${subscribers} subscribers, and it has ${count}`);
    if (history < 0 || history > (position?.offset ?? 0))
      this.#report(event, `${said} ${history} publications in memory, and it had not so many`);
    const place = this.#placeOf(node, client, topic);
    if (place === undefined || position === undefined) return;
    if (place.epoch !== position.epoch || place.offset !== position.offset)
      this.#report(
        event,
        `${said} come to ${position.epoch}:${position.offset}, and its reader is at ${place.epoch}:${place.offset}`,
      );
  }

  counted(event: EventOf<'counted'>): void {
    const { node, shard, connections, actors, actorsAlways } = event;
    this.#heldByNode[node] = (this.#heldByNode[node] ?? 0) + connections;
    // Whoever is just sent away has no actor any more, and his connection is about to close.
    const isClosing = event.at - (this.sentAwayAt.get(node) ?? -Infinity) < CLOSING_US;
    const excess = actors - connections - actorsAlways;
    if ((isClosing ? excess > 0 : excess !== 0) && !this.restless.has(node))
      this.#report(
        event,
        `shard ${node}.${shard} has ${actors} actors for ${connections} connections`,
      );
  }

  rest(event: EventOf<'quiet'>): void {
    // [BROKER-LIM-4] However little memory there is: what was published last is remembered.
    for (const [place, topics] of this.#probes) {
      if ([...topics.values()].every(({ history }) => history === 0))
        this.#report(
          event,
          `shard ${place} remembers nothing of ${[...topics.keys()].join(', ')}, published when all was at rest`,
        );
    }
    const openByNode: number[] = [];
    for (const node of this.connections.values()) openByNode[node] = (openByNode[node] ?? 0) + 1;
    for (const [node, held] of this.#heldByNode.entries()) {
      if (held !== undefined && held !== (openByNode[node] ?? 0) && !this.restless.has(node))
        this.#report(
          event,
          `node ${node} holds ${held} connections, and its clients ${openByNode[node] ?? 0}`,
        );
    }
  }

  /** Subscribers by topic. */
  #countsOf(node: number): Map<string, number> {
    const counts = new Map<string, number>();
    for (const topics of this.open.values())
      for (const { node: its, topic } of topics.values())
        if (its === node) counts.set(topic, (counts.get(topic) ?? 0) + 1);
    return counts;
  }

  /** Where the one who asked stands itself. */
  #placeOf(node: number, client: number, topic: string): TracePosition | undefined {
    for (const topics of this.open.values()) {
      const open = topics.get(topic);
      if (open?.client === client && open.node === node) return open.place;
    }
    return undefined;
  }
}

/** Nobody is closed so twice. */
const FOR_A_BUG = 'internal error';
const CLOSING_US = 100_000;
/** An answer takes so long to come, at most. */
const SLACK_US = 1_000_000;
