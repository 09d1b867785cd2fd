// When the parts of a run's end begin: faults are over, everything has come to rest, whoever is there is asked, and
// whoever has been asked is counted. Refuses to know what happens then.

import type { Plan } from '../plan.ts';

/** As the numbers of their first events. */
export const phases = { heal: 0, rest: 1, probe: 2, census: 3, end: 4 } as const;

/** Microseconds behind the horizon, by number of the phase. */
export function phasesAfterUs({ gateway, chat }: Plan): readonly number[] {
  if (chat !== undefined) return chat.cluster === undefined ? OF_CHATS : OF_CLUSTERS;
  if (gateway === undefined) return OF_BROKERS;
  return gateway.errander?.isPatient === true ? OF_PATIENT_GATEWAYS : OF_GATEWAYS;
}

/** Rest is long enough for a connection that went silent to be given up, and for its client to come back. */
const OF_BROKERS = [0, 11_700_000, 12_000_000, 13_500_000, 15_000_000] as const;
/**
 * An item whose predecessor was lost waits for it before it is given out; and WebSockets that have been silent since faults were
 * over are asked about.
 */
const OF_GATEWAYS = [0, 11_700_000, 12_000_000, 22_500_000, 24_500_000] as const;
/** The same; but what an origin is given two minutes for is waited for. */
const OF_PATIENT_GATEWAYS = [0, 11_700_000, 12_000_000, 22_500_000, 170_000_000] as const;
/** Sessions whose clients do not come back have ended by then, at rest and in the end. */
const OF_CHATS = [0, 20_000_000, 23_000_000, 28_000_000, 38_000_000] as const;
/** Nodes have found each other again, and their homes have compared who is where. */
const OF_CLUSTERS = [0, 45_000_000, 48_000_000, 54_000_000, 64_000_000] as const;
