// A stream that is kept alive hears so in its time: what is published puts it off, unless it comes in intervals, which nothing
// puts off. Judged of plain streams that are read, and to which nothing has happened for a while.

import type { ChannelTraits } from '../../../records/gateway-records.ts';
import type { EventOf, TracedFault } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { mayBeTroubled } from '../../patience.ts';

export const holdsAlive: Invariant = {
  property: 'holds-alive',
  requirements: ['GRIP-KEEP-1', 'GRIP-KEEP-2'],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: ({ faults, shards }) => {
        judge.faults = faults;
        judge.shards = shards;
      },
      gatewayBegan: ({ channels }) => {
        for (const traits of channels) judge.traits.set(traits.channel, traits);
      },
      holdAsked: (event) => judge.asked.set(event.connection, event),
      holdOpened: (event) => judge.opened(event),
      holdHeard: (event) => judge.heard(event),
      holdKept: (event) => judge.kept(event),
      holdEnded: ({ connection }) => judge.streams.delete(connection),
    };
  },
};

interface Stream {
  readonly isInterval: boolean;
  heardAt: number;
  keptAt: number;
}

class Judge {
  faults: readonly TracedFault[] = [];
  shards = 1;
  readonly traits = new Map<string, ChannelTraits>();
  readonly asked = new Map<number, EventOf<'holdAsked'>>();
  readonly streams = new Map<number, Stream>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  opened({ connection, at }: EventOf<'holdOpened'>): void {
    const its = this.asked.get(connection);
    if (its?.what !== 'stream' || its.naps === true) return;
    if (its.channels.some((channel) => this.traits.get(channel)?.hasIds !== false)) return;
    this.streams.set(connection, { isInterval: its.isInterval, heardAt: at, keptAt: at });
  }

  heard(event: EventOf<'holdHeard'>): void {
    const stream = this.streams.get(event.connection);
    if (stream === undefined) return;
    if (stream.isInterval) this.#judgeInterval(event, stream);
    stream.heardAt = event.at;
  }

  kept(event: EventOf<'holdKept'>): void {
    const { client, connection, at } = event;
    const stream = this.streams.get(connection);
    if (stream === undefined) return;
    if (stream.isInterval) this.#judgeInterval(event, stream);
    else if (at - stream.heardAt < QUIET_US && !this.#isTroubled(event))
      this.#report(
        event,
        `client ${client} is kept alive ${at - stream.heardAt} µs after it heard something`,
      );
    stream.keptAt = at;
  }

  #judgeInterval(event: EventOf<'holdHeard' | 'holdKept'>, stream: Stream): void {
    const sinceUs = event.at - stream.keptAt;
    if (sinceUs > INTERVAL_US && !this.#isTroubled(event))
      this.#report(event, `client ${event.client} was not kept alive for ${sinceUs} µs`);
  }

  #isTroubled({ client, node, at }: EventOf<'holdHeard' | 'holdKept'>): boolean {
    return mayBeTroubled(this.faults, { from: at - BEFORE_US, to: at }, client, node, this.shards);
  }
}

/** Two seconds of silence, less up to one, and what ways add. */
const QUIET_US = 800_000;
/** Every two seconds, and what ways add. */
const INTERVAL_US = 2_800_000;
const BEFORE_US = 6_000_000;
