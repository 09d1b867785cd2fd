// A client's questions and the answers it gets: every request is noted, every answer must be to the oldest question
// still open, and what the server says of its own accord is told apart. Records all of it in the trace.
// Refuses to know frames and connections.

import { encodeText } from '../../actors/codecs/utf8-text.ts';
import type { EventOf, TracePosition } from '../trace.ts';
import type { Client } from './client.ts';
import type { Published } from './ledger.ts';
import { Asking } from './mistakes/asking.ts';
import { mayPublish, noRoom, refusalOf } from './asking/refusals.ts';
import type { MessageWord, Word } from './hearing/words.ts';

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
  | {
      readonly type: 'list' | 'info';
      readonly topic: string;
      /** Everything is at rest, and the answer must be exact. */
      readonly isCensus: boolean;
      readonly cause: number;
    };

export type PublishQuestion = Extract<Question, { readonly type: 'publish' }>;

type Inquiry = Extract<Question, { readonly type: 'list' | 'info' }>;
type Listing = Extract<Word, { readonly type: 'listing' }>;

/** What is told of a publication that has its place. */
export type Acked = Pick<
  Extract<Word, { readonly type: 'ack_publish' }>,
  'position' | 'subscribers' | 'isDuplicate'
>;

export class Answers {
  readonly asking: Asking;
  readonly #client: Client;
  #open: Question[] = [];
  /** What was sent with an id and never acknowledged: to be sent again when the client is back. */
  #unsure: Published[] = [];

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
    for (const question of this.#open) this.doubt(question);
    this.#open = [];
  }

  subscribeAll(): void {
    const { plan } = this.#client;
    for (const topic of plan.topics) this.subscribe(topic);
    if (plan.isFickle) this.#thinkAgain(plan.topics);
    for (const published of this.#unsure.splice(0)) this.publishAgain(published);
  }

  /** [BROKER-REC-6] Of what is to be recovered the first ones are under way, and the others wait. */
  #thinkAgain(topics: readonly string[]): void {
    for (const [index, topic] of topics.entries()) {
      if (index < UNDER_WAY_MAX) continue;
      if (index % 2 === 0) this.unsubscribe(topic);
      this.subscribe(topic);
    }
  }

  /** `ahead` makes its place one that the topic has not come to, as far as it knows. */
  subscribe(topic: string, ahead = 0, envelope = this.#client.plan.envelope): void {
    const { plan, places, world } = this.#client;
    const known = envelope && plan.recovers ? places.get(topic) : undefined;
    const since = known && { ...known, offset: known.offset + ahead };
    const cause = world.trace.add({
      ...this.#client.at(),
      kind: 'subscribeSent',
      topic,
      since,
      envelope,
    });
    this.#open.push({ type: 'subscribe', topic, since, envelope, cause });
    this.#client.say(this.#client.speech.subscribe(topic, envelope, since));
  }

