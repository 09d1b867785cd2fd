// A client's questions and the answers it gets: every request is noted, every answer must be to the oldest question
// still open, and what the server says of its own accord is told apart. Records all of it in the trace.
// Refuses to know frames and connections.

import { nameBytes } from '../trace-hash.ts';
import type { TracePosition } from '../trace.ts';
import type { Client } from './client.ts';
import { writeData } from './payload.ts';
import type { Word } from './words.ts';

type Question =
  | {
      readonly type: 'subscribe';
      readonly topic: string;
      readonly since: TracePosition | undefined;
      readonly envelope: boolean;
      readonly cause: number;
    }
  | { readonly type: 'unsubscribe'; readonly topic: string; readonly cause: number }
  | {
      readonly type: 'publish';
      readonly topic: string;
      readonly sequence: number;
      readonly cause: number;
    }
  | { readonly type: 'listing'; readonly cause: number };

type Publish = Extract<Question, { readonly type: 'publish' }>;

export class Answers {
  readonly #client: Client;
  #open: Question[] = [];
  /** What was sent with an id and never acknowledged: to be sent again when the client is back. */
  #unsure: number[] = [];
  /** Publications of the HTTP exchange that is under way. */
  #posted: Publish[] = [];

  constructor(client: Client) {
    this.#client = client;
  }

  get openCount(): number {
    return this.#open.length;
  }

  begin(): void {
    this.#open = [];
  }

  /** The connection is gone: publications without an answer may or may not have been made. */
  ended(): void {
    for (const question of this.#open) this.#doubt(question);
    for (const question of this.#posted) this.#doubt(question);
    this.#open = [];
    this.#posted = [];
  }

  subscribeAll(): void {
    const { plan } = this.#client;
    for (const topic of plan.topics) this.subscribe(topic);
    for (const sequence of this.#unsure.splice(0)) this.publishAgain(sequence);
  }

  subscribe(topic: string): void {
    const { plan, places, world } = this.#client;
    const { envelope } = plan;
    const since = envelope && plan.recovers ? places.get(topic) : undefined;
    const cause = world.trace.add({
      kind: 'subscribeSent',
      topic,
      since,
      envelope,
      ...this.#client.at(),
    });
    this.#open.push({ type: 'subscribe', topic, since, envelope, cause });
    const extras = envelope ? { envelope, since } : {};
    this.#client.sayText(JSON.stringify({ type: 'subscribe', topic, ...extras }));
  }

  unsubscribe(topic: string): void {
    const cause = this.#client.world.trace.add({
      kind: 'unsubscribeSent',
      topic,
      ...this.#client.at(),
    });
    this.#open.push({ type: 'unsubscribe', topic, cause });
    this.#client.sayText(JSON.stringify({ type: 'unsubscribe', topic }));
  }

  ask(type: 'list_topics' | 'topic_info', topic: string): void {
    this.#open.push({ type: 'listing', cause: -1 });
    this.#client.sayText(JSON.stringify(type === 'list_topics' ? { type } : { type, topic }));
  }

  publish(topic: string, isAcked: boolean): void {
    const question = this.#compose(topic, 'ws');
    if (isAcked) this.#open.push(question);
    const { id, data } = this.#published(question);
    const text = `{"topic":${JSON.stringify(topic)},${id === undefined ? '' : `"id":"${id}",`}${isAcked ? '"ack":true,' : ''}"data":${data}}`;
    this.#client.sayText(text);
    if (id !== undefined && this.#client.chance.chance(1, 10)) this.publishAgain(question.sequence);
  }

  /** The same publication under the same id. */
  publishAgain(sequence: number): void {
    const { plan, world } = this.#client;
    const published = world.ledger.get(plan.client, sequence);
    if (published?.id === undefined) return;
    const { topic, id, data } = published;
    const bytesName = nameBytes(encoder.encode(data));
    const said = { topic, id, publisher: plan.client, sequence, bytesName, isRepeat: true };
    const cause = world.trace.add(
      { kind: 'publishSent', ...said, ...this.#client.at() },
      published.sent,
    );
    this.#open.push({ type: 'publish', topic, sequence, cause });
    this.#client.sayText(
      `{"topic":${JSON.stringify(topic)},"id":"${id}","ack":true,"data":${data}}`,
    );
  }

  /** One POST with several publications. */
  post(topics: readonly string[]): void {
    if (this.#posted.length > 0 || topics.length === 0 || this.#client.connection !== undefined)
      return;
    const posted = topics.map((topic) => this.#compose(topic, 'post'));
    const items = posted.map((question) => {
      const { topic, id, data } = this.#published(question);
      return `{"topic":${JSON.stringify(topic)},${id === undefined ? '' : `"id":"${id}",`}"data":${data}}`;
    });
    const body = encoder.encode(items.length === 1 ? items[0] : `[ ${items.join(' ,\n')} ]`);
    const headers = { ...this.#client.headers(), 'content-type': 'application/json' };
    this.#client.exchange({
      word: 'request',
      head: { method: 'POST', path: '/publish', query: '', headers },
      body,
    });
    // A refused connection leaves nothing to wait for.
    if (this.#client.connection !== undefined) this.#posted = posted;
    else for (const question of posted) this.#fail(question, 'refused');
  }

  hearResponse(status: number, body: string): void {
    const posted = this.#posted;
    this.#posted = [];
    let results: unknown;
    try {
      results = JSON.parse(body);
    } catch {
      this.#client.unexpected(`not JSON: ${body}`);
      return;
    }
    const list = (Array.isArray(results) ? results : [results]) as readonly Record<
      string,
      unknown
    >[];
    if (list.length !== posted.length || (status !== 200 && status !== 503)) {
      this.#client.unexpected(
        `${status} with ${list.length} results for ${posted.length}: ${body}`,
      );
      return;
    }
    for (const [index, question] of posted.entries()) {
      const { epoch, offset, duplicate } = list[index] as {
        epoch?: string;
        offset?: number;
        duplicate?: boolean;
      };
      if (epoch === undefined || offset === undefined) this.#fail(question, 'unknown');
      else this.#acked(question, { epoch, offset }, duplicate === true);
    }
  }

  hear(word: Word): void {
    if (word.type === 'message') this.#message(word);
    else if (word.type === 'gap') this.#gap(word);
    else if (word.type === 'error') this.#error(word.message);
    else if (word.type === 'unreadable') this.#client.unexpected(`unreadable: ${word.text}`);
    else if (word.type !== 'info') this.#answer(word);
  }

  #message({
    topic,
    position,
    said,
    bytesName,
    id,
  }: Extract<Word, { readonly type: 'message' }>): void {
    const client = this.#client;
    const { trace, ledger } = client.world;
    if (position !== undefined) client.places.set(topic ?? said.topic, position);
    const what = { saidTopic: said.topic, publisher: said.from, sequence: said.n, bytesName };
    trace.add(
      { kind: 'message', topic, position, id, ...what, ...client.at() },
      ledger.sentAt(said.from, said.n),
    );
  }

  #gap({ topic, epoch, from, to, reason }: Extract<Word, { readonly type: 'gap' }>): void {
    const client = this.#client;
    if (to === undefined) client.places.delete(topic);
    else client.places.set(topic, { epoch, offset: to });
    client.world.trace.add({ kind: 'gap', topic, epoch, from, to, reason, ...client.at() });
  }

