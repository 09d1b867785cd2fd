// What a room's sender was told of its message is true: `accepted` is in the history for as long as the home lives that has it,
// `stored` outlives that home, for as long as more than half of
// the nodes do not die; as half of them do not, where it is known how many there are.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const roomMemory: Invariant = {
  property: 'room-memory',
  requirements: ['HP-ACK-1', 'HP-HIST-2', 'HP-HOME-4', 'HP-STORE-1', 'HP-STORE-2'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      processDied: ({ node, at }) => judge.died(node, at, 1),
      shardCrashed: ({ at, node }) => judge.died(node, at, 0),
      roomAcked: (event) => judge.acked(event),
      roomHeard: ({ room, epoch, place, message, home }) =>
        judge.homes.set(`${room} ${epoch} ${place} ${message}`, home),
      rested: () => judge.rest(),
      nodeKilled: () => {
        judge.isWhole = false;
      },
      chatProbed: () => {
        judge.isProbed = true;
      },
      historyTold: (event) => judge.told(event),
    };
  },
};

class Judge {
  readonly troubles = new Troubles();
  /** By room, epoch, place and message: which node gave it. On two sides of a split one place may be given twice. */
  readonly homes = new Map<string, string>();
  readonly #report: Report;
  /** By room. */
  readonly #acked = new Map<string, EventOf<'roomAcked'>[]>();
  /** When a thread died, where, and whether its process did. */
  readonly #deaths: { readonly node: number; readonly at: number; readonly processes: number }[] =
    [];
  isProbed = false;
  /** Nobody has died for ever. */
  isWhole = true;
  #isRest = false;

  constructor(report: Report) {
    this.#report = report;
  }

  died(node: number, at: number, processes: number): void {
    this.#deaths.push({ node, at, processes });
  }

  acked(event: EventOf<'roomAcked'>): void {
    const all = this.#acked.get(event.room) ?? [];
    if (!event.isDuplicate) all.push(event);
    this.#acked.set(event.room, all);
    // [HP-STORE-1] Every node is there, and has time.
    const { isCluster, nodes } = this.troubles;
    if (!this.isProbed || !this.isWhole || !isCluster || nodes.length === 1) return;
    if (event.status !== 'stored')
      this.#report(
        event,
        `client ${event.client} is told that ${event.message} is ${event.status}, and all is well`,
      );
  }

  rest(): void {
    this.#isRest = true;
  }

  /** A room that is forgotten when nobody is in it forgets what was said. */
  told(event: EventOf<'historyTold'>): void {
    const { room, entries, client, isWhole, isPaged } = event;
    const { terms } = this.troubles;
    if (!this.#isRest || terms === undefined || terms.emptyRoomMs < LASTING_MS) return;
    // Two homes may have given the same numbers, and the next page is asked for by a number alone.
    const epochs = new Set(this.#acked.get(room)?.map(({ epoch }) => epoch));
    if (isPaged === true && epochs.size > 1) return;
    const here = new Set(entries.map(({ from, id }) => `${from} ${id}`));
    const isFull = !isWhole || entries.length >= terms.historyMax;
    const [first] = entries;
    for (const acked of this.#acked.get(room) ?? []) {
      const { user, message, epoch, place, status } = acked;
      if (here.has(`${user} ${message}`) || !this.#isKept(acked)) continue;
      const isForgotten =
        isFull &&
        (first === undefined ||
          epoch < first.epoch ||
          (epoch === first.epoch && place < first.seq));
      if (!isForgotten)
        this.#report(
          event,
          `client ${client} does not find ${message} in '${room}', which was ${status} at ${epoch}:${place}`,
        );
    }
  }

  /** Whether whoever has promised to keep it is still there. */
  #isKept({ at, room, epoch, place, message, status }: EventOf<'roomAcked'>): boolean {
    const since = this.#deaths.filter((death) => death.at >= at - FLIGHT_US);
    if (since.length === 0) return true;
    if (status !== 'stored') {
      const home = this.homes.get(`${room} ${epoch} ${place} ${message}`);
      return home !== undefined && !since.some(({ node }) => this.troubles.nodes[node] === home);
    }
    // Those of any time count: a node that has just come back knows nothing yet.
    const died = new Set(since.map(({ node }) => node));
    // [HP-STORE-1] Nodes that are not known yet, or have left, are counted where it is said how many there are.
    const size = this.troubles.nodes.length;
    const { nodesExpected = 0, forgetMs = 0 } = this.troubles.terms ?? {};
    const isExpected = nodesExpected >= size;
    // Nor those that were forgotten.
    if (!isExpected && forgetMs < LASTING_SHORT_MS) return false;
    const isCounted = size === 2 || isExpected;
    return died.size * 2 < size + (isCounted ? 1 : 0);
  }
}

const LASTING_MS = 3_600_000;
/** Longer than any run. */
const LASTING_SHORT_MS = 600_000;
/** From a deed to its answer. */
const FLIGHT_US = 5_000_000;
