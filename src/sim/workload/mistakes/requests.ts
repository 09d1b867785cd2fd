// HTTP requests whose only right answer is known: mistakes, hints, preflights, and questions about topics that nobody
// knows. Written from spec/broker.md ("Event streams", "HTTP", "Browsers"). Refuses to know connections.

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { WireWord } from '../../edges/network.ts';
import { PAGE } from '../../plan/settings.ts';
import { BAD_ENVELOPE, BAD_TOPIC, badId, MALFORMED, NOT_JSON } from '../hearing/rewriting.ts';
import { shakeOf } from '../asking/handshakes.ts';
import type { Asker, Expected } from './texts.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly httpVersion?: string;
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

const TOLD = [
  ...['content-type', 'cache-control', 'allow', 'upgrade', 'sec-websocket-version'],
  ...['www-authenticate'],
  ...['access-control-allow-origin', 'vary', 'access-control-allow-methods'],
  ...['access-control-allow-headers', 'access-control-max-age'],
];

export function drawRequest(caller: Caller): Request {
  const { chance, options } = caller;
  // No request shows a token: where one is asked for, nobody is known.
  if (options.requireToken) return unknown(caller);
  const { allowedOrigins } = options;
  const isStrict = allowedOrigins.length > 0 && !allowedOrigins.includes('*');
  const drawnOf = isStrict && chance.chance(1, 3) ? strangers(allowedOrigins) : requests(caller);
  const [line, expected, body = '', headers = {}] = chance.pick(drawnOf)();
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

/** Each is made when it is drawn: they are many. */
function requests({ options, own }: Caller): readonly (() => Asked)[] {
  const { batchMax, topicLengthMax, idLengthMax, jsonDepthMax, sseTopicsMax } = options;
  const topic = `${own}/nothing`;
  const place = `/topics/${encodeURIComponent(topic)}`;
  const info = { topic, subscribers: 0, epoch: null, offset: null, history: 0 };
  const tooLong = `Topic too long: at most ${topicLengthMax} characters.`;
  const many = (): readonly string[] =>
    Array.from({ length: sseTopicsMax + 1 }, (_, index) => `topic=${own}${index}`);
  const publish = (body: string, status: number, sentence: string): Asked => [
    'POST /publish',
    failed(status, sentence),
    body,
  ];
  const follow = (query: string, sentence: string): Asked => [
    `GET /sse?${query}`,
    failed(400, sentence),
  ];
  const other = (line: string, allow: string): Asked => [
    line,
    failed(405, `Only ${allow} is answered here.`, `allow: ${allow}`),
  ];
  const nested = '['.repeat(jsonDepthMax) + ']'.repeat(jsonDepthMax);
  return [
    ...['', '{', '{"topic":"a","data":1', '\ufeff[]'].map(
      (body) => () => publish(body, 400, NOT_JSON),
    ),
    () => publish('7', 400, NO_OBJECT),
    () => publish('[{"topic":"a","data":1},7]', 400, `${NO_OBJECT} (item 1)`),
    () => publish('{"topic":"a"}', 400, MALFORMED),
    () => publish('[{"topic":"a","data":1},{"data":1}]', 400, `${MALFORMED} (item 1)`),
    () => publish('[{"topic":"\\u0000","data":1}]', 400, `${BAD_TOPIC} (item 0)`),
    () => publish(`{"topic":"${'x'.repeat(topicLengthMax + 1)}","data":1}`, 400, tooLong),
    () => publish('{"topic":"a","data":1,"id":7}', 400, badId(idLengthMax)),
    () =>
      publish(
        `[{"topic":"a","data":${nested}}]`,
        400,
        `Message is nested too deeply: at most ${jsonDepthMax} levels.`,
      ),
    // The last that is allowed.
    () => [
      `GET /topics/${'x'.repeat(topicLengthMax)}`,
      json(200, { ...info, topic: 'x'.repeat(topicLengthMax) }),
    ],
    ...(batchMax > BATCH_MAX
      ? []
      : [
          (): Asked => [
            'POST /publish',
            taken(batchMax),
            `[${Array.from({ length: batchMax }, () => `{"topic":"${own}/batch","data":1}`).join(',')}]`,
          ],
          (): Asked => [
            'POST /publish',
            taken(1),
            `[{"topic":"${own}/batch","id":"${'i'.repeat(idLengthMax)}","data":${'['.repeat(jsonDepthMax - 2)}${']'.repeat(jsonDepthMax - 2)}}]`,
          ],
          () =>
            publish(
              `[${Array.from({ length: batchMax + 1 }, () => '{"topic":"a","data":1}').join(',')}]`,
              413,
              `Too many publications: at most ${batchMax} at once.`,
            ),
        ]),
    () => ['POST /publish', json(200, []), ' [ ] '],
    ...pages(options.allowedOrigins).flatMap(
      ({ headers, isPlain, isKnown, told }): (() => Asked)[] => {
        const refused = (): string => json(403, { error: 'This origin is not allowed.' }, ...told);
        const isRead = isKnown || options.allowedOrigins.length === 0;
        return [
          () => ['POST /publish', isKnown ? json(200, [], ...told) : refused(), '[]', headers],
          () => [`GET ${place}`, isRead ? json(200, info, ...told) : refused(), '', headers],
          ...(isRead
            ? []
            : [
                (): Asked =>
                  isPlain
                    ? ['GET /ws', refused(), '', { ...headers, ...shakeOf(0, [], false) }]
                    : ['GET /sse?topic=a', refused(), '', headers],
              ]),
          () => ['OPTIONS /publish', preflight(told), '', headers],
        ];
      },
    ),
    () => other('GET /publish', 'POST'),
    () => other('DELETE /publish', 'POST'),
    () => other('POST /topics', 'GET, HEAD'),
    () => other(`PUT ${place}`, 'GET, HEAD'),
    () => other('POST /sse', 'GET'),
    ...['/', '/ws'].map((path) => (): Asked => [
      `GET ${path}`,
      failed(426, DOOR, 'upgrade: websocket\nsec-websocket-version: 13'),
    ]),
    ...['/nowhere', '/topic', '/publish/', '/sse/'].map((path) => (): Asked => [
      `GET ${path}`,
      failed(404, NOWHERE),
    ]),
    ...['/publish', '/nowhere', '/'].map((path) => (): Asked => [`OPTIONS ${path}`, PREFLIGHT]),
    () => [`GET ${place}`, json(200, info)],
    () => [`HEAD ${place}`, headOf(json(200, info))],
    () => ['HEAD /nowhere', headOf(failed(404, NOWHERE))],
    () => ['GET /topics', TOPICS],
    ...['', '%00', '%E2%82', '%', 'x'.repeat(topicLengthMax + 1)].map((name) => (): Asked => [
      `GET /topics/${name}`,
      failed(400, 'The path must end in one percent-encoded topic.'),
    ]),
    () => follow('', 'Name at least one topic: /sse?topic=a&topic=b'),
    () => follow('envelope=1', 'Name at least one topic: /sse?topic=a&topic=b'),
    () => follow('topic=', 'A topic must not be empty.'),
    () => follow('topic=a&topic=', 'A topic must not be empty.'),
    () => follow('topic=a&envelope=2', BAD_ENVELOPE),
    () => follow('topic=a&envelope=', BAD_ENVELOPE),
    () => follow('topic=%0a', BAD_TOPIC),
    () => follow(`topic=${'x'.repeat(topicLengthMax + 1)}`, tooLong),
    () => follow('topic=%ff', 'The query must be percent-encoded UTF-8.'),
    () => follow(many().join('&'), `Too many topics: at most ${sseTopicsMax} in one stream.`),
  ];
}

/** [BROKER-DOOR-3] [BROKER-CORS-3] Pages that are not on the list, however they come. */
function strangers(list: readonly string[]): readonly (() => Asked)[] {
  return pages(list)
    .filter(({ isKnown }) => !isKnown)
    .flatMap(({ headers, told }): (() => Asked)[] => {
      const refused = (): string => json(403, { error: 'This origin is not allowed.' }, ...told);
      return [
        () => ['GET /ws', refused(), '', { ...headers, ...shakeOf(0, [], false) }],
        () => ['GET /sse?topic=a', refused(), '', headers],
      ];
    });
}

interface Page {
  readonly headers: Readonly<Record<string, string>>;
  /** It came over http: it asks for a WebSocket where others ask for events. */
  readonly isPlain: boolean;
  /** It is on the list, or of the door itself. */
  readonly isKnown: boolean;
  readonly told: readonly string[];
}

/** [BROKER-CORS-1] [BROKER-CORS-3] [BROKER-CORS-4] */
function pages(list: readonly string[]): readonly Page[] {
  const page = (origin: string, host: string, isOwn: boolean): Page => {
    const isAny = list.includes('*');
    const isListed = list.includes(origin);
    const allowed = isAny ? '*' : isListed ? origin : undefined;
    const told = [
      ...(allowed === undefined ? [] : [`access-control-allow-origin: ${allowed}`]),
      ...(list.length === 0 || isAny ? [] : ['vary: Origin']),
    ];
    const isPlain = origin.startsWith('http:');
    return { headers: { origin, host }, isPlain, isKnown: isOwn || isAny || isListed, told };
  };
  return [
    page(PAGE, 'door.example', false),
    page('https://elsewhere.example', 'door.example', false),
    page('https://door.example:8443', 'door.example:8443', true),
    page('http://door.example', 'door.example', false),
    page('http://127.0.0.1:8080', '127.0.0.1:8080', true),
    page('http://[::1]:8080', '[::1]:8080', true),
    page('http://localhost', 'localhost', true),
    page('http://localhost', 'door.example', false),
  ];
}

/** [BROKER-CORS-2] */
function preflight(told: readonly string[]): string {
  const [allowed, ...others] = told;
  const isAllowed = allowed?.startsWith('access-control-allow-origin') === true;
  const more = isAllowed
    ? [
        'access-control-allow-methods: GET, HEAD, POST, OPTIONS',
        'access-control-allow-headers: authorization, content-type, last-event-id',
        'access-control-max-age: 600',
      ]
    : [];
  const lines = [...(allowed === undefined ? [] : [allowed]), ...others, ...more];
  return `${PREFLIGHT.trimEnd()}\n${lines.map((line) => `${line}\n`).join('')}`;
}

/** So many publications are taken, whatever their places. */
function taken(count: number): RegExp {
  const one = '\\{"topic":"[^"]+","id":"[^"]+","epoch":"[^"]+","offset":\\d+,"subscribers":0\\}';
  return new RegExp(`^200\n${JSON_HEAD.join('\n')}\n\\[${one}(,${one}){${count - 1}}\\]\n$`, 'u');
}

/** [WS-SHAKE-1] Whatever is wrong is said in words. */
export function refusedShake(status: number): RegExp {
  const upgrade = status === 426 ? 'upgrade: websocket\\nsec-websocket-version: 13\\n' : '';
  return new RegExp(`^${status}\\ncontent-type: text/plain\\n${upgrade}[^\\n]+\\n$`, 'u');
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

function json(status: number, value: unknown, ...more: readonly string[]): string {
  return [status, ...JSON_HEAD, ...more, `${JSON.stringify(value)}\n`].join('\n');
}

function failed(status: number, error: string, more?: string): string {
  return json(status, { error }, ...(more === undefined ? [] : [more]));
}

/** The same without the body. */
function headOf(answer: string): string {
  const lines = answer.split('\n');
  return [...lines.slice(0, -2), ''].join('\n');
}

const JSON_HEAD = ['content-type: application/json; charset=utf-8', 'cache-control: no-store'];
const PREFLIGHT = '204\nallow: GET, HEAD, POST, OPTIONS\n';
const TOPICS = new RegExp(`^200\n${JSON_HEAD.join('\n')}\n\\{"topics":\\{.*\\}\\}\n$`, 'u');
const NO_OBJECT = 'Each publication must be an object.';
const DOOR =
  'This door speaks WebSocket here. For plain HTTP see /sse?topic=…, /publish and /topics.';
const NOWHERE =
  'Nothing is here. There are GET /sse?topic=…, POST /publish, GET /topics, GET /topics/{topic}, and WebSocket on any path.';
/** Where more may come at once, too many are not worth their bytes. */
const BATCH_MAX = 100;
