// A client's questions and the answers it gets: every request is noted, every answer must be to the oldest question
// still open, and what the server says of its own accord is told apart. Records all of it in the trace.
// Refuses to know frames and connections.

import { encodeText } from '../../actors/codecs/utf8-text.ts';
import type { WireWord } from '../edges/network.ts';
import { ObjectPayload } from '../edges/object-payload.ts';
import { nameBytes } from '../trace-hash.ts';
import type { TracePosition } from '../trace.ts';
import type { Client } from './client.ts';
import type { Published } from './ledger.ts';
import { Asking } from './mistakes/asking.ts';
import { dataBytes, writeData } from './payload.ts';
import type { Question } from './questions.ts';
import { correctedResults } from './hearing/rewriting.ts';
import { bareWord, type MessageWord, type Word } from './hearing/words.ts';

type Publish = Extract<Question, { readonly type: 'publish' }>;

export class Answers {
  readonly asking: Asking;
  readonly #client: Client;
  #open: Question[] = [];
  /** What was sent with an id and never acknowledged: to be sent again when the client is back. */
  #unsure: Published[] = [];
  /** Publications of the HTTP exchange that is under way. */
  #posted: Publish[] = [];

  constructor(client: Client) {
    this.asking = new Asking(client);
    this.#client = client;
  }

  get open(): readonly Question[] {
    return this.#open;
  }

