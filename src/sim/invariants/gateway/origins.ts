// What origins see of the gateway: every question is brought to an end, a WebSocket has one question at a time, what it
// says is taken once and in order, and whoever wants to know that a hold is over is told.

import type { EventOf, TraceEvent } from '../../trace.ts';
import type { Invariant } from '../invariant.ts';

export const fetches: Invariant = {
  property: 'fetches',
  requirements: ['WOH-REQ-1', 'GRIP-PROXY-12'],
  judge(report) {
    const open = new Map<number, EventOf<'fetchBegan'>>();
    const events = new Map<string, number>();
    const nameOf = ({ node, owner }: EventOf<'fetchBegan'>): string => `${node} ${owner}`;
    return {
      fetchBegan(event) {
        open.set(event.question, event);
        if (!event.isEvents) return;
        const before = events.get(nameOf(event));
        if (before !== undefined && open.has(before))
          report(event, `${event.owner} asks again before it was answered`);
        events.set(nameOf(event), event.question);
      },
      fetchEnded(event) {
        if (!open.delete(event.question))
          report(event, `question ${event.question} is over for the second time`);
      },
      shardCrashed({ node, shard }) {
        for (const [question, began] of open)
          if (began.node === node && began.shard === shard) open.delete(question);
      },
      quiet(event) {
        for (const { question, owner, at } of open.values())
          if (event.at - at > ANSWERED_US)
            report(event, `question ${question} of ${owner} is open in the end`);
      },
    };
  },
};

/** Whoever is open while its origin cannot be reached is asked about again, each time after twice as long. */
export const retries: Invariant = {
  property: 'retries',
  requirements: ['WOH-RETRY-1', 'WOH-RETRY-2'],
  judge(report) {
    /** By question: whose it is. */
    const asking = new Map<number, EventOf<'fetchBegan'>>();
    const open = new Set<string>();
    const failed = new Map<string, { readonly at: number; readonly times: number }>();
    const nameOf = ({ node, owner }: EventOf<'fetchBegan'>): string => `${node} ${owner}`;
    return {
      fetchBegan(event) {
        if (!event.isEvents) return;
        asking.set(event.question, event);
        const { at, times } = failed.get(nameOf(event)) ?? { at: 0, times: 0 };
        if (times > RETRIES_MAX)
          report(event, `${event.owner} asks again, and has failed ${times} times`);
        else if (times > 0 && event.at - at < 2 ** (times - 1) * 1_000_000)
          report(event, `${event.owner} asks again ${event.at - at} µs after failure ${times}`);
      },
      fetchEnded({ question, how, at }) {
        const began = asking.get(question);
        if (began === undefined) return;
        asking.delete(question);
        const name = nameOf(began);
        const { times } = failed.get(name) ?? { times: 0 };
        failed.delete(name);
        // [WOH-RETRY-4] Until it is open, the next target has its turn.
        if (how === 'collected') open.add(name);
        else if (how === 'failed' && open.has(name)) failed.set(name, { at, times: times + 1 });
      },
      // Its successor gives their names to others.
      shardCrashed: () => {
        open.clear();
        failed.clear();
      },
    };
  },
};

