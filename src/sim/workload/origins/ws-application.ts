// The application's side of WebSockets over HTTP: it opens them, has them follow a channel, takes what its clients say
// as far as it likes, and sends each word back. It knows its connections by their Connection-Id alone.
// Refuses to know how often it is asked. Its events are written from the protocol's text.

import type { Prng } from '../../../actors/runtime/prng.ts';
import {
  decodeWsEvents,
  encodeWsEvents,
  type WsEvent,
} from '../../../actors/codecs/grip/ws-events.ts';
import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { AskedOrigin } from '../../edges/gateway.edge.ts';
import type { Trace } from '../../trace.ts';
import type { OriginAnswer, Question } from './application.ts';
import { echoWords, filterOf, followingWords } from './ws-words.ts';

export class WsApplication {
  readonly #trace: Trace;
  /** By connection: bytes of words that it was offered, and has not taken. */
  readonly #left = new Map<number, number>();
  /** [WOH-KEEP-2] Connections that have spoken, and whose origin wants to hear of nothing else from then on. */
  readonly #heard = new Set<number>();

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  answer(asked: AskedOrigin, question: Question, chance: Prng): OriginAnswer {
    const reading = decodeWsEvents(asked.body);
    const events = reading.ok ? reading.events : [];
    const said: WsEvent[] = [];
    const isOpening = events[0]?.type === 'OPEN';
    if (isOpening) {
      said.push({ type: 'OPEN', content: undefined });
      const { client, channels } = question;
      for (const words of followingWords(client, channels, filterOf(question)))
        said.push(text(words));
    }
    const { connection } = question;
    const hasSpoken = events.some(({ type }) => type === 'TEXT');
    if (hasSpoken && isContentWithWords(question)) this.#heard.add(connection);
    const intervalS = this.#heard.has(connection) ? 0 : intervalOf(question);
    const accepted = this.#take(events, question, {
      replayedBytes: replayedIn(asked),
      intervalS,
      chance,
      said,
    });
    const partial =
      accepted === undefined ? [] : [['Content-Bytes-Accepted', String(accepted)] as const];
    return {
      status: 200,
      headers: [
        ['Content-Type', 'application/websocket-events'],
        ...(isOpening ? [['Sec-WebSocket-Extensions', 'grip'] as const] : []),
        ...(isOpening || !isToldOnce(question)
          ? [['Keep-Alive-Interval', String(intervalS)] as const]
          : []),
        ...partial,
      ],
      body: encodeWsEvents(said),
    };
  }

  /** Undefined: it takes all of it. */
  #take(
    events: readonly WsEvent[],
    question: Question,
    how: {
      readonly replayedBytes: number;
      readonly intervalS: number;
      readonly chance: Prng;
      readonly said: WsEvent[];
    },
  ): number | undefined {
    const { node, client, connection, flags } = question;
    const { replayedBytes, intervalS, chance, said } = how;
    const at = { node, client, connection };
    const words = events.filter(({ type }) => type === 'TEXT');
    const isPartial = words.length > 1 && chance.below(4) === 0;
    const offered = words.reduce((sum, { content }) => sum + (content?.byteLength ?? 0), 0);
    // [WOH-REQ-9] Whoever takes nothing while more waits than may be asked at once gets no further.
    const least = offered > MUCH_BYTES ? 1 : 0;
    const taken = isPartial ? least + chance.below(words.length - least) : words.length;
    let bytes = 0;
    for (const { content = new Uint8Array(0) } of words.slice(0, taken)) {
      bytes += content.byteLength;
      const word = Number(decoder.decode(content));
      this.#trace.add({ kind: 'wordTaken', word, ...at });
      for (const line of echoWords(word)) said.push(text(line));
    }
    const knownBytes = this.#left.get(connection) ?? 0;
    const asked = { events: events.length, bytes: offered, isOneByOne: flags.has('one') };
    this.#trace.add({
      kind: 'wordsAnswered',
      isPartial,
      replayedBytes,
      knownBytes,
      intervalS,
      ...asked,
      ...at,
    });
    // Whoever asks may not have heard the answer, and says again what it said before.
    this.#left.set(connection, Math.max(offered - bytes, replayedBytes));
    if (isPartial) return bytes;
    for (const { type, content } of events) {
      if (type === 'DISCONNECT' || type === 'CLOSE')
        this.#trace.add({ kind: 'partingTaken', ...at });
      if (type === 'CLOSE') said.push({ type: 'CLOSE', content });
    }
    return undefined;
  }
}

/** [WOH-KEEP-2] Some origins want to be asked for a client's words alone; seconds. */
function intervalOf({ connection }: Question): number {
  return connection % 3 === 0 ? 0 : 20;
}

/** [WOH-KEEP-2] What was told once holds until something else is told. */
function isToldOnce({ connection }: Question): boolean {
  return connection % 3 === 1;
}

/** [WOH-KEEP-2] Once its client has said something it wants to be asked no more; it says so each time. */
function isContentWithWords({ connection }: Question): boolean {
  return connection % 6 === 2;
}

function replayedIn({ headers }: AskedOrigin): number {
  const [, bytes = '0'] =
    headers.find(([name]) => name.toLowerCase() === 'content-bytes-replayed') ?? [];
  return Number(bytes);
}

function text(words: string): WsEvent {
  return { type: 'TEXT', content: encodeText(words) };
}

/** More might not fit into one request. */
const MUCH_BYTES = 100_000;
const decoder = new TextDecoder();
