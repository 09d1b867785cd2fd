// Requests whose only right answer is known: mistakes with the sentence that each is told, and requests about topics
// that nobody else knows. Written from spec/broker.md ("Requests", "Errors"). An answer is told in one line, in which
// epochs, which nobody can know, have no name. Refuses to know connections and order.

import type { BrokerTerms } from '../../trace.ts';
import type { Prng } from '../../../actors/runtime/prng.ts';
import {
  BAD_ACK,
  BAD_ENVELOPE,
  BAD_SINCE,
  BAD_TOPIC,
  badId,
  literal,
  MALFORMED,
  NOT_JSON,
} from '../hearing/rewriting.ts';
import type { Word } from '../hearing/words.ts';
import { SMALL_BYTES_MAX } from './framing.ts';

/** What is right: one line, or a pattern where more than one is. */
export type Expected = string | RegExp;

export interface Exact {
  readonly text: string | Uint8Array;
  readonly expected: Expected;
}

/** What the one who asks knows. */
export interface Asker {
  readonly chance: Pick<Prng, 'below' | 'pick' | 'chance'>;
  readonly options: BrokerTerms;
  /** What its own topics begin with; on no other connection there is one of them. */
  readonly own: string;
  /** It may follow and publish to its own topics only. */
  readonly isBound: boolean;
  /** What it follows, once its questions so far are answered. */
  readonly followed: Set<string>;
  /** A list was asked for, and is not there yet. */
  readonly isListing: boolean;
  /** `mistakesOf` what it knows. */
  readonly mistakes: readonly Mistake[];
}

/** One line for a word, to be compared. */
export function lineOf(word: Word): string {
  switch (word.type) {
    case 'error':
      return errorLine(word.message);
    case 'ack_unsubscribe':
      return `unsubscribed from ${word.topic}`;
    case 'ack_subscribe': {
      const place = word.position === undefined ? '' : ` at ${word.position.offset}`;
      const recovered = word.recovered === undefined ? '' : `, recovered ${word.recovered}`;
      return `subscribed to ${word.topic}${place}${recovered}`;
    }
    case 'ack_publish': {
      const { epoch, offset } = word.position;
      const id = word.id === `${epoch}:${offset}` ? 'its place' : word.id;
      return `published to ${word.topic} for ${word.subscribers} as ${id}`;
    }
    case 'listing':
      return `listed ${JSON.stringify(word.topics)}`;
    case 'info_topic': {
      const { topic, subscribers, position, history } = word;
      return informed(topic, subscribers, position?.offset, history);
    }
    default:
      return word.type;
  }
}

function informed(
  topic: string,
  subscribers: number,
  offset: number | undefined,
  history: number,
): string {
  const place = offset === undefined ? 'nowhere' : `at ${offset}`;
  return `${topic} has ${subscribers}, is ${place} and keeps ${history}`;
}

function errorLine(message: string): string {
  return `error ${message}`;
}

export function isMet(expected: Expected, line: string): boolean {
  return typeof expected === 'string' ? expected === line : expected.test(line);
}

export function drawExact(asker: Asker): Exact {
  const { chance } = asker;
  if (chance.chance(1, 2)) {
    const [text, sentence] = chance.pick(asker.mistakes);
    return { text, expected: errorLine(sentence) };
  }
  return chance.pick(REQUESTS)(asker);
}

export type Mistake = readonly [text: string | Uint8Array, sentence: string];

