// Signs of life: in a world that is well every open WebSocket is pinged in time and never sooner, every event stream
// has its comments, whoever answers pings stays, and whoever does not is closed for it.

import type { EventOf, TracedFault, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';
import { mayBeTroubled } from '../patience.ts';

interface Pinged {
  readonly connected: EventOf<'connected'>;
  at: number;
  isPinged: boolean;
}

export const keepAlive: Invariant = {
  property: 'keep-alive',
  requirements: ['BROKER-KEEP-1', 'BROKER-CLOSE-3', 'SSE-7'],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: ({ broker, faults, shards }) => {
        Object.assign(judge, { faults, shards });
        judge.pingEveryUs = broker.pingEveryMs * 1_000;
        judge.pongTimeoutUs = broker.pongTimeoutMs * 1_000;
        judge.commentEveryUs = broker.sseKeepAliveMs * 1_000;
      },
      joined: ({ client, behaviour }) => {
        if (behaviour === 'mute') judge.mute.add(client);
        if (behaviour === 'malformed') judge.careless.add(client);
        if (behaviour !== 'steady') judge.chatty.add(client);
      },
      connected: (event) => judge.connected(event),
      pinged: (event) => judge.pinged(event),
      closed: (event) => judge.closed(event),
      healed: ({ at }) => {
        judge.wellAt = at + WELL_AFTER_US;
      },
      sampled: (event) => judge.look(event),
      quiet: (event) => judge.rest(event),
    };
  },
};

class Judge {
  pingEveryUs = Number.POSITIVE_INFINITY;
  pongTimeoutUs = Number.POSITIVE_INFINITY;
  commentEveryUs = Number.POSITIVE_INFINITY;
  /** From here on nothing is in the way. */
  wellAt = Number.POSITIVE_INFINITY;
  faults: readonly TracedFault[] = [];
  shards = 1;
  readonly mute = new Set<number>();
  /** They answer now and then. */
  readonly careless = new Set<number>();
  /** Their pongs may come unasked. */
  readonly chatty = new Set<number>();
  readonly #report: Report;
  readonly #open = new Map<number, Pinged>();

  constructor(report: Report) {
    this.#report = report;
  }

  connected(event: EventOf<'connected'>): void {
    this.#open.set(event.connection, { connected: event, at: event.at, isPinged: false });
  }

  pinged(event: EventOf<'pinged'>): void {
    const { client, connection, transport, at } = event;
    const open = this.#open.get(connection);
    if (open === undefined) return;
    // The next is sent after the answer to this one; only a thread that stood still may be early.
    const sinceUs = at - open.at;
    const isEarly =
      transport === 'ws' ? open.isPinged && sinceUs < this.pingEveryUs : this.#isEarly(sinceUs);
    const isLate =
      sinceUs > this.#everyUs(transport) + LATE_US && this.#isJudged(client, transport);
    if (open.at > this.wellAt && (isEarly || isLate))
      this.#report(event, `client ${client} is told of life again after ${sinceUs / 1e6} s`);
    open.at = at;
    open.isPinged = true;
  }

  #everyUs(transport: 'ws' | 'sse'): number {
    return transport === 'ws' ? this.pingEveryUs : this.commentEveryUs;
  }

  /** Comments come whatever else is said; one may take a little longer than the next. */
  #isEarly(sinceUs: number): boolean {
    return sinceUs < this.commentEveryUs - NEAR_US;
  }

  /** It hears what it is told, and answers. */
  #isJudged(client: number, transport: 'ws' | 'sse'): boolean {
    return transport === 'sse' || !this.chatty.has(client);
  }

  closed(event: EventOf<'closed'>): void {
    const { client, connection, code, reason, at } = event;
    const open = this.#open.get(connection);
    this.#open.delete(connection);
    const isMute = this.mute.has(client);
    if (
      code !== PING_TIMEOUT ||
      reason === 'internal error' ||
      open === undefined ||
      this.careless.has(client)
    )
      return;
    if (isMute) {
      if (
        open.isPinged &&
        open.connected.at > this.wellAt &&
        at < open.at + this.pongTimeoutUs - NEAR_US
      )
        this.#report(event, `client ${client} was not given its time to answer a ping`);
    } else if (open.connected.at > this.wellAt || at > this.wellAt + this.pongTimeoutUs)
      this.#report(event, `client ${client} answers every ping and was closed with ${code}`);
  }

  /** [BROKER-KEEP-1] Whatever else a client says, it answers no ping. */
  look(event: EventOf<'sampled'>): void {
    if (this.mute.size === 0) return;
    const { at, node } = event;
    const lastUs = this.pingEveryUs + this.pongTimeoutUs + SLACK_US;
    for (const [connection, { connected }] of this.#open) {
      const { client, node: there, transport, at: from } = connected;
      if (there !== node || transport === 'sse' || !this.mute.has(client)) continue;
      // Where something is in the way it may not hear of its end.
      const way = { from, to: at };
      if (at - from < lastUs || mayBeTroubled(this.faults, way, client, node, this.shards))
        continue;
      this.#open.delete(connection);
      this.#report(event, `client ${client} answers no ping, and is there for ${at - from} µs`);
    }
  }

  rest(event: TraceEvent): void {
    for (const { connected, at } of this.#open.values()) {
      const { client, transport } = connected;
      if (transport === 'sse') {
        if (event.at - at > this.commentEveryUs * 2 + SLACK_US)
          this.#report(event, `client ${client} heard no comment in its stream for long`);
      } else if (this.mute.has(client)) {
        if (event.at - connected.at > this.pingEveryUs + this.pongTimeoutUs + SLACK_US)
          this.#report(event, `client ${client} never answers a ping and is still connected`);
      } else if (this.careless.has(client)) continue;
      else if (event.at - at > this.pingEveryUs * 2 + SLACK_US)
        this.#report(event, `client ${client} was not pinged for long`);
    }
  }
}

const PING_TIMEOUT = 1011;
const SLACK_US = 1_000_000;
/** Ways, and turns. */
const LATE_US = 700_000;
/** A ping on its way takes longer than the close behind it only by so much. */
const NEAR_US = 600_000;
const WELL_AFTER_US = 6_000_000;
