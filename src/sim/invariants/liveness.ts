// When faults have passed, everything works: whoever wants to be connected and subscribed is, every publication made
// from then on is acknowledged, and each reader ends with the last one of each of its topics.

import type { EventOf, TraceEvent, TracePosition, Watcher } from '../trace.ts';
import { type Invariant, nameOf, type Report } from './invariant.ts';

interface Reader {
  readonly joined: EventOf<'joined'>;
  connection: number | undefined;
  /** Its subscriptions by topic. */
  readonly open: Map<string, Standing>;
  /** Topics that this connection was refused, for judges of rights and limits to look at. */
  readonly refused: Set<string>;
  /** The last answer at the door was no. */
  isTurnedAway: boolean;
}

/** How far one subscription has come. */
interface Standing {
  /** Place of its ack in the trace. */
  readonly since: number;
  /** Everything up to here is known to its reader, as far as the wire tells places. */
  place: TracePosition | undefined;
  /** The publications it saw since all is well. */
  readonly seen: Set<number>;
}

interface Top {
  readonly epoch: string;
  readonly offset: number;
  readonly publication: number;
  readonly name: string;
  /** Where it was sent in the trace: its ack may have come long after its home gave it a place. */
  readonly seq: number;
}

export const liveness: Invariant = {
  property: 'liveness',
  requirements: ['BROKER-LIVE-1', 'BROKER-PUB-1'],
  judge: (report) => watcherOf(new Judge(report)),
};

function watcherOf(judge: Judge): Watcher {
  return {
    joined: (event) => judge.joined(event),
    connected: (event) => judge.connected(event),
    turnedAway: (event) => judge.turnedAway(event),
    refused: (event) => judge.refused(event),
    publishFailed: (event) => judge.failed(event),
    closed: (event) => judge.closed(event),
    subscribed: (event) => judge.subscribed(event),
    unsubscribed: (event) => judge.unsubscribed(event),
    message: (event) => judge.heard(event),
    gap: (event) => judge.gapped(event),
    publishSent: (event) => judge.sent(event),
    published: (event) => judge.published(event),
    left: ({ client }) => judge.gone(client),
    nodeKilled: ({ node }) => judge.dead(node),
    shardCrashed: ({ node, shard }) => judge.starting.add(`${node} ${shard}`),
    shardStarted: ({ node, shard }) => judge.starting.delete(`${node} ${shard}`),
    healed: () => judge.healed(),
    quiet: (event) => judge.rest(event),
  };
}

class Judge {
  /** Threads that died and are not back yet, which may be so when the last fault is over. */
  readonly starting = new Set<string>();
  readonly #report: Report;
  /** Steady ones, by client. */
  readonly #readers: (Reader | undefined)[] = [];
  /** By following. */
  readonly #standings: (Standing | undefined)[] = [];
  readonly #unanswered = new Map<number, EventOf<'publishSent'>>();
  /** By publication without an ack: where it was sent last in the trace. */
  readonly #sentAt = new Map<number, number>();
  readonly #tops = new Map<string, Top>();
  #isHealed = false;

  constructor(report: Report) {
    this.#report = report;
  }