/** The first mistake is told, in the order of the spec. They are many: who makes one after the other keeps them. */
export function mistakesOf({
  options,
  own,
  isBound,
}: Pick<Asker, 'options' | 'own' | 'isBound'>): readonly Mistake[] {
  const { topicLengthMax, idLengthMax, jsonDepthMax } = options;
  const topic = JSON.stringify(own);
  const longest = 'x'.repeat(topicLengthMax);
  const tooDeep = `Message is nested too deeply: at most ${jsonDepthMax} levels.`;
  const noId = badId(idLengthMax);
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const publishing = (more: string): string => `{"topic":${topic},"data":1,${more}}`;
  const subscribing = (more: string): string => `{"type":"subscribe","topic":${topic},${more}}`;
  const named = (name: string): string => `{"type":"topic_info","topic":"${name}"}`;
  const forbidden: readonly Mistake[] = [
    ['{"type":"subscribe","topic":"a"}', 'Not allowed to subscribe to a'],
    ['{"type":"topic_info","topic":"a"}', 'Not allowed to subscribe to a'],
    ['{"topic":"a","data":1}', 'Not allowed to publish to a'],
    ['{"topic":"a","data":1,"ack":true}', 'Not allowed to publish to a'],
  ];
  return [
    ...NO_JSON.map((text): Mistake => [text, NOT_JSON]),
    ...NO_REQUEST.map((text): Mistake => [text, MALFORMED]),
    [nested(jsonDepthMax + 1), tooDeep],
    ['['.repeat(jsonDepthMax + 1), tooDeep],
    ['['.repeat(jsonDepthMax), NOT_JSON],
    [publishing(`"x":${nested(jsonDepthMax)}`), tooDeep],
    [`{"type":"unsubscribe","topic":${topic},"x":${nested(jsonDepthMax - 1)}}`, unknown(own)],
    [named(`${longest}x`), `Topic too long: at most ${topicLengthMax} characters.`],
    [`{"type":"unsubscribe","topic":"${longest}"}`, unknown(longest)],
    ...['\\u0000', 'a\\u001f', '\\u007f', 'b\\u009fc', '\\ud800', 'a\\udc00b'].map(
      (name): Mistake => [`{"type":"subscribe","topic":"${name}"}`, BAD_TOPIC],
    ),
    ['{"type":"unsubscribe","topic":"\\u00a0"}', unknown('\u00a0')],
    ['{"type":"unsubscribe","topic":"\\ud83e\\uddc0"}', unknown('🧀')],
    ...['null', '1', '"true"', '[]'].map((value): Mistake => [
      subscribing(`"envelope":${value}`),
      BAD_ENVELOPE,
    ]),
    ...NO_PLACES.map((value): Mistake => [subscribing(`"since":${value}`), BAD_SINCE]),
    ['{"type":"subscribe","topic":7,"envelope":1,"since":1}', BAD_ENVELOPE],
    ['{"type":"subscribe","topic":7,"envelope":true,"since":1}', BAD_SINCE],
    ...['7', 'null', '""', '{}', '"\\u0000"', '"\\ud800"', `"${'i'.repeat(idLengthMax + 1)}"`].map(
      (id): Mistake => [publishing(`"id":${id}`), noId],
    ),
    ...['null', '1', '"true"', '{}'].map((ack): Mistake => [publishing(`"ack":${ack}`), BAD_ACK]),
    [publishing('"id":7,"ack":7'), noId],
    ['{"topic":7,"data":1,"id":7}', MALFORMED],
    [`{"type":"unsubscribe","topic":${topic},"data":1}`, unknown(own)],
    [`{"type":"subscribe","type":"unsubscribe","topic":"a","topic":${topic}}`, unknown(own)],
    [`{"\\u0074ype":"unsubscribe","topi\\u0063":${topic},"more":{}}`, unknown(own)],
    [`\r\n\t {"type" : "unsubscribe" , "topic":${topic}}\n`, unknown(own)],
    ...(isBound ? forbidden : []),
    ...fullest(options, own),
  ];
}

/** A message of exactly as many bytes as there may be, or as a frame counts in eight bytes and no longer in two. */
function fullest({ messageBytesMax }: BrokerTerms, own: string): readonly Mistake[] {
  const bytes = messageBytesMax > SMALL_BYTES_MAX ? LONG_BYTES : messageBytesMax;
  const text = `{"type":"unsubscribe","topic":${JSON.stringify(own)}}`;
  return [[text + ' '.repeat(bytes - text.length), unknown(own)]];
}

function unknown(topic: string): string {
  return `Not subscribed to ${topic}`;
}

const NO_JSON: readonly (string | Uint8Array)[] = [
  '',
  ' ',
  '{',
  'subscribe',
  '{"type":"list_topics"}x',
  '{"type":"list_topics",}',
  "{'type':'list_topics'}",
  '{"type":NaN}',
  '{"type":01}',
  '{"type":"\n"}',
  '\ufeff{"type":"list_topics"}',
  new Uint8Array([0x22, 0xff, 0x22]),
  new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]),
];
const NO_REQUEST: readonly string[] = [
  '[]',
  '7',
  'null',
  '"subscribe"',
  '{}',
  '[{"type":"list_topics"}]',
  '{"type":"subscribe"}',
  '{"type":"subscribe","topic":7}',
  '{"type":"subscribe","topic":""}',
  '{"type":"subscribe","topic":null}',
  '{"type":"unsubscribe","data":1}',
  '{"type":"topic_info"}',
  '{"type":"topic_info","topic":["a"]}',
  '{"type":"SUBSCRIBE","topic":"a"}',
  '{"type":"publish"}',
  '{"type":null,"topic":"a"}',
  '{"topic":"a"}',
  '{"data":1}',
  '{"topic":"","data":1}',
  '{"topic":"a","topic":7,"data":1}',
];
const NO_PLACES: readonly string[] = [
  'null',
  '{}',
  '"e:1"',
  '{"epoch":"e"}',
  '{"offset":1}',
  '{"epoch":"","offset":1}',
  '{"epoch":"E","offset":1}',
  '{"epoch":"e","offset":-1}',
  '{"epoch":"e","offset":1.5}',
  '{"epoch":"e","offset":"1"}',
  `{"epoch":"${'e'.repeat(33)}","offset":1}`,
];

