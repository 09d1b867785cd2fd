// What is said is said in the spec's own words: frames to the letter, the one right answer to each mistake, in order,
// and the close that each break of the framing is owed.

import type { EventOf, BrokerTerms } from '../trace.ts';
import type { Invariant } from './invariant.ts';

export const frames: Invariant = {
  property: 'frames',
  requirements: [
    ...['BROKER-FRAME-1', 'BROKER-FRAME-2', 'BROKER-FRAME-3', 'BROKER-FRAME-4', 'BROKER-FRAME-5'],
    ...['BROKER-ENV-1', 'BROKER-HTTP-1', 'SSE-1', 'SSE-3', 'SSE-4', 'SSE-5', 'SSE-7'],
  ],
  judge(report) {
    return {
      misworded(event) {
        const { client, text, correction } = event;
        report(event, `client ${client} was told ${text}, which should be ${correction}`);
      },
    };
  },
};

export const mistakes: Invariant = {
  property: 'mistakes',
  requirements: [
    ...['BROKER-REQ-1', 'BROKER-REQ-2', 'BROKER-REQ-3', 'BROKER-REQ-4', 'BROKER-REQ-5'],
    ...['BROKER-REQ-6', 'BROKER-TOPIC-1', 'BROKER-LIST-1', 'BROKER-LIST-2', 'BROKER-LIST-3'],
    ...['BROKER-SUB-1', 'BROKER-LIM-2', 'BROKER-AUTH-3', 'JSON-1', 'JSON-2', 'JSON-3', 'SHARD-2'],
  ],
  judge(report) {
    /** By client, in order. */
    const open = new Map<number, EventOf<'asked'>[]>();
    // What was on its way to a client is heard, whoever died meanwhile.
    const gone = new Set<number>();
    const dead = new Set<number>();
    /** Threads that died, and whose death the others may not know yet. */
    const down = new Map<string, number>();
    /** Questions that a thread may have taken with it, and that its successor was asked. */
    const again = new Set<number>();
    return {
      shardCrashed({ node, shard }) {
        down.set(`${node}.${shard}`, node);
        for (const asked of open.values())
          for (const event of asked) if (event.node === node) again.add(event.seq);
      },
      shardStarted: ({ node, shard }) => down.delete(`${node}.${shard}`),
      asked(event) {
        if (event.door !== 'ws') return;
        if ([...down.values()].includes(event.node)) again.add(event.seq);
        const asked = open.get(event.client);
        if (asked === undefined) open.set(event.client, [event]);
        else asked.push(event);
      },
      answered(event) {
        if (event.door !== 'ws') return;
        const { client, expected, heard, isRight } = event;
        const later = open.get(client) ?? [];
        const asked = later.shift();
        const isTrueByNow =
          asked !== undefined && again.has(asked.seq) && isLeftMeanwhile(asked, later, heard);
        if (asked === undefined || (!isRight && !isTrueByNow))
          report(event, `client ${client} said ${asked?.text} and heard ${heard}, not ${expected}`);
      },
      closed: ({ client }) => open.delete(client),
      left: ({ client }) => gone.add(client),
      nodeKilled: ({ node }) => dead.add(node),
      quiet(event) {
        for (const [client, [first]] of open)
          if (first !== undefined && !gone.has(client) && !dead.has(first.node))
            report(event, `client ${client} was not answered: ${first.text}`);
      },
    };
  },
};

/**
 * [SHARD-2] An info that is asked again tells what is so by then: whoever has asked to unsubscribe meanwhile, behind
 * its question, is not counted any more.
 */
function isLeftMeanwhile(
  { text }: EventOf<'asked'>,
  later: readonly EventOf<'asked'>[],
  heard: string,
): boolean {
  const [, topic] = /^\{"type":"topic_info","topic":"(.*)"\}$/u.exec(text) ?? [];
  if (topic === undefined) return false;
  const isLeft = later.some((next) => next.text === `{"type":"unsubscribe","topic":"${topic}"}`);
  return isLeft && NOBODY.some((words) => heard === `${topic}${words}`);
}
/** At a new home that never heard of it, or that was asked for a place by one who has left. */
const NOBODY = [' has 0, is nowhere and keeps 0', ' has 0, is at 0 and keeps 0'];

