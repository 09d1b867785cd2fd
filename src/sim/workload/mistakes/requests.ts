// HTTP requests whose only right answer is known: mistakes, hints, preflights, and questions about topics that nobody
// knows. Written from spec/broker.md ("Event streams", "HTTP", "Browsers"). Refuses to know connections.

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { WireWord } from '../../edges/network.ts';
import { BAD_ENVELOPE, BAD_TOPIC, badId, MALFORMED, NOT_JSON } from '../hearing/rewriting.ts';
import type { Asker, Expected } from './texts.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly expected: Expected;
}

/** Who asks over HTTP. */
export type Caller = Pick<Asker, 'chance' | 'options' | 'own'>;

type Response = Extract<WireWord, { readonly word: 'response' }>;

/** One text for a response, to be compared: what the spec says of it, and no more. */
export function responseText({ status, headers, body }: Response): string {
  const told = TOLD.flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [`${name}: ${value}`];
  });
  return [status, ...told, body].join('\n');
}

const TOLD = ['content-type', 'cache-control', 'allow', 'upgrade', 'www-authenticate'];

export function drawRequest(caller: Caller): Request {
  const { chance, options } = caller;
  // No request shows a token: where one is asked for, nobody is known.
  if (options.requireToken) return unknown(caller);
  const table = options.batchMax > BATCH_MAX ? WITHOUT_BATCHES : WITH_BATCHES;
  const [line, expected, body = '', headers = {}] = chance.pick(table)(caller);
  const [method = '', target = ''] = line.split(' ');
  const [path = '', query = ''] = target.split('?');
  return { method, path, query, headers, body: encodeText(body), expected };
}

type Asked = readonly [
  line: string,
  expected: Expected,
  body?: string,
  headers?: Readonly<Record<string, string>>,
];

/** Made for one caller when it is drawn: most of them are not. */
type Drawn = (caller: Caller) => Asked;

const FIRST: readonly Drawn[] = [
  ...['', '{', '{"topic":"a","data":1', '\ufeff[]'].map(
    (body): Drawn =>
      () =>
        publish(body, 400, NOT_JSON),
  ),
  () => publish('7', 400, NO_OBJECT),
  () => publish('[{"topic":"a","data":1},7]', 400, `${NO_OBJECT} (item 1)`),
  () => publish('{"topic":"a"}', 400, MALFORMED),
  () => publish('[{"topic":"a","data":1},{"data":1}]', 400, `${MALFORMED} (item 1)`),
  () => publish('[{"topic":"\\u0000","data":1}]', 400, `${BAD_TOPIC} (item 0)`),
  (caller) => publish(`{"topic":"${longest(caller)}x","data":1}`, 400, tooLong(caller)),
  ({ options: { idLengthMax } }) =>
    publish('{"topic":"a","data":1,"id":7}', 400, badId(idLengthMax)),
  ({ options: { jsonDepthMax } }) =>
    publish(
      `[{"topic":"a","data":${'['.repeat(jsonDepthMax)}${']'.repeat(jsonDepthMax)}}]`,
      400,
      `Message is nested too deeply: at most ${jsonDepthMax} levels.`,
    ),
  // The last that is allowed.
  (caller) => [`GET /topics/${longest(caller)}`, info(longest(caller))],
];
const BATCHES: readonly Drawn[] = [
  ({ options: { batchMax }, own }) => [
    'POST /publish',
    taken(batchMax),
    `[${Array.from({ length: batchMax }, () => `{"topic":"${own}/batch","data":1}`).join(',')}]`,
  ],
  ({ options: { idLengthMax, jsonDepthMax }, own }) => [
    'POST /publish',
    taken(1),
    `[{"topic":"${own}/batch","id":"${'i'.repeat(idLengthMax)}","data":${'['.repeat(jsonDepthMax - 2)}${']'.repeat(jsonDepthMax - 2)}}]`,
  ],
  ({ options: { batchMax } }) =>
    publish(
      `[${Array.from({ length: batchMax + 1 }, () => '{"topic":"a","data":1}').join(',')}]`,
      413,
      `Too many publications: at most ${batchMax} at once.`,
    ),
];
const LAST: readonly Drawn[] = [
  () => ['POST /publish', json(200, []), ' [ ] '],
  () => [
    'POST /publish',
    failed(403, 'This origin is not allowed.'),
    '{"topic":"a","data":1}',
    { origin: 'https://elsewhere.example' },
  ],
  () => other('GET /publish', 'POST'),
  () => other('DELETE /publish', 'POST'),
  () => other('POST /topics', 'GET, HEAD'),
  (caller) => other(`PUT ${nothing(caller).place}`, 'GET, HEAD'),
  () => other('POST /sse', 'GET'),
  ...['/', '/ws'].map((path): Drawn => () => [
    `GET ${path}`,
    failed(426, DOOR, 'upgrade: websocket'),
  ]),
  ...['/nowhere', '/topic', '/publish/', '/sse/'].map((path): Drawn => () => [
    `GET ${path}`,
    failed(404, NOWHERE),
  ]),
  ...['/publish', '/nowhere', '/'].map((path): Drawn => () => [`OPTIONS ${path}`, PREFLIGHT]),
  (caller) => [`GET ${nothing(caller).place}`, nothing(caller).told],
  (caller) => [`HEAD ${nothing(caller).place}`, headOf(nothing(caller).told)],
  () => ['HEAD /nowhere', headOf(failed(404, NOWHERE))],
  () => ['GET /topics', TOPICS],
  ...['', '%00', '%E2%82', '%'].map(
    (name): Drawn =>
      () =>
        badPath(name),
  ),
  (caller) => badPath(`${longest(caller)}x`),
  () => follow('', NO_TOPIC),
  () => follow('envelope=1', NO_TOPIC),
  () => follow('topic=', 'A topic must not be empty.'),
  () => follow('topic=a&topic=', 'A topic must not be empty.'),
  () => follow('topic=a&envelope=2', BAD_ENVELOPE),
  () => follow('topic=a&envelope=', BAD_ENVELOPE),
  () => follow('topic=%0a', BAD_TOPIC),
  (caller) => follow(`topic=${longest(caller)}x`, tooLong(caller)),
  () => follow('topic=%ff', 'The query must be percent-encoded UTF-8.'),
  ({ options: { sseTopicsMax }, own }) =>
    follow(
      Array.from({ length: sseTopicsMax + 1 }, (_, index) => `topic=${own}${index}`).join('&'),
      `Too many topics: at most ${sseTopicsMax} in one stream.`,
    ),
];
const WITH_BATCHES: readonly Drawn[] = [...FIRST, ...BATCHES, ...LAST];
const WITHOUT_BATCHES: readonly Drawn[] = [...FIRST, ...LAST];

