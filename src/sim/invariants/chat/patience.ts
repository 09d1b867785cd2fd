// A heartbeat is for those who say nothing: whoever is silent is asked in time whether he is there, nobody else is, and he is
// sent away when he does not answer; whoever answers, over a way that nothing has troubled, is not.

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
      talkerConnected: (event) => judge.connected(event),
      talkerAsked: (event) => judge.asked(event),
      talkerErred: ({ connection, at }) => judge.spoke(connection, at),
      talkerAnswered: (event) => judge.answered(event),
      loggedIn: (event) => judge.loggedIn(event),
      talkerNoticed: (event) => judge.noticed(event),
      directHeard: ({ client }) => judge.read(client),
      roomHeard: ({ client }) => judge.read(client),
      talkerEnded: ({ client, connection }) => {
        judge.silent.delete(client);
        judge.lines.delete(connection);
      },
      sampled: (event) => judge.look(event),
    };
  },
};

/** What was said over one connection. */
interface Lines {
  readonly at: EventOf<'talkerConnected'>;
  /** The last line was sent no later than that. */
  spokeAt: number;
  /** The last line that its node has read for sure was sent then. */
  readAt: number;
  isAsked: boolean;
  /** By request that is not answered. */
  readonly open: Map<string, number>;
}

class Judge {
  readonly lines = new Map<number, Lines>();
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

  connected(at: EventOf<'talkerConnected'>): void {
    const begin = { at, spokeAt: at.at, readAt: at.at, isAsked: false, open: new Map() };
    this.lines.set(at.connection, begin);
  }

  asked({ connection, id, what, at }: EventOf<'talkerAsked'>): void {
    const lines = this.spoke(connection, at);
    if (lines === undefined) return;
    if (!UNANSWERED.includes(what) && !lines.open.has(id)) lines.open.set(id, at);
  }

  /** [HP-LIVE-1] Any line, a wrong one among them. */
  spoke(connection: number, at: number): Lines | undefined {
    const lines = this.lines.get(connection);
    if (lines !== undefined) Object.assign(lines, { spokeAt: at, isAsked: false });
    return lines;
  }

  answered({ connection, id = '', at }: EventOf<'talkerAnswered'>): void {
    const lines = this.lines.get(connection);
    if (lines === undefined) return;
    lines.readAt = Math.max(lines.readAt, lines.open.get(id) ?? 0);
    lines.spokeAt = at;
    lines.open.delete(id);
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
    if (what === 'PING') {
      this.#asked.add(event.connection);
      this.#isAsked(event);
    }
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

  /** [HP-LIVE-3] Not before it has been silent for so long. */
  #isAsked(event: EventOf<'talkerNoticed'>): void {
    const lines = this.lines.get(event.connection);
    if (lines === undefined) return;
    lines.isAsked = true;
    const quietUs = event.at - lines.readAt;
    if (quietUs < (this.troubles.terms?.pingEveryMs ?? 0) * 1_000)
      this.#report(
        event,
        `client ${event.client} is asked whether it is there, and was heard ${quietUs} µs before`,
      );
  }

  /** [HP-LIVE-3] */
  #lookAtSilent(event: TraceEvent): void {
    const patienceUs = (this.troubles.terms?.pingEveryMs ?? 0) * 1_000 + SOON_US;
    for (const lines of this.lines.values()) {
      const { at, spokeAt, isAsked, open } = lines;
      if (isAsked || open.size > 0 || event.at - spokeAt < patienceUs) continue;
      lines.isAsked = true;
      const { client, node } = at;
      const isSlow = this.joined.get(client)?.isSlow === true;
      if (!isSlow && !this.troubles.ofTalker(client, node, spokeAt - BEFORE_US, event.at))
        this.#report(
          event,
          `client ${client} says nothing for ${(event.at - spokeAt) / 1e6} s, and is not asked whether it is there`,
        );
    }
  }

  look(event: TraceEvent): void {
    this.#lookAtSilent(event);
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

const UNANSWERED: readonly string[] = ['PONG', 'ACK', 'TYPING'];
const SLACK_US = 3_000_000;
/** Both ways between a client and its node. */
const SOON_US = 700_000;
/** Whose way is cut may not know it yet. */
const BEFORE_US = 8_000_000;
