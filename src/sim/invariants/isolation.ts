// One client's nonsense is one client's trouble: whoever behaves is not closed for broken framing, is answered in
// order with what was asked, and no actor fails whatever is sent.

import type { Behaviour } from '../trace.ts';
import type { Invariant } from './invariant.ts';

const FRAMING_CODES: readonly number[] = [1002, 1003, 1007, 1008, 1009];

export const isolation: Invariant = {
  property: 'isolation',
  requirements: ['BROKER-ISO-1'],
  judge(report) {
    const behaviours = new Map<number, Behaviour>();
    return {
      joined({ client, behaviour }) {
        behaviours.set(client, behaviour);
      },
      closed(event) {
        const { client, code, by } = event;
        if (by !== 'server' || !FRAMING_CODES.includes(code)) return;
        if (behaviours.get(client) === 'malformed') return;
        report(event, `client ${client} speaks well and was closed with ${code}`);
      },
    };
  },
};

export const conversation: Invariant = {
  property: 'conversation',
  requirements: ['BROKER-REQ-4', 'BROKER-SUB-1', 'BROKER-FRAME-1'],
  judge(report) {
    const behaviours = new Map<number, Behaviour>();
    return {
      joined({ client, behaviour }) {
        behaviours.set(client, behaviour);
      },
      unexpected(event) {
        const { client, what } = event;
        if (behaviours.get(client) === 'malformed') return;
        report(event, `client ${client} heard what it did not ask for: ${what}`);
      },
    };
  },
};

export const noFailures: Invariant = {
  property: 'no-failures',
  requirements: [],
  judge(report) {
    /** Those who have to fail, once each. */
    const poisoned = new Set<string>();
    return {
      poisoned: ({ node, address }) => poisoned.add(`${node} ${address}`),
      linkPoisoned: ({ node, address }) => poisoned.add(`${node} ${address}`),
      playFailed: ({ node, address }) => poisoned.add(`${node} ${address}`),
      holderPoisoned: ({ node, address }) => poisoned.add(`${node} ${address}`),
      actorFailed(event) {
        if (poisoned.delete(`${event.node} ${event.address}`)) return;
        report(event, `${event.address} of node ${event.node} failed: ${event.error}`);
      },
    };
  },
};
