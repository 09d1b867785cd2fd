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
    return (event) => {
      if (event.kind === 'joined') behaviours.set(event.client, event.behaviour);
      else if (
        event.kind === 'closed' &&
        event.by === 'server' &&
        FRAMING_CODES.includes(event.code)
      ) {
        if (behaviours.get(event.client) === 'malformed') return;
        report(event, `client ${event.client} speaks well and was closed with ${event.code}`);
      }
    };
  },
};

export const conversation: Invariant = {
  property: 'conversation',
  requirements: ['BROKER-REQ-4', 'BROKER-SUB-1', 'BROKER-FRAME-1'],
  judge(report) {
    const behaviours = new Map<number, Behaviour>();
    return (event) => {
      if (event.kind === 'joined') behaviours.set(event.client, event.behaviour);
      else if (event.kind === 'unexpected' && behaviours.get(event.client) !== 'malformed') {
        report(event, `client ${event.client} heard what it did not ask for: ${event.what}`);
      }
    };
  },
};

export const noFailures: Invariant = {
  property: 'no-failures',
  requirements: [],
  judge(report) {
    return (event) => {
      if (event.kind !== 'actorFailed') return;
      report(event, `${event.address} of node ${event.node} failed: ${event.error}`);
    };
  },
};