export const words: Invariant = {
  property: 'words',
  requirements: ['WOH-REQ-1', 'WOH-REQ-2', 'WOH-REQ-9', 'WOH-RETRY-3', 'WOH-DIRECT-2'],
  judge(report) {
    const said = new Map<number, number>();
    const taken = new Map<number, number>();
    const echoed = new Map<number, number>();
    const open = new Map<number, { readonly client: number; readonly node: number }>();
    /** Connections whose origin left something for later. */
    const partial = new Set<number>();
    const killed = new Set<number>();
    const next = (
      counts: Map<number, number>,
      event: EventOf<'wordTaken' | 'wordEchoed'>,
      what: string,
    ): void => {
      const before = counts.get(event.connection) ?? 0;
      counts.set(event.connection, event.word);
      if (event.word !== before + 1)
        report(event, `word ${event.word} of client ${event.client} is ${what} after ${before}`);
    };
    const takenAt = new Map<number, number>();
    return {
      wordSaid: ({ connection, word }) => said.set(connection, word),
      holdOpened: ({ connection, client, node }) => open.set(connection, { client, node }),
      wordsAnswered(event) {
        const { connection, client, isPartial, replayedBytes, knownBytes } = event;
        const { events, bytes, isOneByOne } = event;
        if (replayedBytes > knownBytes)
          report(
            event,
            `${replayedBytes} bytes of client ${client} are told to have been sent before, and ${knownBytes} were`,
          );
        if (isPartial) partial.add(connection);
        else partial.delete(connection);
        if (isOneByOne && events > 1)
          report(event, `${events} events of client ${client} come in one request`);
        if (bytes > OFFER_BYTES_MAX)
          report(event, `${bytes} bytes of client ${client} come in one request`);
      },
      wordTaken(event) {
        if (event.word > (said.get(event.connection) ?? 0))
          report(event, `word ${event.word} is taken of client ${event.client}, who never said it`);
        next(taken, event, 'taken');
        takenAt.set(event.connection, event.at);
      },
      wordEchoed: (event) => next(echoed, event, 'echoed'),
      holdEnded: ({ connection }) => open.delete(connection),
      nodeKilled: ({ node }) => killed.add(node),
      // What an open WebSocket has said has been taken and answered when all has been still for long.
      holdersLeft(event) {
        for (const [connection, { client, node }] of open) {
          const last = said.get(connection) ?? 0;
          if (killed.has(node) || partial.has(connection)) continue;
          if ((taken.get(connection) ?? 0) < last)
            report(event, `word ${last} of client ${client} was never taken`);
          else if (event.at - (takenAt.get(connection) ?? 0) < ANSWERED_US) continue;
          else if ((echoed.get(connection) ?? 0) < last)
            report(event, `word ${last} of client ${client} was taken, and the answer never came`);
        }
      },
    };
  },
};

/** An origin hears of a WebSocket that says nothing when it wants to, and not otherwise. */
export const intervals: Invariant = {
  property: 'intervals',
  requirements: ['WOH-KEEP-1', 'WOH-KEEP-2'],
  judge(report) {
    const open = new Map<number, EventOf<'holdOpened'>>();
    const asked = new Map<number, EventOf<'wordsAnswered'>>();
    const unwell = new Set<number>();
    return {
      holdOpened: (event) => open.set(event.connection, event),
      holdEnded({ connection }) {
        open.delete(connection);
        asked.delete(connection);
      },
      wordsAnswered(event) {
        const { client, connection, events, intervalS } = event;
        asked.set(connection, event);
        if (events === 0 && intervalS === 0)
          report(
            event,
            `the origin of client ${client} is asked about nothing, and wants not to be`,
          );
      },
      shardCrashed: ({ node }) => unwell.add(node),
      nodeKilled: ({ node }) => unwell.add(node),
      holdersLeft(event) {
        for (const { connection, client, node } of open.values()) {
          const last = asked.get(connection);
          if (last === undefined || last.intervalS === 0 || unwell.has(node)) continue;
          if (event.at - last.at > last.intervalS * 1_000_000 + LATE_US)
            report(
              event,
              `the origin of client ${client} was not asked for ${event.at - last.at} µs`,
            );
        }
      },
    };
  },
};

/** [WOH-CLOSE-2] [WOH-DIRECT-8] Origins answer with the code that they hear; without one it is 1000. */
export const closes: Invariant = {
  property: 'closes',
  requirements: ['WOH-CLOSE-1', 'WOH-CLOSE-2', 'WOH-DIRECT-8'],
  judge(report) {
    const poisoned = new Set<number>();
    return {
      holderPoisoned: ({ connection }) => poisoned.add(connection),
      closeAnswered(event) {
        const { client, connection, said, code } = event;
        const expected = said === WITHOUT_CODE ? NORMAL : said;
        if (poisoned.has(connection)) return;
        if (code !== expected && !OTHER_CLOSES.includes(code))
          report(event, `client ${client} closes with ${said}, and is closed with ${code}`);
      },
    };
  },
};

