// Runs the cases of spec/vectors/ through the codecs, both ways where there are two: what is written is compared
// to the byte, and what was written is read again.

import { describe, expect, test } from 'vitest';

import {
  httpRequest,
  type HttpRequestMessage,
} from '../../../src/actors/broker/http-request.actor.ts';
import { brokerDefaults } from '../../../src/actors/broker/broker-options.ts';
import { readEventId } from '../../../src/actors/broker/sse-session.actor.ts';
import {
  encodeAckPublish,
  encodeAckSubscribe,
  encodeAckUnsubscribe,
  encodeError,
  encodeGap,
  encodeMessage,
  encodeTopicInfo,
  encodeTopics,
  encodeWelcome,
  readBrokerRequest,
  readWirePosition,
  writeWirePosition,
  type BrokerLimits,
  type WirePosition,
} from '../../../src/actors/codecs/broker.ts';
import { bytesWire } from '../../../src/actors/codecs/broker-wire.ts';
import { readJsonItems, readJsonObject } from '../../../src/actors/codecs/json-slice.ts';
import { parseControl } from '../../../src/actors/codecs/grip/control-message.ts';
import {
  closeContent,
  decodeWsEvents,
  encodeWsEvents,
  readCloseContent,
  type WsEventType,
} from '../../../src/actors/codecs/grip/ws-events.ts';
import { encodeComment, encodeEvent } from '../../../src/actors/codecs/sse.ts';
import {
  encodeClose,
  encodeFrame,
  frameRules,
  type FrameEvent,
  type FrameRules,
  type Opcode,
} from '../../../src/actors/codecs/websocket-frames.ts';
import { gripExtensionOf } from '../../../src/actors/gateway/ws/extension.ts';
import type { Context } from '../../../src/actors/runtime/actor.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import { actorsOf, edgesOf } from '../../../src/actors/node.ts';
import { hashText } from '../../../src/actors/runtime/prng.ts';
import { homeOf } from '../../../src/actors/routing/topic.ts';
import { WsStage } from '../gateway/ws/ws-stage.ts';
import {
  hexOf,
  inputOf,
  requirementsOf,
  rows,
  textOf,
  vectorsOf,
  type Case,
  type Input,
  type Text,
} from './vectors.ts';
import { bytesOf, joined, readByteByByte, readWhole } from './websocket-reading.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const textFrom = (bytes: Uint8Array): string => decoder.decode(bytes);

interface Publication {
  readonly topic: Text;
  readonly id: Text | null;
  readonly data: Text;
}