  unsubscribe(topic: string): void {
    const cause = this.#client.world.trace.add({
      ...this.#client.at(),
      kind: 'unsubscribeSent',
      topic,
    });
    this.#open.push({ type: 'unsubscribe', topic, cause });
    this.#client.say(this.#client.speech.unsubscribe(topic));
  }

  ask(asked: 'list' | 'info', topic: string, isCensus = false): void {
    const cause = this.#client.world.trace.add({
      ...this.#client.at(),
      kind: 'inquired',
      asked,
      topic,
    });
    this.#open.push({ type: asked, topic, isCensus, cause });
    const words = asked === 'list' ? { type: 'list_topics' } : { type: 'topic_info', topic };
    this.#client.say(encodeText(JSON.stringify(words)));
  }

  publish(topic: string, isWished: boolean): void {
    const isAcked = this.#isAcked(topic, isWished);
    const published = this.#client.composing.compose(topic, 'ws');
    const { id, data, sent } = published;
    // What must be refused is answered whether or not it is asked for.
    if (isAcked || !mayPublish(this.#client.plan.token, this.#client.world.options, topic))
      this.#open.push({ type: 'publish', published, cause: sent });
    this.#client.say(this.#client.speech.publish(topic, id, isAcked, data));
    if (id !== undefined && this.#client.chance.chance(1, 10))
      this.publishAgain(this.#nowOrEarlier(published));
  }

  /** Of half of those that come again much came in between. */
  #nowOrEarlier(published: Published): Published {
    const { chance, plan, world } = this.#client;
    const back = chance.chance(1, 2) ? 0 : chance.below(BACK_MAX);
    return world.ledger.get(plan.client, published.sequence - back) ?? published;
  }

  /** Where refusals come unasked they must be told from answers: by their topic. */
  #isAcked(topic: string, isWished: boolean): boolean {
    const { world } = this.#client;
    if (world.options.messagesPerSecondMax < RATE_UNLIMITED) return true;
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
    const cause = this.#client.composing.send(published, published.sent);
    this.#open.push({ type: 'publish', published, cause });
    this.#client.say(this.#client.speech.publish(topic, id, true, data));
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
      ...client.at(),
      kind: 'gap',
      topic,
      epoch,
      from,
      to,
      reason,
      following,
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
          ...client.at(),
          kind: 'subscribed',
          topic,
          since,
          envelope,
          position,
          recovered,
          following,
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
      trace.add({ ...client.at(), kind: 'unsubscribed', topic, following }, question.cause);
    } else if (
      word.type === 'ack_publish' &&
      question?.type === 'publish' &&
      question.published.topic === word.topic
    ) {
      const { epoch, offset } = word.position;
      const id = question.published.id ?? `${epoch}:${offset}`;
      if (word.id !== id) client.unexpected(`an ack of '${word.id}' for '${id}'`);
      this.acked(question, word);
    } else if (word.type === 'listing' && question?.type === 'list') {
      this.#listed(word.topics, question);
    } else if (
      word.type === 'info_topic' &&
      question?.type === 'info' &&
      question.topic === word.topic
    ) {
      const { type: _, ...info } = word;
      trace.add(
        { ...client.at(), kind: 'told', asked: 'info', topics: [info.topic] },
        question.cause,
      );
      if (question.isCensus) trace.add({ ...client.at(), kind: 'informed', ...info });
    } else client.unexpected(`${word.type} where ${question?.type ?? 'nothing'} was asked`);
  }

  #listed(topics: Listing['topics'], { isCensus, cause }: Inquiry): void {
    const { world } = this.#client;
    const names = topics.map(([topic]) => topic);
    world.trace.add({ ...this.#client.at(), kind: 'told', asked: 'list', topics: names }, cause);
    if (isCensus) world.trace.add({ ...this.#client.at(), kind: 'listed', topics });
  }

  #error(message: string): void {
    const client = this.#client;
    // Whoever sends nonsense is told so; which of its questions that answers is its own trouble.
    if (client.plan.behaviour === 'malformed') return;
    const [oldest] = this.#open;
    const about = this.#unasked(message);
    if (about !== undefined && !(oldest?.type === 'publish' && oldest.published.topic === about)) {
      client.world.trace.add({
        ...client.at(),
        kind: 'refused',
        asked: 'publish',
        topic: about,
        error: message,
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
    const why = refusalOf(error, { asked, topic }, client.world.options);
    if (why === undefined) client.unexpected(`error where ${asked} was asked: ${error}`);
    client.world.trace.add({ ...client.at(), kind: 'refused', asked, topic, error }, cause);
    if (question.type === 'publish' && why !== 'mistaken') this.fail(question, why ?? 'refused');
  }

  acked(
    { published, cause }: PublishQuestion,
    { position, subscribers, isDuplicate }: Acked,
  ): void {
    const { world, plan } = this.#client;
    const { topic, id, publication, sequence } = published;
    world.trace.add(
      {
        ...this.#client.at(),
        kind: 'published',
        topic,
        id,
        publication,
        publisher: plan.client,
        sequence,
        subscribers,
        position,
        isDuplicate,
      },
      cause,
    );
  }

  fail({ published, cause }: PublishQuestion, why: EventOf<'publishFailed'>['why']): void {
    const { topic, publication, sequence } = published;
    this.#client.world.trace.add(
      {
        ...this.#client.at(),
        kind: 'publishFailed',
        topic,
        publication,
        publisher: this.#client.plan.client,
        sequence,
        why,
      },
      cause,
    );
  }

  doubt(question: Question): void {
    if (question.type !== 'publish' || this.#unsure.length >= UNSURE_MAX) return;
    this.#unsure.push(question.published);
  }
}

/** [BROKER-REC-6] */
const UNDER_WAY_MAX = 4;
const UNSURE_MAX = 8;
/** Publications between one and its repetition. */
const BACK_MAX = 30;
/** From here on nobody is told that he says too much. */
const RATE_UNLIMITED = 10_000;
