// Whoever has shown a token has a session for as long as that lasts, wherever he comes back to it: not longer, and over no
// connection is he sent away for it before.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const tokens: Invariant = {
  property: 'hp-tokens',
  requirements: ['HP-LOGIN-4', 'HP-RES-9', 'HP-RES-10'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      chatBegan(event) {
        judge.troubles.watcher.chatBegan?.(event);
        judge.jumps = event.clusterFaults.filter(({ kind }) => kind === 'clockJump');
      },
      processBegan: (event) => judge.began(event),
      talkerAsked: (event) => judge.asked(event),
      loggedIn: (event) => judge.loggedIn(event),
      talkerAnswered: (event) => judge.answered(event),
      talkerNoticed: (event) => judge.noticed(event),
      talkerEnded: ({ connection }) => judge.lasts.delete(connection),
    };
  },
};

/** When a token ends: no earlier than that, and no later. */
interface Last {
  readonly from: number;
  readonly to: number;
}

class Judge {
  readonly troubles = new Troubles();
  /** By connection: the token behind its session. */
  readonly lasts = new Map<number, Last>();
  readonly #report: Report;
  /** By connection: how long a token lasts that was shown, and since when it may. */
  readonly #shown = new Map<number, { readonly at: number; readonly tokenMs: number }>();
  /** By session. */
  readonly #ofSession = new Map<string, Last>();
  /** By connection and request. */
  readonly #askedAt = new Map<string, number>();

  /** Of the clocks by which tickets tell when they end. */
  jumps: EventOf<'chatBegan'>['clusterFaults'] = [];
  #first: number | undefined = undefined;
  #slackUs = SLACK_US;

  constructor(report: Report) {
    this.#report = report;
  }

  /** A ticket tells when it ends by the clock, and that of another node may be wrong. */
  began({ incarnation, at }: EventOf<'processBegan'>): void {
    const clock = incarnation * 1_000 - at;
    this.#first ??= clock;
    this.#slackUs = Math.max(this.#slackUs, SLACK_US + 2 * Math.abs(clock - this.#first));
  }

  #slackAt(at: number): number {
    const jumps = this.jumps.filter((jump) => jump.at <= at);
    return jumps.reduce((sum, { amount }) => sum + Math.abs(amount) * 1_000, this.#slackUs);
  }

  asked({ connection, id, what, tokenMs, at }: EventOf<'talkerAsked'>): void {
    if (this.lasts.has(connection)) this.#askedAt.set(`${connection} ${id}`, at);
    if (what === 'LOGIN' && tokenMs !== undefined) this.#shown.set(connection, { at, tokenMs });
  }

  loggedIn({ connection, session, isResumed, at }: EventOf<'loggedIn'>): void {
    const shown = this.#shown.get(connection);
    if (!isResumed && shown !== undefined) {
      const lastUs = shown.tokenMs * 1_000;
      this.#ofSession.set(session, { from: shown.at + lastUs, to: at + lastUs });
    }
    const last = this.#ofSession.get(session);
    if (last !== undefined) this.lasts.set(connection, last);
  }

  answered(event: EventOf<'talkerAnswered'>): void {
    const { connection, client, node, id, asked, code, at } = event;
    const last = this.lasts.get(connection);
    const askedAt = this.#askedAt.get(`${connection} ${id}`);
    if (last === undefined || askedAt === undefined || code !== undefined) return;
    if (askedAt <= last.to + this.#slackAt(at) || this.troubles.ofNode(node, last.from, at)) return;
    this.#report(
      event,
      `client ${client} asks for ${asked}, ${(askedAt - last.to) / 1e6} s after its token has ended, and is obeyed`,
    );
  }

  noticed(event: EventOf<'talkerNoticed'>): void {
    const { connection, client, what, code, at } = event;
    const last = this.lasts.get(connection);
    if (last === undefined || what !== 'ERROR' || code !== 'AUTH_FAILED') return;
    if (at < last.from - this.#slackAt(at))
      this.#report(
        event,
        `client ${client} is sent away, and its token lasts ${(last.from - at) / 1e6} s more`,
      );
  }
}

/** A ticket tells whole seconds. */
const SLACK_US = 1_500_000;
