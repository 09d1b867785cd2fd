// As many as may come in do: at rest no shard holds more sessions than its share, nobody is turned away for want of
// room where there is some, and whoever is turned away is told so in the words of the spec.

import { networkOf } from '../../records/addresses.ts';
import type { EventOf, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';

export const admission: Invariant = {
  property: 'admission',
  requirements: ['BROKER-DOOR-2'],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: ({ shards, broker }) => {
        judge.shareOfAll = Math.ceil(broker.connectionsMax / shards);
        judge.shareOfAddress = Math.ceil(broker.connectionsPerAddressMax / shards);
      },
      connected: (event) => judge.connected(event),
      closed: (event) => judge.closed(event),
      turnedAway: (event) => judge.turnedAway(event),
      quiet: (event) => judge.rest(event),
    };
  },
};

class Judge {
  shareOfAll = Number.POSITIVE_INFINITY;
  shareOfAddress = Number.POSITIVE_INFINITY;
  readonly #report: Report;
  readonly #open = new Map<number, EventOf<'connected'>>();
  /** When a session of the shard ended last. */
  readonly #leftAt = new Map<string, number>();
  /** The last that was turned away from each door, or from it for an address. */
  readonly #crowd = new Map<string, EventOf<'turnedAway'>>();

  constructor(report: Report) {
    this.#report = report;
  }

  connected(event: EventOf<'connected'>): void {
    this.#open.set(event.connection, event);
  }

  closed({ connection, at }: EventOf<'closed'>): void {
    const left = this.#open.get(connection);
    if (left === undefined) return;
    this.#open.delete(connection);
    this.#leftAt.set(doorOf(left), at);
  }

  turnedAway(event: EventOf<'turnedAway'>): void {
    const { client, status, error, headers, asked } = event;
    if ((status !== FULL && status !== FULL_FOR_ADDRESS) || error === NO_VERDICT) {
      this.#madeRoom(event);
      return;
    }
    const isForAddress = status === FULL_FOR_ADDRESS;
    const sentence = isForAddress
      ? 'Too many connections from this address.'
      : 'Too many connections.';
    const what = `client ${client} was turned away with ${status} '${error}'`;
    if (error !== sentence) this.#report(event, `${what}, which no rule says`);
    else if (asked !== 'subscribe') this.#report(event, `${what} for a plain request`);
    else if (headers['retry-after'] !== '5')
      this.#report(event, `${what} and not told when to come back`);
    else this.#crowd.set(`${doorOf(event)} ${isForAddress ? networkOf(event.remote) : ''}`, event);
  }

  /** Until it was turned away it had a place, and somebody else had none. */
  #madeRoom({ node, shard, remote, at }: EventOf<'turnedAway'>): void {
    const door = doorOf({ node, shard });
    for (const place of [`${door} `, `${door} ${networkOf(remote)}`]) {
      const turned = this.#crowd.get(place);
      if (turned !== undefined && at - turned.at < LOOKED_AT_US) this.#crowd.delete(place);
    }
  }

  rest(event: TraceEvent): void {
    const counts = new Map<string, number>();
    for (const open of this.#open.values()) {
      for (const place of [`${doorOf(open)} `, `${doorOf(open)} ${networkOf(open.remote)}`])
        counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    for (const [place, count] of counts) {
      const share = place.endsWith(' ') ? this.shareOfAll : this.shareOfAddress;
      if (count > share)
        this.#report(
          event,
          `shard ${place.trimEnd()} holds ${count} sessions, its share is ${share}`,
        );
    }
    for (const [place, turned] of this.#crowd) {
      const share = place.endsWith(' ') ? this.shareOfAll : this.shareOfAddress;
      const leftAt = Math.max(this.#leftAt.get(doorOf(turned)) ?? 0, event.at - LAST_US);
      const count = counts.get(place) ?? 0;
      if (turned.at > leftAt + SETTLED_US && count < share)
        this.#report(
          event,
          `client ${turned.client} was turned away from shard ${place.trimEnd()}, which holds ${count} of ${share}`,
        );
    }
  }
}

function doorOf({ node, shard }: { readonly node: number; readonly shard: number }): string {
  return `${node}.${shard}`;
}

/** By then a door has looked at what a client brings, and the client has heard of it. */
const LOOKED_AT_US = 1_000_000;
const FULL = 503;
/** Told by `rights`. */
const NO_VERDICT = 'The token was not judged in time.';
const FULL_FOR_ADDRESS = 429;
/** Looked at of the end: by then every connection that was cut is known to be gone. */
const LAST_US = 5_000_000;
/** From a session's end as its client sees it to the door's knowledge of it. */
const SETTLED_US = 3_000_000;
