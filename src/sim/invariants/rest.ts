// When everything is at rest, before anything new pushes what is stuck: every question has its answer, and each reader
// has come to the end of its topics.

import type { EventOf, TracePosition } from '../trace.ts';
import type { Invariant, Report } from './invariant.ts';
import { mayBeTroubled } from './patience.ts';

interface Reader {
  readonly joined: EventOf<'joined'>;
  isConnected: boolean;
  /** Its subscriptions by topic. */
  readonly open: Map<string, Standing>;
}

interface Standing {
  /** Undefined where the wire tells no places, and after a restart. */
  place: TracePosition | undefined;
}

export const rest: Invariant = {
  property: 'rest',
  requirements: ['BROKER-LIVE-1', 'BROKER-SUB-2', 'BROKER-REQ-4', 'BROKER-AUTH-5'],
  judge(report) {
    const judge = new Judge(report);
    return {
      joined: (event) => judge.joined(event),
      connected: (event) => judge.connected(event),
      closed: ({ client }) => judge.closed(client),
      left: ({ client }) => judge.gone(client),
      nodeKilled: ({ node }) => judge.dead(node),
      subscribed: (event) => judge.subscribed(event),
      unsubscribed: ({ client, topic }) => judge.unsubscribed(client, topic),
      message: (event) => judge.heard(event),
      gap: (event) => judge.gapped(event),
      published: (event) => judge.published(event),
      began: (event) => judge.began(event),
      unheard: (event) => judge.unheard(event),
      unanswered: (event) => judge.unanswered(event),
      rested: (event) => judge.rest(event),
    };
  },
};

class Judge {
  readonly #report: Report;
  /** Steady ones and slow ones, by client. */
  readonly #readers: (Reader | undefined)[] = [];
  /** By following. */
  readonly #standings: (Standing | undefined)[] = [];
  /** By node and topic, the last place that anybody was told of. */
  readonly #tops: Map<string, TracePosition>[] = [];
  /** By client and topic, the last time that older ones were left out for a newer one. */
  readonly #leftOut = new Map<string, EventOf<'gap'>>();
  /** By client. */
  readonly #connectedAt: number[] = [];
  readonly #deadNodes = new Set<number>();
  /** Clients whose questions are their own trouble. */
  readonly #strange = new Set<number>();

  #began: EventOf<'began'> | undefined = undefined;
  readonly #late = new Set<number>();

  constructor(report: Report) {
    this.#report = report;
  }

  began(event: EventOf<'began'>): void {
    this.#began = event;
  }

  /** [BROKER-AUTH-5] A token that nobody judges is told of after a while; everything else soon. */
  unheard(event: EventOf<'unheard'>): void {
    const { client, node, askedAt, at } = event;
    if (this.#began === undefined || this.#deadNodes.has(node)) return;
    if (this.#late.has(client) && at - askedAt < VERDICT_US) return;
    const { faults, shards } = this.#began;
    if (mayBeTroubled(faults, { from: askedAt - BEFORE_US, to: at }, client, node, shards)) return;
    this.#report(event, `client ${client} asked, and was told nothing for ${at - askedAt} µs`);
  }

  joined(event: EventOf<'joined'>): void {
    const { client, behaviour, token } = event;
    if (token?.judgedAfterMs !== undefined) this.#late.add(client);
    if (behaviour !== 'steady' && behaviour !== 'slow' && behaviour !== 'churning')
      this.#strange.add(client);
    if (behaviour !== 'steady' && behaviour !== 'slow') return;
    this.#readers[client] = { joined: event, isConnected: false, open: new Map() };
  }

  connected({ client, at }: EventOf<'connected'>): void {
    this.#connectedAt[client] = at;
    const reader = this.#readers[client];
    if (reader === undefined) return;
    reader.isConnected = true;
    reader.open.clear();
  }

  closed(client: number): void {
    const reader = this.#readers[client];
    if (reader !== undefined) reader.isConnected = false;
  }

  gone(client: number): void {
    this.#readers[client] = undefined;
  }

  dead(node: number): void {
    this.#deadNodes.add(node);
  }

  subscribed({
    client,
    connection,
    following,
    topic,
    recovered,
    since,
    position,
  }: EventOf<'subscribed'>): void {
    // For whoever follows a topic anew what is newer may be the same again.
    const key = `${client} ${topic}`;
    if (this.#leftOut.get(key)?.connection === connection) this.#leftOut.delete(key);
    const reader = this.#readers[client];
    if (reader === undefined) return;
    const standing = { place: recovered === true ? since : position };
    this.#standings[following] = standing;
    reader.open.set(topic, standing);
  }

  unsubscribed(client: number, topic: string): void {
    this.#readers[client]?.open.delete(topic);
  }

  heard({ node, saidTopic, following, position }: EventOf<'message'>): void {
    const standing = this.#standings[following];
    if (standing !== undefined) standing.place = position;
    if (position !== undefined) this.#come(node, saidTopic, position);
  }

  /** Who is told that older ones were left out for a newer one is owed the newer one. */
  gapped(event: EventOf<'gap'>): void {
    const { client, topic, following, epoch, to, reason } = event;
    if (reason === 'conflated' && to !== undefined) {
      this.#leftOut.set(`${client} ${topic}`, event);
      return;
    }
    const standing = this.#standings[following];
    if (standing === undefined) return;
    standing.place = to === undefined ? undefined : { epoch, offset: to };
  }

  published({ node, topic, position, isDuplicate }: EventOf<'published'>): void {
    if (!isDuplicate) this.#come(node, topic, position);
  }

  unanswered(event: EventOf<'unanswered'>): void {
    const { node, client, what, topic, at } = event;
    // Whoever has just come back is at its beginning.
    if (at - (this.#connectedAt[client] ?? 0) < BEGINNING_US) return;
    if (this.#strange.has(client) || this.#deadNodes.has(node)) return;
    this.#report(event, `client ${client} was never answered: ${what} of '${topic}'`);
  }

  #come(node: number, topic: string, place: TracePosition): void {
    let tops = this.#tops[node];
    if (tops === undefined) {
      tops = new Map();
      this.#tops[node] = tops;
    }
    const top = tops.get(topic);
    if (top === undefined || top.epoch !== place.epoch || top.offset < place.offset)
      tops.set(topic, place);
  }

  rest(event: EventOf<'rested'>): void {
    for (const { node, topic, epoch, to = -1 } of this.#leftOut.values())
      if (this.#tops[node]?.get(topic)?.epoch === epoch)
        this.#come(node, topic, { epoch, offset: to + 1 });
    for (const reader of this.#readers) {
      if (reader === undefined || !reader.isConnected) continue;
      const { node, client, topics } = reader.joined;
      if (this.#deadNodes.has(node)) continue;
      for (const topic of topics) {
        const top = this.#tops[node]?.get(topic);
        const place = reader.open.get(topic)?.place;
        if (top === undefined || place === undefined || place.epoch !== top.epoch) continue;
        if (place.offset < top.offset)
          this.#report(
            event,
            `client ${client} rests at ${place.epoch}:${place.offset} of '${topic}', which has come to ${top.offset}`,
          );
      }
    }
  }
}

const BEGINNING_US = 2_000_000;
/** Within which a token is judged, or told of, and a little more. */
const VERDICT_US = 12_000_000;
/** What has just passed may still be felt. */
const BEFORE_US = 1_000_000;
