// Nobody is given up for silence who could be heard: a client that answers pings, over a way that nothing has troubled
// for a while, is not closed with 1011.

import type { EventOf, TracedFault } from '../trace.ts';
import type { Invariant, Report } from './invariant.ts';

export const patience: Invariant = {
  property: 'patience',
  requirements: ['BROKER-CLOSE-3', 'BROKER-ISO-1'],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: (event) => judge.began(event),
      joined: (event) => judge.joined(event),
      closed: (event) => judge.closed(event),
    };
  },
};

class Judge {
  readonly #report: Report;
  #began: EventOf<'began'> | undefined = undefined;
  /** Steady ones on a wide way. */
  readonly #calm = new Set<number>();

  constructor(report: Report) {
    this.#report = report;
  }

  began(event: EventOf<'began'>): void {
    this.#began = event;
  }

  joined({ client, behaviour, windowBytes }: EventOf<'joined'>): void {
    if (behaviour === 'steady' && windowBytes >= WIDE_BYTES) this.#calm.add(client);
  }

  closed(event: EventOf<'closed'>): void {
    const { client, node, code, reason, by, at } = event;
    if (this.#began === undefined || by !== 'server' || code !== PING_TIMEOUT) return;
    // A bug has its own words.
    if (reason === 'internal error') return;
    if (!this.#calm.has(client)) return;
    const { faults, shards, broker } = this.#began;
    const agoUs = (broker.pingEveryMs + broker.pongTimeoutMs) * 1_000 + SLACK_US;
    const isTroubled = mayBeTroubled(faults, { from: at - agoUs, to: at }, client, node, shards);
    if (!isTroubled)
      this.#report(event, `client ${client} answers pings and was closed with ${code}`);
  }
}

/** Within that time something may have made a client, its way or its node slow. */
export function mayBeTroubled(
  faults: readonly TracedFault[],
  { from, to }: { readonly from: number; readonly to: number },
  client: number,
  node: number,
  shards: number,
): boolean {
  return faults.some(
    (fault) =>
      fault.at <= to &&
      from <= fault.at + fault.durationUs &&
      mayTrouble(fault, client, node, shards),
  );
}

function mayTrouble(
  { kind, target }: TracedFault,
  client: number,
  node: number,
  shards: number,
): boolean {
  if (HARMLESS.includes(kind)) return false;
  if (OF_SHARDS.includes(kind)) return Math.floor(target / shards) === node;
  return OF_NODES.includes(kind) ? target === node : target === client;
}

const PING_TIMEOUT = 1011;
const WIDE_BYTES = 65_536;
/** Between the last ping and the word of the close at the client. */
const SLACK_US = 3_000_000;
/** They break connections, and leave no way slow. */
const HARMLESS: readonly string[] = [
  'reset',
  'abort',
  'leaveForever',
  'storm',
  'refuse',
  'killNode',
];
const OF_SHARDS: readonly string[] = ['pauseShard', 'lateTimers', 'slowShard', 'crashShard'];
const OF_NODES: readonly string[] = [
  ...['partition', 'isolate', 'swizzle', 'blackhole', 'lostAccept', 'noDescriptors'],
  ...['pauseNode', 'crashNode', 'crashLoop', 'restartNode', 'stallMain', 'slowPorts'],
];
