// When faults have passed, everything works: whoever wants to be connected and subscribed is, every publication made
// from then on is acknowledged, and each reader ends with the last one of each of its topics.

import type { EventOf, TraceEvent, TracePosition } from '../trace.ts';
import { type Invariant, numberOf, type Report } from './invariant.ts';

interface Reader {
  readonly joined: EventOf<'joined'>;
  connection: number | undefined;
  readonly open: Map<string, Standing>;
}

/** How far one subscription has come. */
interface Standing {
  /** Place of its ack in the trace. */
  readonly since: number;
  /** Everything up to here is known to its reader, as far as the wire tells places. */
  readonly place: TracePosition | undefined;
  /** The last publication it saw. */
  readonly last: number | undefined;
}

interface Top {
  readonly epoch: string;
  readonly offset: number;
  readonly number: number;
  readonly name: string;
  /** Place of its ack in the trace. */
  readonly seq: number;
}

export const liveness: Invariant = {
  property: 'liveness',
  requirements: ['BROKER-LIVE-1', 'BROKER-PUB-1'],
  judge(report) {
    const judge = new Judge(report);
    return (event) => judge.see(event);
  },
};

type Heard = EventOf<'connected' | 'closed' | 'subscribed' | 'unsubscribed' | 'message' | 'gap'>;

class Judge {
  readonly #report: Report;
  readonly #readers = new Map<number, Reader>();
  readonly #unanswered = new Map<number, EventOf<'publishSent'>>();
  readonly #tops = new Map<string, Top>();
  #isHealed = false;

  constructor(report: Report) {
    this.#report = report;
  }

  see(event: TraceEvent): void {
    if (event.kind === 'message') this.#hear(event);
    else if (event.kind === 'joined' && event.behaviour === 'steady') {
      this.#readers.set(event.client, { joined: event, connection: undefined, open: new Map() });
    } else if (event.kind === 'healed') this.#isHealed = true;
    else if (event.kind === 'quiet') this.#rest(event);
    else if (event.kind === 'publishSent' && this.#isHealed)
      this.#unanswered.set(numberOf(event), event);
    else if (event.kind === 'published') {
      this.#unanswered.delete(numberOf(event));
      if (this.#isHealed) this.#top(event);
    } else if (event.kind === 'connected' || event.kind === 'closed' || event.kind === 'gap')
      this.#hear(event);
    else if (event.kind === 'subscribed' || event.kind === 'unsubscribed') this.#hear(event);
  }

  #hear(event: Heard): void {
    const reader = this.#readers.get(event.client);
    if (reader === undefined) return;
    if (event.kind === 'connected') {
      reader.connection = event.connection;
      reader.open.clear();
    } else if (event.kind === 'closed') {
      reader.connection = undefined;
      if (event.code === TOO_SLOW) this.#forgive(event.connection);
    } else if (event.kind === 'subscribed') {
      const place = event.recovered === true ? event.since : event.position;
      reader.open.set(event.topic, { since: event.seq, place, last: undefined });
    } else if (event.kind === 'unsubscribed') reader.open.delete(event.topic);
    else if (event.kind === 'gap') {
      // What its own queue could not hold is lost for it, as the policy says, and it knows.
      const standing = reader.open.get(event.topic);
      if (standing === undefined || event.to === undefined) return;
      reader.open.set(event.topic, {
        ...standing,
        place: { epoch: event.epoch, offset: event.to },
      });
    } else {
      const since = reader.open.get(event.saidTopic)?.since ?? event.seq;
      reader.open.set(event.saidTopic, { since, place: event.position, last: numberOf(event) });
    }
  }

  /** Whoever was too slow for its queue lost its answers with its connection. */
  #forgive(connection: number): void {
    for (const [number, sent] of this.#unanswered)
      if (sent.connection === connection) this.#unanswered.delete(number);
  }

  #top(event: EventOf<'published'>): void {
    const { position, node, topic } = event;
    const key = `${node} ${topic}`;
    const top = this.#tops.get(key);
    if (top !== undefined && top.epoch === position.epoch && top.offset >= position.offset) return;
    this.#tops.set(key, {
      ...position,
      number: numberOf(event),
      name: nameOf(event),
      seq: event.seq,
    });
  }

  #rest(event: TraceEvent): void {
    for (const sent of this.#unanswered.values()) {
      if (this.#readers.has(sent.client))
        this.#report(
          event,
          `${nameOf(sent)} of '${sent.topic}', sent when all was well, was never acknowledged`,
        );
    }
    for (const { joined, connection, open } of this.#readers.values()) {
      if (joined.topics.length === 0) continue;
      if (connection === undefined) {
        this.#report(event, `client ${joined.client} is not connected when all is well`);
        continue;
      }
      for (const topic of joined.topics) {
        const top = this.#tops.get(`${joined.node} ${topic}`);
        const standing = open.get(topic);
        if (standing === undefined)
          this.#report(
            event,
            `client ${joined.client} is not subscribed to '${topic}' when all is well`,
          );
        else if (top !== undefined && !hasSeen(standing, top)) {
          this.#report(
            event,
            `client ${joined.client} did not end with ${top.name}, the last of '${topic}'`,
          );
        }
      }
    }
  }
}

function hasSeen({ since, place, last }: Standing, top: Top): boolean {
  if (last === top.number) return true;
  if (place !== undefined) return place.epoch === top.epoch && place.offset >= top.offset;
  // Without places, what was published before the ack is none of its business.
  return since > top.seq;
}

function nameOf({
  publisher,
  sequence,
}: {
  readonly publisher: number;
  readonly sequence: number;
}): string {
  return `${publisher}/${sequence}`;
}

const TOO_SLOW = 1013;
