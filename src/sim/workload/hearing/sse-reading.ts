// A client that follows topics as an event stream: asks with a query, resumes with `Last-Event-ID`, and turns events
// into words. Refuses to know bytes and connections.

import type { Payload } from '../../../actors/runtime/edges.ts';
import type { WireHead } from '../../edges/doors/heads.ts';
import { ObjectPayload } from '../../edges/object-payload.ts';
import type { EventWord } from '../../edges/object-wire.ts';
import type { TracePosition } from '../../trace.ts';
import type { Client } from '../client.ts';
import { corsOf } from '../asking/door.ts';
import { EventIds } from './event-ids.ts';
import { EventStream, shapes } from './event-stream.ts';
import { type Wire, writtenStart } from './rewriting.ts';
import type { Word } from './words.ts';

export class SseReading {
  readonly #client: Client;
  #stream: EventStream;
  #ids: EventIds;
  /** What the connection was opened with. */
  #asked = '';
  #lastId = '';
  /** That it heard first: it stands in its address from then on, and what it heard last goes before it. */
  #firstId = '';
  /** Times that it has asked. */
  #heads = 0;

  constructor(client: Client) {
    this.#client = client;
    this.#stream = this.#newStream();
    this.#ids = this.#newIds();
  }

  head(): WireHead {
    const { plan } = this.#client;
    const topics = plan.topics.map((topic) => `topic=${encodeURIComponent(topic)}`).join('&');
    this.#asked = plan.recovers ? this.#lastId : '';
    this.#heads += 1;
    const odd = this.#asked === '' ? undefined : oddId(this.#asked, plan.client + this.#heads);
    if (odd !== undefined) this.#asked = odd.understood;
    // [SSE-6]
    const isPlaced = plan.client % 2 === 0;
    const since = isPlaced && this.#asked !== '' ? `&since=${this.#firstId}` : '';
    const id = odd?.id ?? this.#asked;
    const isTold = this.#asked !== '' && since !== `&since=${id}`;
    const resume = isTold ? { 'last-event-id': id } : {};
    const headers = { accept: 'text/event-stream', ...resume };
    return {
      method: 'GET',
      path: '/sse',
      query: `${topics}&envelope=${plan.envelope ? 'true' : '0'}${since}`,
      headers,
    };
  }

  begin(): void {
    this.#stream = this.#newStream();
    this.#ids = this.#newIds();
    this.#stream.lastId = this.#lastId;
  }

