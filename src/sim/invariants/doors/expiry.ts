// A token's end is the session's end: nothing that is published well after it is heard on the connection, none is left
// open in the end, and none is closed for it before.

import type { EventOf } from '../../trace.ts';
import type { Invariant } from '../invariant.ts';

interface Held {
  readonly client: number;
  /** No sooner, and not much later, the token ends. */
  readonly notBefore: number;
  readonly dueAt: number;
}

export const expiry: Invariant = {
  property: 'expiry',
  requirements: ['BROKER-CLOSE-4', 'SSE-9'],
  judge(report) {
    const lasting: (number | undefined)[] = [];
    const open = new Map<number, Held>();
    const sentAt: number[] = [];
    /** Whoever comes later comes with a token that lasts. */
    let settledAt = Number.POSITIVE_INFINITY;
    let isNeeded = false;
    return {
      joined({ client, token }) {
        if (token?.expiresInMs === undefined) return;
        lasting[client] = token.expiresInMs * 1_000;
        isNeeded = true;
      },
      healed({ at }) {
        settledAt = at;
      },
      connected({ client, connection, askedAt, at }) {
        const lasts = lasting[client];
        if (lasts === undefined || askedAt >= settledAt) return;
        open.set(connection, { client, notBefore: askedAt + lasts, dueAt: at + lasts + SLACK_US });
      },
      closed(event) {
        const { client, connection, code, at } = event;
        const held = open.get(connection);
        open.delete(connection);
        if (code !== TOKEN_EXPIRED) return;
        if (held === undefined)
          report(event, `client ${client} was closed with 4401 and has no token that ends`);
        else if (at < held.notBefore)
          report(event, `client ${client} was closed with 4401 before its token ended`);
      },
      publishSent({ publication, at }) {
        if (isNeeded) sentAt[publication] = at;
      },
      message(event) {
        if (!isNeeded) return;
        const held = open.get(event.connection);
        if (held !== undefined && (sentAt[event.publication] ?? 0) > held.dueAt)
          report(event, late(event, held));
      },
      quiet(event) {
        for (const held of open.values())
          if (event.at > held.dueAt)
            report(event, `client ${held.client} is connected though its token has ended`);
      },
    };
  },
};

function late({ client, at }: EventOf<'message'>, { dueAt }: Held): string {
  const lateUs = at - dueAt + SLACK_US;
  return `client ${client} hears what was published after its token ended, ${lateUs / 1e6} s ago`;
}

const TOKEN_EXPIRED = 4401;
/** Threads may have been paused, more than one after the other. */
const SLACK_US = 6_000_000;
