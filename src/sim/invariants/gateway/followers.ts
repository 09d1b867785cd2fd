// Publishers are told the truth about who follows: when everything is still, the streams and WebSockets of each channel
// are as many as the operators of its node were told. Long-polls come and go too fast to be counted.

import { errandOf } from '../../records/errands/all.ts';
import type { EventOf, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';

export const followers: Invariant = {
  property: 'followers',
  requirements: ['GRIP-STATS-1', 'GRIP-HOLD-8', 'GRIP-STREAM-6'],
  judge(report) {
    const judge = new Judge(report);
    return {
      holdAsked: (event) => judge.asked.set(event.client, event),
      holdOpened: ({ client, at }) => judge.opened(client, at),
      originSaid: ({ client, hold, at }) => {
        // A stream that is told to ask the next link at once follows nothing meanwhile.
        if (hold === 'none') judge.movedAt.set(client, at);
      },
      holdEnded: ({ client, at }) => judge.ended(client, at),
      nodeKilled: ({ node }) => judge.killed.add(node),
      followedTold: (event) => judge.told(event),
      holdersLeft: (event) => judge.judge(event),
    };
  },
};

class Judge {
  readonly asked = new Map<number, EventOf<'holdAsked'>>();
  readonly movedAt = new Map<number, number>();
  readonly killed = new Set<number>();
  readonly #open = new Set<number>();
  readonly #told = new Map<string, number>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  opened(client: number, at: number): void {
    this.#open.add(client);
    this.movedAt.set(client, at);
  }

  ended(client: number, at: number): void {
    this.#open.delete(client);
    this.movedAt.set(client, at);
  }

  told({ node, followed }: EventOf<'followedTold'>): void {
    for (const [channel, mode, subscribers] of followed) {
      const name = `${node} ${mode} ${channel}`;
      this.#told.set(name, (this.#told.get(name) ?? 0) + subscribers);
    }
  }

  judge(event: TraceEvent): void {
    const counts = new Map<string, number>();
    const moving = new Set<string>();
    for (const [client, { node, what, channels }] of this.asked) {
      const isStill = event.at - (this.movedAt.get(client) ?? 0) > STILL_US;
      for (const channel of channels) {
        const name = `${node} ${what} ${channel}`;
        if (!isStill) moving.add(name);
        if (this.#open.has(client)) counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
    for (const name of new Set([...counts.keys(), ...this.#told.keys()])) {
      const [node = '', mode = '', channel = ''] = name.split(' ');
      const count = counts.get(name) ?? 0;
      const said = this.#told.get(name) ?? 0;
      if (mode === 'response' || moving.has(name) || this.killed.has(Number(node))) continue;
      // They come and go in their own time.
      if (errandOf(channel) !== undefined) continue;
      if (count !== said)
        this.#report(
          event,
          `node ${node} tells of ${said} who follow ${channel} (${mode}), and there are ${count}`,
        );
    }
  }
}

/** Longer than it takes until changes are told. */
const STILL_US = 3_000_000;