  begin(): void {
    this.#open = [];
    this.asking.begin();
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
    for (const published of this.#unsure.splice(0)) this.publishAgain(published);
  }

  /** `ahead` makes its place one that the topic has not come to, as far as it knows. */
  subscribe(topic: string, ahead = 0): void {
    const { plan, places, world } = this.#client;
    const { envelope } = plan;
    const known = envelope && plan.recovers ? places.get(topic) : undefined;
    const since = known && { ...known, offset: known.offset + ahead };
    const cause = world.trace.add({
      kind: 'subscribeSent',
      topic,
      since,
      envelope,
      ...this.#client.at(),
    });
    this.#open.push({ type: 'subscribe', topic, since, envelope, cause });
    this.#client.say(this.#client.speech.subscribe(topic, envelope, since));
  }

  unsubscribe(topic: string): void {
    const cause = this.#client.world.trace.add({
      kind: 'unsubscribeSent',
      topic,
      ...this.#client.at(),
    });
    this.#open.push({ type: 'unsubscribe', topic, cause });
    this.#client.say(this.#client.speech.unsubscribe(topic));
  }

  ask(type: 'list_topics' | 'topic_info', topic: string, isCensus = false): void {
    const isSecond = this.#open.some((question) => question.type === type);
    this.#open.push({ type, topic, isCensus, isSecond });
    this.#client.say(
      encodeText(JSON.stringify(type === 'list_topics' ? { type } : { type, topic })),
    );
  }

  publish(topic: string, isAcked: boolean): void {
    const published = this.#compose(topic, 'ws');
    const { id, data, sent } = published;
    if (isAcked) this.#open.push({ type: 'publish', published, cause: sent });
    this.#client.say(this.#client.speech.publish(topic, id, isAcked, data));
    if (id !== undefined && this.#client.chance.chance(1, 10)) this.publishAgain(published);
  }

  /** The same publication under the same id. */
  publishAgain(published: Published): void {
    const { topic, id, data } = published;
    if (id === undefined) return;
    const cause = this.#send(published, published.sent);
    this.#open.push({ type: 'publish', published, cause });
    this.#client.say(this.#client.speech.publish(topic, id, true, data));
  }

  /** One POST with several publications. */
  post(topics: readonly string[]): void {
    if (this.#posted.length > 0 || topics.length === 0 || this.#client.connection !== undefined)
      return;
    const items: string[] = [];
    const posted: Publish[] = [];
    for (const topic of topics) {
      const published = this.#compose(topic, 'post');
      const { id, data, sent } = published;
      const named = id === undefined ? '' : `"id":"${id}",`;
      // What is posted is bytes in both lanes.
      const text = decoder.decode(data as Uint8Array);
      items.push(`{"topic":${JSON.stringify(topic)},${named}"data":${text}}`);
      posted.push({ type: 'publish', published, cause: sent });
    }
    const [only = ''] = items;
    const body = encodeText(items.length === 1 ? only : `[ ${items.join(' ,\n')} ]`);
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

  hearResponse(response: Extract<WireWord, { readonly word: 'response' }>): void {
    if (this.asking.hearResponse(response)) return;
    const { status, body } = response;
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
    const correction = correctedResults(body, list, posted.length > 1);
    if (correction !== undefined) this.#client.misworded(body, correction);
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
    this.#client.greeted(word.type === 'info');
    if (word.type === 'message') this.#message(word);
    else if (word.type === 'misworded') this.#client.misworded(word.text, word.correction);
    else if (word.type === 'info') return;
    else if (this.#client.plan.behaviour === 'mistaken') {
      // What it follows is its own; that a home began anew is no answer.
      if (word.type !== 'gap') this.asking.hear(word);
    } else if (word.type === 'gap') this.#gap(word);
    else if (word.type === 'error') this.#error(word.message);
    else if (word.type === 'unreadable') this.#client.unexpected(`unreadable: ${word.text}`);
    else this.#answer(word);
  }

  #message({ topic, position, said, bytesName, id }: MessageWord): void {
    const client = this.#client;
    const { trace, ledger } = client.world;
    const saidTopic = said.topic;
    const about = topic ?? saidTopic;
    if (position !== undefined) client.places.set(about, position);
    const published = ledger.get(said.from, said.n);
    const cause = published === undefined ? -1 : published.sent;
    // By far the most frequent event: its place in the trace is written here, not added to it.
    const event = {
      kind: 'message',
      seq: 0,
      at: 0,
      cause,
      node: client.plan.node,
      client: client.plan.client,
      connection: client.connection?.id ?? -1,
      following: client.followingOf(about),
      publication: published === undefined ? -1 : published.publication,
      publisher: said.from,
      sequence: said.n,
      topic,
      position,
      id,
      saidTopic,
      bytesName,
    } as const;
    trace.add(event, cause);
  }

  #gap({ topic, epoch, from, to, reason }: Extract<Word, { readonly type: 'gap' }>): void {
    const client = this.#client;
    if (to === undefined) client.places.delete(topic);
    else client.places.set(topic, { epoch, offset: to });
    const following = client.followingOf(topic);
    client.world.trace.add({
      kind: 'gap',
      topic,
      epoch,
      from,
      to,
      reason,
      following,
      ...client.at(),
    });
  }

  #answer(
    word: Extract<Word, { readonly type: `ack_${string}` | 'listing' | 'info_topic' }>,
  ): void {
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
      if ((position !== undefined) !== envelope)
        client.unexpected(`a place in the ack of '${topic}', asked for or not`);
      if (position !== undefined && recovered !== true) client.places.set(topic, position);
      const following = client.follow(topic);
      trace.add(
        {
          kind: 'subscribed',
          topic,
          since,
          envelope,
          position,
          recovered,
          following,
          ...client.at(),
        },
        cause,
      );
    } else if (
      word.type === 'ack_unsubscribe' &&
      question?.type === 'unsubscribe' &&
      question.topic === word.topic
    ) {
      const { topic } = word;
      const following = client.followingOf(topic);
      trace.add({ kind: 'unsubscribed', topic, following, ...client.at() }, question.cause);
    } else if (
      word.type === 'ack_publish' &&
      question?.type === 'publish' &&
      question.published.topic === word.topic
    ) {
      const { epoch, offset } = word.position;
      const id = question.published.id ?? `${epoch}:${offset}`;
      if (word.id !== id) client.unexpected(`an ack of '${word.id}' for '${id}'`);
      this.#acked(question, word.position, word.isDuplicate);
    } else if (word.type === 'listing' && question?.type === 'list_topics') {
      const { topics } = word;
      if (question.isCensus) trace.add({ kind: 'listed', topics, ...client.at() });
    } else if (
      word.type === 'info_topic' &&
      question?.type === 'topic_info' &&
      question.topic === word.topic
    ) {
      const { type: _, ...info } = word;
      if (question.isCensus) trace.add({ kind: 'informed', ...info, ...client.at() });
    } else client.unexpected(`${word.type} where ${question?.type ?? 'nothing'} was asked`);
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
      (question?.type !== 'list_topics' ||
        !question.isSecond ||
        !message.startsWith('The topics are being listed'))
    ) {
      client.unexpected(`error where ${question?.type ?? 'nothing'} was asked: ${message}`);
    }
  }

  #acked({ published, cause }: Publish, position: TracePosition, isDuplicate: boolean): void {
    const { world } = this.#client;
    const { topic, id } = published;
    world.trace.add(
      {
        kind: 'published',
        topic,
        id,
        ...this.#what(published),
        position,
        isDuplicate,
        ...this.#client.at(),
      },
      cause,
    );
  }

  #fail({ published, cause }: Publish, why: 'refused' | 'unknown'): void {
    const { topic } = published;
    this.#client.world.trace.add(
      { kind: 'publishFailed', topic, ...this.#what(published), why, ...this.#client.at() },
      cause,
    );
  }

  #doubt(question: Question): void {
    if (question.type !== 'publish' || this.#unsure.length >= UNSURE_MAX) return;
    this.#unsure.push(question.published);
  }

  #compose(topic: string, by: 'ws' | 'post'): Published {
    const { plan, chance, world } = this.#client;
    const publisher = plan.client;
    const { ledger } = world;
    const publication = ledger.count;
    const sequence = ledger.next(publisher);
    const id = chance.next() % 100 < plan.idPercent ? `${publisher}-${sequence}-${by}` : undefined;
    const said = { topic, from: publisher, n: sequence };
    const drawn = chance.next();
    const isObject = world.lane === 'object' && by === 'ws';
    let data: Uint8Array | ObjectPayload;
    let bytesName = publication;
    if (isObject)
      data = new ObjectPayload(dataBytes(said, plan.dataBytes, drawn), bareWord(said, bytesName));
    else {
      data = encodeText(writeData(said, plan.dataBytes, drawn));
      bytesName = nameBytes(data);
    }
    const composed = { publication, sequence, topic, id, data, bytesName };
    const published = { ...composed, sent: this.#send(composed, -1) };
    ledger.note(publisher, published);
    return published;
  }

  /** Records a sending; returns its place. */
  #send(published: Omit<Published, 'sent'>, cause: number): number {
    const { topic, id, data, bytesName } = published;
    const isRepeat = cause >= 0;
    return this.#client.world.trace.add(
      {
        kind: 'publishSent',
        topic,
        id,
        ...this.#what(published),
        dataBytes: data.byteLength,
        bytesName,
        isRepeat,
        ...this.#client.at(),
      },
      cause,
    );
  }

  #what({ publication, sequence }: Omit<Published, 'sent'>) {
    return { publication, publisher: this.#client.plan.client, sequence };
  }
}

const decoder = new TextDecoder();
const UNSURE_MAX = 8;