const REQUESTS: readonly ((asker: Asker) => Exact)[] = [
  ...[subscribe, subscribe, subscribe, unsubscribe, unsubscribe],
  ...[publish, list, inform, informOfNothing],
];

function subscribe({ chance, options, own, followed }: Asker): Exact {
  const topic = `${own}/${chance.below(TOPICS_MAX)}`;
  const [more, said] = chance.pick(MANNERS);
  const text = `{"type":"subscribe","topic":${JSON.stringify(topic)}${more}}`;
  if (!followed.has(topic) && followed.size >= options.subscriptionsMax) {
    const sentence = `Too many subscriptions: at most ${options.subscriptionsMax} per connection.`;
    return { text, expected: errorLine(sentence) };
  }
  followed.add(topic);
  return { text, expected: `subscribed to ${topic}${said}` };
}

/** Of one that it follows. */
export function unfollow(topic: string): Exact {
  const text = `{"type":"unsubscribe","topic":${JSON.stringify(topic)}}`;
  return { text, expected: `unsubscribed from ${topic}` };
}

/** Nobody publishes to these topics, and nobody knows the epoch `none`. */
const MANNERS: readonly (readonly [more: string, said: string])[] = [
  ['', ''],
  [',"envelope":true', ' at 0'],
  [',"envelope":false', ' at 0'],
  [',"since":{"epoch":"none","offset":0}', ' at 0, recovered false'],
];

function unsubscribe({ chance, own, followed }: Asker): Exact {
  const topic = `${own}/${chance.below(TOPICS_MAX)}`;
  const told = unfollow(topic);
  return followed.delete(topic) ? told : { ...told, expected: errorLine(unknown(topic)) };
}

function publish({ chance, own, options }: Asker): Exact {
  const topic = `${own}/quiet`;
  const id = chance.pick(['', 'i', 'j'.repeat(options.idLengthMax)]);
  const named = id === '' ? '' : `,"id":"${id}"`;
  const type = chance.pick(['', '"type":"publish",', '"type":7,', '"type":null,']);
  const text = `{${type}"topic":"${topic}","data":{"a": [1.0]}${named},"ack":true}`;
  const told = `published to ${topic} for 0 as ${id === '' ? 'its place' : id}`;
  const lost = errorLine(
    `It is not known whether this was published to ${topic}: the shard that orders it restarted. Publish again with an id.`,
  );
  return { text, expected: new RegExp(`^(?:${literal(told)}|${literal(lost)})$`, 'u') };
}

function list({ isBound, isListing }: Asker): Exact {
  const listed = isBound ? OWN_LIST : ANY_LIST;
  const busy = literal(errorLine('The topics are being listed already.'));
  const expected = new RegExp(isListing ? `${listed}|^${busy}$` : listed, 'u');
  return { text: '{"type":"list_topics"}', expected };
}

function inform({ chance, own, followed }: Asker): Exact {
  const topic = `${own}/${chance.below(TOPICS_MAX)}`;
  if (!followed.has(topic)) return informOfNothing({ own });
  const text = `{"type":"topic_info","topic":${JSON.stringify(topic)}}`;
  return { text, expected: informed(topic, 1, 0, 0) };
}

function informOfNothing({ own }: Pick<Asker, 'own'>): Exact {
  const topic = `${own}/nothing`;
  const text = `{"type":"topic_info","topic":${JSON.stringify(topic)}}`;
  return { text, expected: informed(topic, 0, undefined, 0) };
}

const LONG_BYTES = 65_536;
const TOPICS_MAX = 12;
const ANY_LIST = '^listed ';
const OWN_LIST = '^listed \\[(?:\\["own/[^"]*",\\d+\\](?:,\\["own/[^"]*",\\d+\\])*)?\\]$';