function publish(body: string, status: number, sentence: string): Asked {
  return ['POST /publish', failed(status, sentence), body];
}

function follow(query: string, sentence: string): Asked {
  return [`GET /sse?${query}`, failed(400, sentence)];
}

function other(line: string, allow: string): Asked {
  return [line, failed(405, `Only ${allow} is answered here.`, `allow: ${allow}`)];
}

/** A topic that nobody knows, and what is told of it. */
function nothing({ own }: Caller): { readonly place: string; readonly told: string } {
  const topic = `${own}/nothing`;
  return { place: `/topics/${encodeURIComponent(topic)}`, told: info(topic) };
}

function info(topic: string): string {
  return json(200, { topic, subscribers: 0, epoch: null, offset: null, history: 0 });
}

function tooLong({ options: { topicLengthMax } }: Caller): string {
  return `Topic too long: at most ${topicLengthMax} characters.`;
}

function longest({ options: { topicLengthMax } }: Caller): string {
  return 'x'.repeat(topicLengthMax);
}

function badPath(name: string): Asked {
  return [`GET /topics/${name}`, failed(400, 'The path must end in one percent-encoded topic.')];
}

/** So many publications are taken, whatever their places. */
function taken(count: number): RegExp {
  const one = '\\{"topic":"[^"]+","id":"[^"]+","epoch":"[^"]+","offset":\\d+,"subscribers":0\\}';
  return new RegExp(`^200\n${JSON_HEAD.join('\n')}\n\\[${one}(,${one}){${count - 1}}\\]\n$`, 'u');
}

/** Nobody is let in without a token. */
function unknown({ chance, own }: Caller): Request {
  const [method, path, query] = chance.pick([
    ['GET', '/topics', ''],
    ['GET', `/topics/${own}`, ''],
    ['POST', '/publish', ''],
    ['GET', '/sse', 'topic=a'],
  ] as const);
  const expected = failed(401, 'A token is needed.', 'www-authenticate: Bearer');
  const body = encodeText('{"topic":"a","data":1}');
  return { method, path, query, headers: {}, body, expected };
}

function json(status: number, value: unknown, more?: string): string {
  const told = more === undefined ? JSON_HEAD : [...JSON_HEAD, more];
  return [status, ...told, `${JSON.stringify(value)}\n`].join('\n');
}

function failed(status: number, error: string, more?: string): string {
  return json(status, { error }, more);
}

/** The same without the body. */
function headOf(answer: string): string {
  const lines = answer.split('\n');
  return [...lines.slice(0, -2), ''].join('\n');
}

const JSON_HEAD = ['content-type: application/json; charset=utf-8', 'cache-control: no-store'];
const PREFLIGHT = '204\nallow: GET, HEAD, POST, OPTIONS\n';
const TOPICS = new RegExp(`^200\n${JSON_HEAD.join('\n')}\n\\{"topics":\\{.*\\}\\}\n$`, 'u');
const NO_TOPIC = 'Name at least one topic: /sse?topic=a&topic=b';
const NO_OBJECT = 'Each publication must be an object.';
const DOOR =
  'This door speaks WebSocket here. For plain HTTP see /sse?topic=…, /publish and /topics.';
const NOWHERE =
  'Nothing is here. There are GET /sse?topic=…, POST /publish, GET /topics, GET /topics/{topic}, and WebSocket on any path.';
/** Where more may come at once, too many are not worth their bytes. */
const BATCH_MAX = 100;