export const partings: Invariant = {
  property: 'partings',
  requirements: ['WOH-CLOSE-4', 'GRIP-HOLD-9', 'WOH-DIRECT-9'],
  judge(report) {
    /** By connection: how many of its holds are to be told of. */
    const wanting = new Map<number, number>();
    const wants = (connection: number): void => {
      wanting.set(connection, (wanting.get(connection) ?? 0) + 1);
    };
    const held = new Set<number>();
    const told = new Map<number, number>();
    const tell = (connection: number): number => {
      const times = (told.get(connection) ?? 0) + 1;
      told.set(connection, times);
      return times;
    };
    /** Connections whose origin has to be told, and who they were. */
    const owing = new Map<number, EventOf<'holdEnded'>>();
    let healedAt = Number.POSITIVE_INFINITY;
    return {
      healed: ({ at }) => {
        healedAt = at;
      },
      originSaid: ({ connection, wantsParting }) => {
        if (wantsParting) wants(connection);
      },
      originHeard(event) {
        const { connection, client, purpose } = event;
        if (purpose !== 'gone') return;
        const times = tell(connection);
        const most = wanting.get(connection) ?? 0;
        if (times > most)
          report(
            event,
            `the origin hears ${times} times that ${most} holds of client ${client} are over`,
          );
      },
      holdAsked: ({ connection, what }) => {
        // An origin of WebSockets is always told.
        if (what === 'ws') wants(connection);
      },
      partingTaken: ({ connection }) => {
        tell(connection);
      },
      holderPoisoned: ({ connection }) => wanting.delete(connection),
      holdOpened: ({ connection }) => held.add(connection),
      holdAnswered: ({ connection, status, lines }) => {
        // One that was answered with news at once was perhaps never held.
        if (status === 200 && lines.every(({ items }) => items.length === 0)) held.add(connection);
      },
      holdEnded(event) {
        const { connection, at } = event;
        if (at > healedAt + HEALING_US && wanting.has(connection) && held.has(connection))
          owing.set(connection, event);
      },
      quiet(event) {
        for (const { connection, client } of owing.values())
          if (!told.has(connection))
            report(event, `the origin was not told that client ${client} (${connection}) is gone`);
      },
    };
  },
};

/** When a node goes its clients are not gone: no origin is told so of those whom it sends away. */
export const sentAway: Invariant = {
  property: 'sent-away',
  requirements: ['GRIP-HOLD-9'],
  judge(report) {
    /** By node: since when it sends its clients away. */
    const draining = new Map<number, number>();
    const told = new Map<number, EventOf<'originHeard'>>();
    const gone = new Map<number, EventOf<'holdEnded'>>();
    const judge = (event: EventOf<'originHeard'>, ended: EventOf<'holdEnded'>): void => {
      const since = draining.get(event.node) ?? Infinity;
      if (ended.by === 'server' && ended.at >= since && event.at >= since)
        report(
          event,
          `the origin is told that client ${event.client} is gone, whom its node sent away`,
        );
    };
    return {
      gatewayDrains: ({ node, at }) => draining.set(node, Math.min(at, draining.get(node) ?? at)),
      shardStarted: ({ node }) => draining.delete(node),
      originHeard(event) {
        if (event.purpose !== 'gone' || !draining.has(event.node)) return;
        const ended = gone.get(event.connection);
        if (ended === undefined) told.set(event.connection, event);
        else judge(event, ended);
      },
      holdEnded(event) {
        if (!draining.has(event.node)) return;
        const said = told.get(event.connection);
        if (said === undefined) gone.set(event.connection, event);
        else judge(said, event);
      },
    };
  },
};

export const leftovers: Invariant = {
  property: 'leftovers',
  requirements: ['GRIP-HOLD-8', 'GRIP-STREAM-6'],
  judge(report) {
    return {
      gatewayCounted(event) {
        const { node, shard, connections, followed } = event;
        const where = `shard ${node}.${shard}`;
        if (connections > 0) report(event, `${where} holds ${connections} clients who have left`);
        for (const [channel, mode, subscribers] of followed)
          report(event, followedWords(where, channel, mode, subscribers));
      },
      counted(event: EventOf<'counted'> & TraceEvent) {
        const { node, shard, connections, actors, actorsAlways } = event;
        if (actors > connections + actorsAlways)
          report(
            event,
            `shard ${node}.${shard} has ${actors} actors for ${connections} connections`,
          );
      },
    };
  },
};

function followedWords(where: string, channel: string, mode: string, subscribers: number): string {
  return `${where} tells of ${subscribers} who follow ${channel} (${mode}), and all have left`;
}

/** An answer, the way to it and back, and whatever holds a thread up. */
const LATE_US = 2_000_000;
/** [WOH-REQ-1] */
const OFFER_BYTES_MAX = 200_000;
const NORMAL = 1_000;
const WITHOUT_CODE = 1_005;
/** Of a node that goes, of a reader that is too slow, and of an origin that has had enough. */
const OTHER_CLOSES: readonly number[] = [1_001, 1_013, 4_000];
/** [WOH-RETRY-2] */
const RETRIES_MAX = 5;
/** Longer than any origin takes when nothing is wrong. */
const ANSWERED_US = 1_500_000;
const HEALING_US = 3_000_000;