export const requests: Invariant = {
  property: 'requests',
  requirements: [
    ...['BROKER-HTTP-2', 'BROKER-HTTP-4', 'BROKER-HTTP-5', 'BROKER-CORS-2', 'BROKER-CORS-3'],
    ...['BROKER-AUTH-2', 'SSE-6', 'SSE-8'],
  ],
  judge(report) {
    return {
      answered(event) {
        const { client, door, expected, heard, isRight } = event;
        if (door === 'http' && !isRight)
          report(event, `client ${client} was answered ${heard} and not ${expected}`);
      },
    };
  },
};

/** What a node may close a WebSocket with, whatever its client did. */
const CLOSES: Readonly<Record<number, readonly string[]>> = {
  1001: ['going away'],
  1011: ['ping timeout'],
  1012: ['service restart'],
  1013: ['too slow'],
  4401: ['token expired'],
};

export const closeCodes: Invariant = {
  property: 'close-codes',
  requirements: [
    ...['WS-FRAME-2', 'WS-FRAME-3', 'WS-FRAME-5', 'WS-FRAME-6', 'WS-FRAME-7', 'WS-FRAME-8'],
    ...['WS-FRAME-9', 'WS-FRAME-10', 'BROKER-CLOSE-1', 'BROKER-CLOSE-2', 'BROKER-CLOSE-3'],
    ...['BROKER-CLOSE-4', 'BROKER-CLOSE-5'],
  ],
  judge(report) {
    const sockets = new Set<number>();
    /** By connection. */
    const broken = new Map<number, EventOf<'brokenSent'>>();
    const gone = new Set<number>();
    const dead = new Set<number>();
    const poisoned = new Set<number>();
    return {
      poisoned: ({ connection }) => poisoned.add(connection),
      connected({ connection, transport }) {
        if (transport === 'ws') sockets.add(connection);
      },
      brokenSent(event) {
        broken.set(event.connection, event);
      },
      closed(event) {
        const { client, connection, code, reason, by } = event;
        const sent = broken.get(connection);
        broken.delete(connection);
        if (!sockets.delete(connection) || by !== 'server') return;
        if (CLOSES[code]?.includes(reason) === true) return;
        if (code === 1011 && reason === 'internal error' && poisoned.has(connection)) return;
        if (sent === undefined)
          report(event, `client ${client} was closed with ${code} '${reason}' for nothing`);
        else if (sent.code !== undefined && !isOwed(sent, event))
          report(
            event,
            `client ${client} sent ${sent.what} and was closed with ${code} '${reason}', ` +
              `not with ${sent.code} '${sent.reason ?? ''}'`,
          );
      },
      left: ({ client }) => gone.add(client),
      nodeKilled: ({ node }) => dead.add(node),
      quiet(event) {
        for (const { client, node, code, what } of broken.values())
          if (code !== undefined && !gone.has(client) && !dead.has(node))
            report(event, `client ${client} was never closed for ${what}`);
      },
    };
  },
};

function isOwed(sent: EventOf<'brokenSent'>, { code, reason }: EventOf<'closed'>): boolean {
  return sent.code === code && (sent.reason === undefined || sent.reason === reason);
}

/** The first words on a WebSocket are the welcome, where one is set, and no other ones. */
export const welcome: Invariant = {
  property: 'welcome',
  requirements: ['BROKER-WS-1'],
  judge(report) {
    let options: BrokerTerms | undefined;
    const silent = new Map<number, EventOf<'connected'>>();
    return {
      began({ broker }) {
        options = broker;
      },
      connected(event) {
        if (event.transport === 'ws') silent.set(event.connection, event);
      },
      greeted(event) {
        silent.delete(event.connection);
        if (options === undefined || options.welcome === event.isWelcome) return;
        const what = options.welcome ? 'other words before its welcome' : 'a welcome, which is off';
        report(event, `client ${event.client} heard ${what}`);
      },
      closed: ({ connection }) => silent.delete(connection),
      nodeKilled({ node }) {
        for (const [connection, event] of silent)
          if (event.node === node) silent.delete(connection);
      },
      quiet(event) {
        if (options?.welcome !== true) return;
        for (const { client } of silent.values())
          report(event, `client ${client} was never welcomed`);
      },
    };
  },
};