  /** The answer to its request, as "Event streams" and [BROKER-CORS-1] have it. */
  begun(headers: Readonly<Record<string, string>>): void {
    const expected: Readonly<Record<string, string>> = { ...STREAM_HEAD, ...corsOf(this.#client) };
    for (const name of [...Object.keys(STREAM_HEAD), ...CORS_NAMES])
      if (headers[name] !== expected[name])
        this.#client.unexpected(`a stream with ${name}: ${headers[name]} for ${expected[name]}`);
  }

  hear(payload: Uint8Array | ObjectPayload): void {
    if (payload instanceof ObjectPayload) this.#hearValue(payload.value as EventWord);
    else
      this.#stream.decode(
        payload,
        (event) => {
          const { name, data, shape, retry } = event;
          const isStart = name === 'subscribed';
          const right = isStart || name === 'message' ? shapes[name] : shapes.named;
          if (shape !== right || (isStart && retry !== this.#client.world.options.sseRetryMs))
            this.#misread(`${name} ${shape.toString(8)} ${retry}: ${decoder.decode(data)}`);
          this.#receive(event);
        },
        () => this.#client.pinged(),
      );
  }

  #hearValue(event: EventWord): void {
    if (event.type === 'comment') {
      this.#client.pinged();
      return;
    }
    const { name, data, id = this.#lastId } = event;
    this.#receive({ name, data, lastId: id });
  }

  #receive({ name, data, lastId }: Received): void {
    const client = this.#client;
    this.#lastId = lastId;
    if (this.#firstId === '') this.#firstId = lastId;
    if (name === 'subscribed') this.#subscribed(decoder.decode(data as Uint8Array), lastId);
    else if (name === 'refused') this.#refused(decoder.decode(data as Uint8Array));
    else if (name === 'gap') client.answers.hear(this.#read(data));
    else if (name === 'message') {
      const word = this.#read(data);
      if (word.type !== 'message') {
        client.answers.hear(word);
        return;
      }
      const wrong = this.#ids.next(lastId, word.topic ?? word.said.topic, word.position);
      if (wrong !== undefined) this.#misread(wrong);
      // [BROKER-ENV-1] Every topic of a stream is told as its address says.
      if ((word.topic !== undefined) !== client.plan.envelope)
        this.#misread(
          `a publication of '${word.said.topic}' ${word.topic ? 'in' : 'without'} an envelope`,
        );
      if (word.topic !== undefined) client.answers.hear(word);
      else {
        const { topic } = word.said;
        client.answers.hear({ ...word, topic, position: this.#placeOf(topic, lastId) });
      }
    } else client.unexpected(`an event called ${name}`);
  }

  #read(data: Payload): Word {
    if (data instanceof ObjectPayload) return data.value as Word;
    const { words, hash } = this.#client.world;
    const word = words.read(data as Uint8Array);
    hash.named(words.name);
    return word;
  }

  #refused(data: string): void {
    const client = this.#client;
    const { topic, error } = parse(data) as { topic: string; error: string };
    client.world.trace.add({ ...client.at(), kind: 'refused', asked: 'subscribe', topic, error });
  }

  #subscribed(data: string, id: string): void {
    const client = this.#client;
    const wire = parse(data);
    const correction = writtenStart(wire);
    if (data !== correction) this.#client.misworded(data, correction);
    const { topic = '', epoch, offset, recovered } = wire;
    const wrong = this.#ids.begin(id);
    if (wrong !== undefined) this.#misread(wrong);
    const since = this.#asked === '' ? undefined : this.#placeOf(topic, this.#asked);
    const { envelope } = client.plan;
    const position = { epoch: epoch ?? '', offset: offset ?? -1 };
    // [SSE-4] Until what was missed has come, the client stands where it said.
    const stands = recovered === true ? since : position;
    const told = this.#placeOf(topic, id);
    if (told?.epoch !== stands?.epoch || told?.offset !== stands?.offset)
      this.#misread(`the first words of '${topic}' have the id '${id}' for ${data}`);
    client.world.trace.add({
      ...client.at(),
      kind: 'subscribed',
      topic,
      since,
      envelope,
      position,
      recovered,
      following: client.follow(topic),
    });
  }

  #newStream(): EventStream {
    return new EventStream(this.#client.arena, (line) => this.#misread(line));
  }

  #newIds(): EventIds {
    const { plan, world } = this.#client;
    return new EventIds(plan.topics, world.options.slowPolicy === 'disconnect');
  }

  #misread(line: string): void {
    this.#client.misworded(line, 'an event as the spec shows it');
  }

  /** The id tells a place for each topic, in the order asked for. */
  #placeOf(topic: string, id: string): TracePosition | undefined {
    const part = id.split(',')[this.#client.plan.topics.indexOf(topic)];
    if (part === undefined || part === '-') return undefined;
    const [epoch = '', offset = ''] = part.split(':');
    return { epoch, offset: Number(offset) };
  }
}

/** [SSE-6] Some come back with an id of which one place is unknown, or that cannot be read at all. */
function oddId(
  id: string,
  turn: number,
): { readonly id: string; readonly understood: string } | undefined {
  const parts = id.split(',');
  const isPartly = turn % 4 === 1 && parts.length > 1;
  if (isPartly) {
    const own = turn % parts.length;
    const partly = parts.map((part, index) => (index === own ? '-' : part)).join(',');
    return { id: partly, understood: partly };
  }
  if (turn % 8 !== 3) return undefined;
  const [first = '', ...others] = parts;
  const unreadable = [
    `${id},${first}`,
    [...others, `${first.split(':')[0]}:`].join(','),
    [`${first}x`, ...others].join(','),
    [`-${first}`, ...others].join(','),
    [first.replace(':', ':0'), ...others].join(','),
    'nonsense',
  ];
  return {
    id: unreadable[(turn >> 3) % unreadable.length] ?? '',
    understood: parts.map(() => NO_PLACE).join(','),
  };
}

/** Of an epoch that never was. */
const NO_PLACE = '0:0';

interface Received {
  readonly name: string;
  readonly data: Payload;
  readonly lastId: string;
}

function parse(text: string): Wire {
  try {
    return JSON.parse(text) as Wire;
  } catch {
    return {};
  }
}

const STREAM_HEAD = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const;
const CORS_NAMES = ['access-control-allow-origin', 'vary'] as const;

const decoder = new TextDecoder();