  #answer(word: Extract<Word, { readonly type: `ack_${string}` | 'listing' }>): void {
    const client = this.#client;
    const { trace } = client.world;
    const question = this.#open.shift();
    if (
      word.type === 'ack_subscribe' &&
      question?.type === 'subscribe' &&
      question.topic === word.topic
    ) {
      const { topic, since, envelope, cause } = question;
      const { position, recovered } = word;
      if (position !== undefined && recovered !== true) client.places.set(topic, position);
      trace.add(
        { kind: 'subscribed', topic, since, envelope, position, recovered, ...client.at() },
        cause,
      );
    } else if (
      word.type === 'ack_unsubscribe' &&
      question?.type === 'unsubscribe' &&
      question.topic === word.topic
    ) {
      trace.add({ kind: 'unsubscribed', topic: word.topic, ...client.at() }, question.cause);
    } else if (
      word.type === 'ack_publish' &&
      question?.type === 'publish' &&
      question.topic === word.topic
    ) {
      this.#acked(question, word.position, word.isDuplicate);
    } else if (word.type !== 'listing' || question?.type !== 'listing') {
      client.unexpected(`${word.type} where ${question?.type ?? 'nothing'} was asked`);
    }
  }

  #error(message: string): void {
    const client = this.#client;
    // Whoever sends nonsense is told so; which of its questions that answers is its own trouble.
    if (client.plan.behaviour === 'malformed') return;
    const question = this.#open.shift();
    if (question?.type === 'publish')
      this.#fail(question, message.startsWith('It is not known') ? 'unknown' : 'refused');
    else if (
      (question?.type !== 'unsubscribe' || !message.startsWith('Not subscribed')) &&
      (question?.type !== 'listing' || !message.startsWith('The topics are being listed'))
    ) {
      client.unexpected(`error where ${question?.type ?? 'nothing'} was asked: ${message}`);
    }
  }

  #acked({ topic, sequence, cause }: Publish, position: TracePosition, isDuplicate: boolean): void {
    const { plan, world } = this.#client;
    const id = world.ledger.get(plan.client, sequence)?.id;
    const who = { publisher: plan.client, sequence };
    world.trace.add(
      { kind: 'published', topic, id, ...who, position, isDuplicate, ...this.#client.at() },
      cause,
    );
  }

  #fail({ topic, sequence, cause }: Publish, why: 'refused' | 'unknown'): void {
    const { plan, world } = this.#client;
    world.trace.add(
      { kind: 'publishFailed', topic, publisher: plan.client, sequence, why, ...this.#client.at() },
      cause,
    );
  }

  #doubt(question: Question): void {
    if (question.type !== 'publish' || this.#unsure.length >= UNSURE_MAX) return;
    this.#unsure.push(question.sequence);
  }

  #compose(topic: string, by: 'ws' | 'post'): Publish {
    const { plan, chance, world } = this.#client;
    const publisher = plan.client;
    const sequence = world.ledger.next(publisher);
    const id = chance.next() % 100 < plan.idPercent ? `${publisher}-${sequence}-${by}` : undefined;
    const data = writeData({ topic, from: publisher, n: sequence }, plan.dataBytes, chance);
    const bytesName = nameBytes(encoder.encode(data));
    const cause = world.trace.add({
      kind: 'publishSent',
      topic,
      id,
      publisher,
      sequence,
      bytesName,
      isRepeat: false,
      ...this.#client.at(),
    });
    world.ledger.note(publisher, { topic, id, data, sent: cause });
    return { type: 'publish', topic, sequence, cause };
  }

  #published({ sequence }: Publish) {
    const { plan, world } = this.#client;
    const published = world.ledger.get(plan.client, sequence);
    if (published === undefined) throw new Error('what was composed is in the ledger');
    return published;
  }
}

const encoder = new TextEncoder();
const UNSURE_MAX = 8;