  joined(event: EventOf<'joined'>): void {
    if (event.behaviour !== 'steady') return;
    this.#readers[event.client] = {
      joined: event,
      connection: undefined,
      open: new Map(),
      refused: new Set(),
      isTurnedAway: false,
    };
  }

  /** Nobody is owed anything who went for ever. */
  gone(client: number): void {
    this.#readers[client] = undefined;
  }

  dead(node: number): void {
    for (const reader of this.#readers)
      if (reader?.joined.node === node) this.gone(reader.joined.client);
  }

  healed(): void {
    this.#isHealed = true;
  }

  connected({ client, connection }: EventOf<'connected'>): void {
    const reader = this.#readers[client];
    if (reader === undefined) return;
    reader.connection = connection;
    reader.open.clear();
    reader.refused.clear();
    reader.isTurnedAway = false;
  }

  turnedAway({ client }: EventOf<'turnedAway'>): void {
    const reader = this.#readers[client];
    if (reader !== undefined) reader.isTurnedAway = true;
  }

  refused({ client, asked, topic }: EventOf<'refused'>): void {
    if (asked === 'subscribe') this.#readers[client]?.refused.add(topic);
  }

  failed({ publication, why }: EventOf<'publishFailed'>): void {
    if (why !== 'unknown') this.#unanswered.delete(publication);
  }

  closed({ client, connection, code }: EventOf<'closed'>): void {
    const reader = this.#readers[client];
    if (reader === undefined) return;
    reader.connection = undefined;
    if (code !== TOO_SLOW) return;
    // Whoever was too slow for its queue lost its answers with its connection.
    for (const [publication, sent] of this.#unanswered)
      if (sent.connection === connection) this.#unanswered.delete(publication);
  }

  subscribed({
    client,
    following,
    topic,
    seq,
    recovered,
    since,
    position,
  }: EventOf<'subscribed'>): void {
    const reader = this.#readers[client];
    if (reader === undefined) return;
    const place = recovered === true ? since : position;
    const standing = { since: seq, place, seen: new Set<number>() };
    this.#standings[following] = standing;
    reader.open.set(topic, standing);
  }

  unsubscribed({ client, topic }: EventOf<'unsubscribed'>): void {
    this.#readers[client]?.open.delete(topic);
  }

  heard({ following, position, publication }: EventOf<'message'>): void {
    const standing = this.#standings[following];
    if (standing === undefined) return;
    standing.place = position;
    if (this.#isHealed) standing.seen.add(publication);
  }

  /** What its own queue could not hold is lost for it, as the policy says, and it knows. */
  gapped({ following, epoch, to }: EventOf<'gap'>): void {
    const standing = this.#standings[following];
    if (standing !== undefined && to !== undefined) standing.place = { epoch, offset: to };
  }

  sent(event: EventOf<'publishSent'>): void {
    this.#sentAt.set(event.publication, event.seq);
    if (this.#isHealed && this.starting.size === 0) this.#unanswered.set(event.publication, event);
  }

  published(event: EventOf<'published'>): void {
    const { position, node, topic, publication, isDuplicate } = event;
    // What is acknowledged again was published before, nobody knows when.
    const seq = isDuplicate ? -1 : (this.#sentAt.get(publication) ?? event.seq);
    this.#sentAt.delete(publication);
    if (!this.#isHealed) return;
    this.#unanswered.delete(publication);
    const key = `${node} ${topic}`;
    const top = this.#tops.get(key);
    if (top !== undefined && top.epoch === position.epoch && top.offset >= position.offset) return;
    this.#tops.set(key, { ...position, publication, name: nameOf(event), seq });
  }

  rest(event: TraceEvent): void {
    for (const sent of this.#unanswered.values()) {
      if (this.#readers[sent.client] !== undefined && event.at - sent.at >= ANSWER_US)
        this.#report(
          event,
          `${nameOf(sent)} of '${sent.topic}', sent when all was well, was never acknowledged`,
        );
    }
    for (const reader of this.#readers) if (reader !== undefined) this.#judgeReader(event, reader);
  }

  #judgeReader(event: TraceEvent, reader: Reader): void {
    const { joined, connection, open, refused, isTurnedAway } = reader;
    const { client, node, topics } = joined;
    if (topics.length === 0) return;
    if (connection === undefined) {
      // Nobody is owed a place where there is none for him, and a stream ends with its first refusal.
      if (!isTurnedAway && refused.size === 0)
        this.#report(event, `client ${client} is not connected when all is well`);
      return;
    }
    for (const topic of topics) {
      const top = this.#tops.get(`${node} ${topic}`);
      const standing = open.get(topic);
      if (standing === undefined) {
        if (refused.size > 0 && (refused.has(topic) || refused.size === topics.length)) continue;
        this.#report(event, `client ${client} is not subscribed to '${topic}' when all is well`);
      } else if (top !== undefined && !hasSeen(standing, top))
        this.#report(
          event,
          `client ${client} did not end with ${top.name}, the last of '${topic}'`,
        );
    }
  }
}

function hasSeen({ since, place, seen }: Standing, top: Top): boolean {
  if (seen.has(top.publication)) return true;
  if (place?.epoch === top.epoch) return place.offset >= top.offset;
  // Without places, and where the home began anew, what was published before the ack is none of its business.
  return since > top.seq;
}

const TOO_SLOW = 1013;
/** Whoever publishes while readers are behind is held for up to 2 s. */
const ANSWER_US = 3_000_000;
