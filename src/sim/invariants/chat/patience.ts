// A heartbeat is for those who say nothing: whoever is silent is asked whether he is there, and sent away when he does not
// answer; whoever answers, over a way that nothing has troubled, is not.

import type { EventOf, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';
import { Troubles } from './troubles.ts';

export const hpPatience: Invariant = {
  property: 'hp-patience',
  requirements: ['HP-LIVE-1', 'HP-LIVE-3', 'HP-LIVE-4'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      talkerJoined: (event) => judge.joined.set(event.client, event),
      loggedIn: (event) => judge.loggedIn(event),
      talkerNoticed: (event) => judge.noticed(event),
      directHeard: ({ client }) => judge.read(client),
      roomHeard: ({ client }) => judge.read(client),
      talkerEnded: ({ client }) => judge.silent.delete(client),
      sampled: (event) => judge.look(event),
    };
  },
};

class Judge {
  readonly troubles = new Troubles();
  readonly joined = new Map<number, EventOf<'talkerJoined'>>();
  /** By client who says nothing: since when, and whether it was asked. */
  readonly silent = new Map<number, { readonly event: EventOf<'loggedIn'>; isAsked: boolean }>();
  readonly #report: Report;
  /** Connections over which somebody was asked whether he is there, before he was in or since. */
  readonly #asked = new Set<number>();

  constructor(report: Report) {
    this.#report = report;
  }

  loggedIn(event: EventOf<'loggedIn'>): void {
    const isAsked = this.#asked.has(event.connection);
    if (this.joined.get(event.client)?.isMute === true)
      this.silent.set(event.client, { event, isAsked });
  }

  /** With the cap `ack` it says that it has taken something. */
  read(client: number): void {
    if (this.joined.get(client)?.hasAck === true) this.silent.delete(client);
  }

  noticed(event: EventOf<'talkerNoticed'>): void {
    const { client, node, what, code, at } = event;
    const silent = this.silent.get(client);
    if (what === 'PING') this.#asked.add(event.connection);
    if (what === 'PING' && silent !== undefined) silent.isAsked = true;
    if (code !== 'PING_TIMEOUT') return;
    const talker = this.joined.get(client);
    if (talker === undefined || this.troubles.terms === undefined) return;
    if (silent?.isAsked === false)
      this.#report(event, `client ${client} is sent away for its silence, and was not asked`);
    const sinceUs = at - this.troubles.terms.pingTimeoutMs * 1_000 - SLACK_US;
    const isTroubled = this.troubles.ofTalker(client, node, sinceUs, at);
    if (!talker.isMute && !talker.isSlow && !isTroubled)
      this.#report(event, `client ${client} answers, and is sent away for its silence`);
  }

  look(event: TraceEvent): void {
    for (const [client, { event: entered }] of this.silent) {
      const { node, at } = entered;
      const patienceUs = (this.troubles.terms?.pingTimeoutMs ?? 0) * 1_000 + SLACK_US;
      if (event.at - at < patienceUs) continue;
      this.silent.delete(client);
      if (this.joined.get(client)?.isSlow === true) continue;
      if (!this.troubles.ofTalker(client, node, at, event.at))
        this.#report(
          event,
          `client ${client} says nothing for ${(event.at - at) / 1e6} s, and stays`,
        );
    }
  }
}

const SLACK_US = 3_000_000;
