// A client's questions and the answers it gets: every request is noted, every answer must be to the oldest question
// still open, and what the server says of its own accord is told apart. Records all of it in the trace.
// Refuses to know frames and connections.

import { encodeText } from '../../actors/codecs/utf8-text.ts';
import { ObjectPayload } from '../edges/object-payload.ts';
import { nameBytes } from '../trace-hash.ts';
import type { EventOf, TracePosition } from '../trace.ts';
import type { Client } from './client.ts';
import type { Published } from './ledger.ts';
import { dataBytes, writeData } from './payload.ts';
import { mayPublish, noRoom, refusalOf } from './asking/refusals.ts';
import { bareWord, type MessageWord, type Word } from './hearing/words.ts';

type Question =
  | {
      readonly type: 'subscribe';
      readonly topic: string;
      readonly since: TracePosition | undefined;
      readonly envelope: boolean;
      readonly cause: number;
    }
  | { readonly type: 'unsubscribe'; readonly topic: string; readonly cause: number }
  | { readonly type: 'publish'; readonly published: Published; readonly cause: number }
  | { readonly type: 'list' | 'info'; readonly topic: string; readonly cause: number };

export type PublishQuestion = Extract<Question, { readonly type: 'publish' }>;

export class Answers {
  readonly #client: Client;
  #open: Question[] = [];
  /** What was sent with an id and never acknowledged: to be sent again when the client is back. */
  #unsure: Published[] = [];

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
    for (const question of this.#open) this.doubt(question);
    this.#open = [];
  }

  subscribeAll(): void {
    const { plan } = this.#client;
    for (const topic of plan.topics) this.subscribe(topic);
    for (const published of this.#unsure.splice(0)) this.publishAgain(published);
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

  ask(asked: 'list' | 'info', topic: string): void {
    const cause = this.#client.world.trace.add({
      kind: 'asked',
      asked,
      topic,
      ...this.#client.at(),
    });
    this.#open.push({ type: asked, topic, cause });
    const words = asked === 'list' ? { type: 'list_topics' } : { type: 'topic_info', topic };
    this.#client.say(encodeText(JSON.stringify(words)));
  }

  publish(topic: string, isWished: boolean): void {
    const isAcked = this.#isAcked(topic, isWished);
    const published = this.compose(topic, 'ws');
    const { id, data, sent } = published;
    // What must be refused is answered whether or not it is asked for.
    if (isAcked || !mayPublish(this.#client.plan.token, this.#client.world.broker, topic))
      this.#open.push({ type: 'publish', published, cause: sent });
    this.#client.say(this.#client.speech.publish(topic, id, isAcked, data));
    if (id !== undefined && this.#client.chance.chance(1, 10)) this.publishAgain(published);
  }

  /** Where refusals come unasked they must be told from answers: by their topic. */
  #isAcked(topic: string, isWished: boolean): boolean {
    const { world } = this.#client;
    if (world.broker.messagesPerSecondMax < RATE_UNLIMITED) return true;
    return world.hasFewTopics && !world.isSettling ? !this.#isNeverAsked(topic) : isWished;
  }

  #isNeverAsked(topic: string): boolean {
    const { world, plan } = this.#client;
    return world.hasFewTopics && (topic.length + plan.client) % 2 === 0;
  }

  /** The same publication under the same id. */
  publishAgain(published: Published): void {
    const { topic, id, data } = published;
    if (id === undefined || (this.#isNeverAsked(topic) && !this.#client.world.isSettling)) return;
    const cause = this.#send(published, published.sent);
    this.#open.push({ type: 'publish', published, cause });
    this.#client.say(this.#client.speech.publish(topic, id, true, data));
  }

  hear(word: Word): void {
    if (word.type === 'message') this.#message(word);
    else if (word.type === 'gap') this.#gap(word);
    else if (word.type === 'error') this.#error(word.message);
    else if (word.type === 'unreadable') this.#client.unexpected(`unreadable: ${word.text}`);
    else if (word.type !== 'info') this.#answer(word);
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
      this.acked(question, word.position, word.isDuplicate);
    } else if (word.type === 'listing' && question?.type === word.asked) {
      const { asked, topics } = word;
      trace.add({ kind: 'told', asked, topics, ...client.at() }, question.cause);
    } else {
      client.unexpected(`${word.type} where ${question?.type ?? 'nothing'} was asked`);
    }
  }

  #error(message: string): void {
    const client = this.#client;
    // Whoever sends nonsense is told so; which of its questions that answers is its own trouble.
    if (client.plan.behaviour === 'malformed') return;
    const [oldest] = this.#open;
    const about = this.#unasked(message);
    if (about !== undefined && !(oldest?.type === 'publish' && oldest.published.topic === about)) {
      client.world.trace.add({
        kind: 'refused',
        asked: 'publish',
        topic: about,
        error: message,
        ...client.at(),
      });
      return;
    }
    const question = this.#open.shift();
    if (question === undefined) client.unexpected(`error where nothing was asked: ${message}`);
    else this.refuse(question, message);
  }

  /** [BROKER-PUB-6] The topic of a publication that was refused though nobody asked. */
  #unasked(message: string): string | undefined {
    const { plan, world } = this.#client;
    if (!world.hasFewTopics || !message.startsWith('Not published to ')) return undefined;
    return plan.publishes.find((topic) => this.#isNeverAsked(topic) && message === noRoom(topic));
  }

  refuse(question: Question, error: string): void {
    const client = this.#client;
    const { type: asked, cause } = question;
    const topic = question.type === 'publish' ? question.published.topic : question.topic;
    const why = refusalOf(error, { asked, topic }, client.world.broker);
    if (why === undefined) client.unexpected(`error where ${asked} was asked: ${error}`);
    client.world.trace.add({ kind: 'refused', asked, topic, error, ...client.at() }, cause);
    if (question.type === 'publish' && why !== 'mistaken') this.fail(question, why ?? 'refused');
  }

  acked(
    { published, cause }: PublishQuestion,
    position: TracePosition,
    isDuplicate: boolean,
  ): void {
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

  fail({ published, cause }: PublishQuestion, why: EventOf<'publishFailed'>['why']): void {
    const { topic } = published;
    this.#client.world.trace.add(
      { kind: 'publishFailed', topic, ...this.#what(published), why, ...this.#client.at() },
      cause,
    );
  }

  doubt(question: Question): void {
    if (question.type !== 'publish' || this.#unsure.length >= UNSURE_MAX) return;
    this.#unsure.push(question.published);
  }

  compose(topic: string, by: 'ws' | 'post'): Published {
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
    const { topic, id, bytesName } = published;
    const isRepeat = cause >= 0;
    return this.#client.world.trace.add(
      {
        kind: 'publishSent',
        topic,
        id,
        ...this.#what(published),
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

const UNSURE_MAX = 8;
/** From here on nobody is told that he says too much. */
const RATE_UNLIMITED = 10_000;