interface RequestCase extends Input {
  readonly ok?: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

interface PublicationsCase extends Input {
  readonly ok?: readonly Publication[];
  readonly error?: string;
}

interface FrameCase extends Case {
  readonly frame: keyof typeof frames;
  readonly of: never;
  readonly text: string;
}

interface PositionCase extends Case {
  readonly text: string;
  readonly ok?: WirePosition;
}

const broker = vectorsOf('broker.json') as {
  readonly limits: BrokerLimits;
  readonly requests: readonly RequestCase[];
  readonly publications: readonly PublicationsCase[];
  readonly frames: readonly FrameCase[];
  readonly positions: readonly PositionCase[];
};

/** How each frame is made from the members that a case gives. */
const frames = {
  info: () => encodeWelcome(),
  error: ({ message }: { message: string }) => encodeError(message),
  ack_subscribe: (of: { topic: string; place?: WirePosition & { recovered?: boolean } }) =>
    encodeAckSubscribe(of.topic, of.place),
  ack_unsubscribe: ({ topic }: { topic: string }) => encodeAckUnsubscribe(topic),
  ack_publish: (
    of: WirePosition & { topic: string; subscribers: number; id: string; duplicate: boolean },
  ) => encodeAckPublish(of.topic, of.subscribers, of),
  message: (of: WirePosition & { topic: string; id: string; data: string }) =>
    encodeMessage(of.topic, of, of.id, bytesOf(of.data)),
  topics: ({ topics }: { topics: [string, number][] }) => encodeTopics(topics),
  topic_info: (of: Parameters<typeof encodeTopicInfo>[0]) => encodeTopicInfo(of),
  gap: (of: { topic: string; epoch: string; from: number; to: number | null; reason: string }) =>
    encodeGap({ ...of, to: of.to ?? undefined }),
};

describe('broker.json', () => {
  test('the limits of the cases are the defaults', () => {
    expect(brokerDefaults).toMatchObject(broker.limits);
  });

  test('these requirements have cases', () => {
    const { requests, publications, frames: made, positions } = broker;
    expect(requirementsOf(requests, publications, made, positions)).toEqual([
      '[BROKER-DATA-1]',
      '[BROKER-ENV-1]',
      '[BROKER-FRAME-1]',
      '[BROKER-FRAME-2]',
      '[BROKER-FRAME-3]',
      '[BROKER-FRAME-4]',
      '[BROKER-FRAME-5]',
      '[BROKER-HTTP-1]',
      '[BROKER-HTTP-2]',
      '[BROKER-LIST-2]',
      '[BROKER-REQ-1]',
      '[BROKER-REQ-2]',
      '[BROKER-REQ-3]',
      '[BROKER-REQ-5]',
      '[BROKER-REQ-6]',
      '[BROKER-TOPIC-1]',
      '[BROKER-TOPIC-2]',
      '[BROKER-WS-1]',
      '[BROKER-WS-2]',
      '[JSON-1]',
      '[JSON-2]',
      '[JSON-3]',
      '[SSE-5]',
    ]);
  });

  test.each(rows(broker.requests))('requests: %s', (_, one) => {
    const read = readBrokerRequest(inputOf(one), broker.limits);
    if (one.ok === undefined) expect(read).toEqual({ ok: false, message: one.error });
    else expect(read.ok && seen(read.value)).toEqual(joinedTexts(one.ok));
  });

  test.each(rows(broker.publications))('publications: %s', (_, one) => {
    const { published, answers } = post(inputOf(one));
    if (one.ok === undefined) {
      expect(published).toEqual([]);
      expect(answers).toEqual([{ status: 400, body: `${JSON.stringify({ error: one.error })}\n` }]);
    } else {
      expect(published).toEqual(
        one.ok.map((item) => ({ ...item, topic: `broker/${textOf(item.topic)}` })),
      );
      expect(answers).toEqual(one.ok.length === 0 ? [{ status: 200, body: '[]\n' }] : []);
    }
  });

  test.each(rows(broker.frames))('frames: %s', (_, { frame, of, text }) => {
    expect(textFrom(frames[frame](of))).toBe(text);
    // And every client reads it: with the members in that order, and the type that it is called by.
    expect(JSON.parse(text)).toMatchObject({ type: frame });
  });

  test('[BROKER-FRAME-1] every kind of frame has a case', () => {
    expect(new Set(broker.frames.map(({ frame }) => frame))).toEqual(new Set(Object.keys(frames)));
  });

  test.each(rows(broker.positions))('positions: %s', (_, { text, ok }) => {
    expect(readWirePosition(text)).toEqual(ok);
    if (ok !== undefined) expect(writeWirePosition(ok)).toBe(text);
  });
});

interface ObjectCase extends Input {
  readonly depthMax?: number;
  readonly ok?: Readonly<Record<string, Text | null>>;
  readonly error?: string;
}

interface DocumentCase extends Input {
  readonly depthMax?: number;
  readonly ok?: { readonly isList: boolean; readonly items?: readonly string[] };
  readonly error?: string;
}

const json = vectorsOf('json-slice.json') as {
  readonly limits: { readonly depthMax: number };
  readonly objects: readonly ObjectCase[];
  readonly documents: readonly DocumentCase[];
};

describe('json-slice.json', () => {
  test('these requirements have cases', () => {
    const ids = ['[JSON-1]', '[JSON-2]', '[JSON-3]'];
    expect(requirementsOf(json.objects, json.documents)).toEqual(ids);
  });

  test.each(rows(json.objects))('objects: %s', (_, one) => {
    const read = readJsonObject(inputOf(one), { ...json.limits, ...depthOf(one) });
    if (one.ok === undefined || !read.ok) {
      expect(read.ok ? read.value : read.mistake.code).toBe(one.error);
      return;
    }
    for (const [key, text] of Object.entries(one.ok)) {
      const slice = read.slice(key);
      expect(slice && textFrom(slice)).toBe(text === null ? undefined : textOf(text));
      // A slice is a document of its own, and says what the member says.
      if (slice !== undefined) expect(JSON.parse(textFrom(slice))).toEqual(read.value[key]);
    }
  });

  test.each(rows(json.documents))('documents: %s', (_, one) => {
    const bytes = inputOf(one);
    const read = readJsonItems(bytes, { ...json.limits, ...depthOf(one) });
    if (one.ok === undefined || !read.ok) {
      expect(read.ok ? read.items : read.mistake.code).toBe(one.error);
      return;
    }
    expect(read.isList).toBe(one.ok.isList);
    expect(read.items.map(textFrom)).toEqual(one.ok.items ?? [textFrom(bytes)]);
    expect(read.count).toBe(read.items.length);
    const shorter = readJsonItems(bytes, { ...json.limits, ...depthOf(one) }, read.count - 1);
    expect(shorter).toMatchObject({ count: read.count, items: read.isList ? [] : [bytes] });
  });
});

interface EventFields {
  readonly id?: string;
  readonly event?: string;
  readonly retry?: number;
  readonly data: string;
}

const sse = vectorsOf('sse.json') as {
  readonly events: readonly (Case & {
    readonly event: EventFields;
    readonly text: string;
    readonly read: EventFields;
  })[];
  readonly comments: readonly (Case & { readonly comment: string; readonly text: string })[];
  readonly eventIds: readonly (Case & {
    readonly text: string;
    readonly topics: number;
    readonly ok?: readonly (WirePosition | null)[];
  })[];
};

describe('sse.json', () => {
  test('these requirements have cases', () => {
    const { events, comments, eventIds } = sse;
    const ids = ['[SSE-1]', '[SSE-2]', '[SSE-5]', '[SSE-6]', '[SSE-7]'];
    expect(requirementsOf(events, comments, eventIds)).toEqual(ids);
  });

  test.each(rows(sse.events))('events: %s', (_, { event, text, read }) => {
    expect(textFrom(encodeEvent({ ...event, data: bytesOf(event.data) }))).toBe(text);
    expect(readEvents(text)).toEqual([read]);
    // A stream goes on behind it, and what stood before it does not leak into it.
    expect(readEvents(`${text}: between\n\n${text}`)).toEqual([read, read]);
  });

  test.each(rows(sse.comments))('comments: %s', (_, { comment, text }) => {
    expect(textFrom(encodeComment(comment))).toBe(text);
    expect(readEvents(text)).toEqual([]);
  });

  test.each(rows(sse.eventIds))('event ids: %s', (_, { text, topics, ok }) => {
    expect(readEventId(text, topics)).toEqual(ok?.map((place) => place ?? undefined));
    const written = ok?.map((place) => (place === null ? '-' : writeWirePosition(place)));
    if (written !== undefined) expect(written.join(',')).toBe(text);
  });
});

interface Body {
  readonly text?: Text | undefined;
  readonly hex?: Text | undefined;
}

interface FrameToWrite extends Body {
  readonly opcode: Opcode;
  readonly fin?: boolean;
  readonly rsv1?: boolean;
  readonly mask?: string;
}

interface StreamCase extends Case {
  readonly role: FrameRules['role'];
  readonly rules?: Partial<FrameRules>;
  readonly hex: Text;
  readonly frames?: readonly FrameToWrite[];
  readonly events: readonly (Body & { readonly type: FrameEvent['type'] })[];
}

interface CloseCase extends Case {
  readonly code: number;
  readonly reason: Text;
  readonly hex: Text;
}

const websocket = vectorsOf('websocket-frames.json') as {
  readonly streams: readonly StreamCase[];
  readonly closes: readonly CloseCase[];
};

describe('websocket-frames.json', () => {
  test('these requirements have cases', () => {
    expect(requirementsOf(websocket.streams, websocket.closes)).toEqual([
      '[WS-FRAME-10]',
      '[WS-FRAME-1]',
      '[WS-FRAME-2]',
      '[WS-FRAME-3]',
      '[WS-FRAME-4]',
      '[WS-FRAME-5]',
      '[WS-FRAME-6]',
      '[WS-FRAME-7]',
      '[WS-FRAME-8]',
      '[WS-FRAME-9]',
    ]);
  });

  test.each(rows(websocket.streams))('streams: %s', (_, one) => {
    const bytes = hexOf(one.hex);
    const rules = frameRules(one.role, one.rules);
    const events = one.events.map(eventOf);
    expect(readWhole(bytes, rules)).toEqual(events);
    expect(readByteByByte(bytes, rules)).toEqual(events);
    const made = one.frames?.map(({ opcode, mask, text, hex, ...options }) =>
      encodeFrame(opcode, bodyOf({ text, hex }), {
        ...options,
        ...(mask === undefined ? {} : { mask: hexOf(mask) }),
      }),
    );
    if (made !== undefined) expect(joined(...made)).toEqual(bytes);
  });

  test.each(rows(websocket.closes))('closes: %s', (_, { code, reason, hex }) => {
    expect(encodeClose(code, textOf(reason))).toEqual(hexOf(hex));
  });
});

describe('topics.json', () => {
  const { topics } = vectorsOf('topics.json') as {
    readonly topics: readonly {
      readonly topic: Text;
      readonly hash: number;
      readonly home: Readonly<Record<string, number>>;
    }[];
  };

  test.each(topics.map((one) => [textOf(one.topic), one] as const))(
    '[SHARD-1] the home of %.40s',
    (topic, { hash, home }) => {
      expect(hashText(topic, 0)).toBe(hash);
      const found = Object.keys(home).map((shards) => [shards, homeOf(topic, Number(shards))]);
      expect(Object.fromEntries(found)).toEqual(home);
    },
  );
});

/** A request with its data as text and what was not there as null, as the vectors write it. */
function seen(value: object): object {
  const shown = Object.entries(value).map(([key, member]) => [
    key,
    member instanceof Uint8Array ? textFrom(member) : (member ?? null),
  ]);
  return Object.fromEntries(shown);
}

function joinedTexts(expected: Readonly<Record<string, unknown>>): object {
  const shown = Object.entries(expected).map(([key, member]) => [
    key,
    Array.isArray(member) ? textOf(member as Text) : member,
  ]);
  return Object.fromEntries(shown);
}

/** One `POST /publish` in an actor: what it publishes in its first turn, and what it answers. */
function post(body: Uint8Array): { readonly published: object[]; readonly answers: object[] } {
  const published: object[] = [];
  const answers: object[] = [];
  const context: Context<HttpRequestMessage> = {
    self: addressOf(0, 'broker/http:1'),
    now: 0,
    wallMs: 0,
    random: () => 0,
    send: (_, message: unknown) => {
      const said = message as Readonly<Record<string, unknown>>;
      if (said['type'] === 'publish') {
        const { topic, id = null, data } = said;
        published.push({ topic, id, data: textFrom(data as Uint8Array) });
      } else answers.push({ status: said['status'], body: said['body'] });
    },
    spawn: () => addressOf(0, 'none'),
    stop: () => undefined,
    after: () => undefined,
    cancel: () => undefined,
    count: () => undefined,
  };
  const options = { ...brokerDefaults, ...broker.limits };
  const door = { options, edges: edgesOf(0), router: actorsOf(0).router, wire: bytesWire };
  const head = { door: 'broker', query: '', headers: {}, remote: '192.0.2.1' };
  const request = { ...head, type: 'requestReceived', method: 'POST', path: '/publish' } as const;
  httpRequest.start({ door, request: { ...request, connection: 1, body } }, context);
  return { published, answers };
}

function depthOf({ depthMax }: { readonly depthMax?: number }): { depthMax?: number } {
  return depthMax === undefined ? {} : { depthMax };
}

function bodyOf({ text, hex }: Body): Uint8Array {
  return hex === undefined ? bytesOf(textOf(text ?? '')) : hexOf(hex);
}

function eventOf(event: StreamCase['events'][number]): unknown {
  const { type, text, hex, ...more } = event;
  if (type === 'message')
    return { compressed: false, ...more, type, payload: bodyOf({ text, hex }) };
  if (type === 'ping' || type === 'pong') return { type, payload: bodyOf({ text, hex }) };
  return 'reason' in more
    ? { type, ...more, reason: textOf(more.reason as Text) }
    : { type, ...more };
}

/** A reader of event streams as the HTML standard interprets them, for streams that are whole. */
function readEvents(stream: string): EventFields[] {
  const events: EventFields[] = [];
  let data: string[] = [];
  let fields: { id?: string; event?: string; retry?: number } = {};
  for (const line of stream.split(/\r\n|\r|\n/)) {
    if (line === '') {
      if (data.length > 0) events.push({ ...fields, data: data.join('\n') });
      data = [];
      fields = {};
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    else if (name === 'event') fields.event = value;
    else if (name === 'id' && !value.includes('\0')) fields.id = value;
    else if (name === 'retry' && /^[0-9]+$/.test(value)) fields.retry = Number(value);
  }
  return events;
}

interface EventContent {
  readonly text?: Text;
  readonly hex?: Text;
}

type WsEventOfCase = EventContent & { readonly type: WsEventType };

interface EventsCase extends Case, EventContent {
  readonly ok?: readonly WsEventOfCase[];
  readonly error?: string;
}

interface InstructionOfCase extends EventContent {
  readonly type: string;
  readonly messageType?: string;
  readonly timeoutSeconds?: number;
  readonly [member: string]: unknown;
}

const wsEvents = vectorsOf('ws-events.json') as {
  readonly events: readonly EventsCase[];
  readonly readEvents: readonly EventsCase[];
  readonly closes: readonly (Case & {
    readonly hex: string;
    readonly ok: { readonly code: number; readonly reason: string } | null;
  })[];
  readonly extensions: readonly (Case & {
    readonly header: string;
    readonly ok: { readonly prefix: string } | null;
  })[];
  readonly messages: readonly (Case & {
    readonly prefix: string;
    readonly type: 'TEXT' | 'BINARY';
    readonly text: string;
    readonly ok: { readonly message?: string; readonly control?: string } | null;
  })[];
  readonly instructions: readonly (Case & {
    readonly text: string;
    readonly ok: InstructionOfCase | null;
  })[];
};

describe('ws-events.json', () => {
  const contentOf = ({ text, hex }: EventContent): Uint8Array =>
    hex === undefined ? bytesOf(textOf(text ?? '')) : hexOf(hex);
  const readingOf = (bytes: Uint8Array) => {
    const reading = decodeWsEvents(bytes);
    return reading.ok
      ? reading.events.map(({ type, content }) => ({ type, content: [...(content ?? [])] }))
      : reading.mistake.message;
  };
  const expected = (events: readonly WsEventOfCase[] | undefined) =>
    events?.map((event) => ({ type: event.type, content: [...contentOf(event)] }));
  const mistakes: Readonly<Record<string, string>> = {
    'unfinished line': 'an event line does not end in CR LF',
    'bad length': 'a content length is not a hexadecimal number',
  };

  test('these requirements have cases', () => {
    const { events, readEvents: read, closes, extensions, messages, instructions } = wsEvents;
    expect(requirementsOf(events, read, closes, extensions, messages, instructions)).toEqual([
      ...[1, 2, 3, 4, 5, 6].map((id) => `[WOH-EVENT-${id}]`),
      // By letters: a bracket comes after the digits.
      ...[10, 11, 12, 13, 1, 2, 3, 4, 5, 6, 8, 9].map((id) => `[WOH-GRIP-${id}]`),
      '[WOH-REQ-3]',
    ]);
  });

  test.each(rows(wsEvents.events))('events: %s', (_, one) => {
    const bytes = contentOf(one);
    expect(readingOf(bytes)).toEqual(expected(one.ok));
    const events = (one.ok ?? []).map((event) => ({ type: event.type, content: contentOf(event) }));
    expect([...encodeWsEvents(events)]).toEqual([...bytes]);
  });

  test.each(rows(wsEvents.readEvents))('read: %s', (_, one) => {
    expect(readingOf(contentOf(one))).toEqual(expected(one.ok) ?? mistakes[one.error ?? '']);
  });

  test.each(rows(wsEvents.closes))('closes: %s', (_, { hex, ok }) => {
    const bytes = hexOf(hex);
    expect(readCloseContent(bytes)).toEqual(ok ?? { code: undefined, reason: '' });
    if (ok !== null) expect([...(closeContent(ok.code, ok.reason) ?? [])]).toEqual([...bytes]);
  });

  test.each(rows(wsEvents.extensions))('extensions: %s', (_, { header, ok }) => {
    const found = gripExtensionOf([['Sec-WebSocket-Extensions', header]]);
    expect(found && textFrom(found.messagePrefix)).toBe(ok?.prefix);
  });

  test.each(rows(wsEvents.messages))('messages: %s', (_, { prefix, type, text, ok }) => {
    const extension = `grip; message-prefix="${prefix}"`;
    const stage = new WsStage().accept([[type, text]], [['Sec-WebSocket-Extensions', extension]]);
    const heard = ok?.message === undefined ? [] : [`${type.toLowerCase()} ${ok.message}`];
    expect(stage.seen).toEqual(heard);
    // None of the contents is an instruction that does anything: they are counted, each as what it is.
    const isControl = ok?.control !== undefined;
    expect(stage.counted('gateway.ws.control.ignored')).toBe(isControl ? 1 : 0);
    expect(stage.counted('gateway.ws.messages.unprefixed')).toBe(ok === null ? 1 : 0);
  });

  test.each(rows(wsEvents.instructions))('instructions: %s', (_, { text, ok }) => {
    const control: Readonly<Record<string, unknown>> | undefined = parseControl(text);
    if (ok === null) {
      expect(control).toBeUndefined();
      return;
    }
    const { messageType, timeoutSeconds, text: words, hex, ...members } = ok;
    const hasContent = words !== undefined || hex !== undefined;
    expect(control).toMatchObject({
      // What is not there is null in the file.
      ...Object.fromEntries(
        Object.entries(members).map(([name, value]) => [name, value ?? undefined]),
      ),
      ...(messageType === undefined ? {} : { kind: messageType }),
      ...(timeoutSeconds === undefined ? {} : { timeoutMs: timeoutSeconds * 1_000 }),
      ...(hasContent ? { content: contentOf(ok) } : {}),
    });
    if (ok.type === 'keep-alive' && !hasContent) expect(control?.['content']).toBeUndefined();
  });
});
