// What the origin of a scene answers over HTTP: to the question itself, to its next links and to its filters.
// Written from spec/grip.md, "Instructions" to "Filters". Refuses to know what the gateway makes of it.

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import { flaws } from '../../plan/scenes/flaws.ts';
import { type Alive, channelName, type Header, type Scene } from '../../records/scenes/scene.ts';
import {
  AGAIN,
  base64,
  bodyOf,
  modified,
  nextLink,
  type Place,
} from '../../records/scenes/texts.ts';

export interface SceneAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

/** By channel, as its origin names it: the last item that its asker has seen. */
type Seen = ReadonlyMap<string, string>;

/** [GRIP-SEQ-5] */
export function seenIn(headers: readonly Header[]): Seen {
  return new Map(
    headers
      .filter(([name]) => name.toLowerCase() === 'grip-last')
      .flatMap(([, value]) => value.split(','))
      .map((one) => {
        const [, channel = '', id = ''] = /^\s*([^;]+); *last-id=(.*)$/.exec(one) ?? [];
        return [channel, id] as const;
      }),
  );
}

/** To the client's question. */
export function requestAnswer(scene: Scene, place: Place, seen: Seen): SceneAnswer {
  const { flaw, said } = scene;
  if (flaw !== undefined) {
    const { status, headers, body } = flaws[flaw];
    return answer(status, headers, body);
  }
  return scene.isJson
    ? answer(200, JSON_TYPE, JSON.stringify(jsonOf(scene, place, seen)))
    : answer(200, [...said.headers, ...linesOf(scene, place, seen)], bodyOf(said));
}

/** When something is known to be new: held no longer. */
export function againAnswer(): SceneAnswer {
  return answer(200, [], AGAIN);
}

/** To a next link, asked for the `asked`th time. */
export function nextAnswer(
  scene: Scene,
  place: Place,
  { asked, seen }: { readonly asked: number; readonly seen: Seen },
): SceneAnswer {
  const isWell = scene.next?.answers[asked] ?? true;
  if (!isWell) return { ...answer(500, [], 'not now\n'), reason: 'Internal Server Error' };
  const failed = scene.next?.answers.slice(0, asked).filter((one) => !one).length ?? 0;
  const lines = holdLines(scene, place, { seen, answers: asked - failed + 1 });
  return answer(200, placed(lines, scene, asked), `next ${asked}\n`);
}

/** Items have been published up to the second one. */
function placed(lines: readonly Header[], { next }: Scene, asked: number): readonly Header[] {
  if (next?.isBehind !== true) return lines;
  const id = asked === 0 ? '1' : '2';
  return lines.map(([name, value]) => [
    name,
    name === 'Grip-Channel' ? `${value}; prev-id=${id}` : value,
  ]);
}

/** Whoever has a sender is kept away, what is not for some cannot be told; what names a channel stays as it is. */
export function filterAnswer(headers: readonly Header[], body: Uint8Array): SceneAnswer {
  const [, told = '{}'] = headers.find(([name]) => name.toLowerCase() === 'pub-meta') ?? [];
  const meta = JSON.parse(told) as Readonly<Record<string, string>>;
  if (meta['sender'] !== undefined) return answer(200, [['Action', 'drop']], '');
  if (meta['skip_users'] !== undefined) return answer(500, [], 'who knows\n');
  if (meta['require_sub'] !== undefined) return answer(204, [], '');
  return answer(200, [], modified(new TextDecoder().decode(body)));
}

function answer(status: number, headers: readonly Header[], body: string): SceneAnswer {
  const reason = { 200: 'OK', 204: 'No Content' }[status] ?? 'Somehow';
  return { status, reason, headers, body: encodeText(body) };
}

function linesOf(scene: Scene, place: Place, seen: Seen): Header[] {
  const { status, reason, exposed } = scene.said;
  const words = reason === '' ? '' : ` ${reason}`;
  return [
    ...(status === undefined ? [] : [['Grip-Status', `${status}${words}`] as const]),
    ...(exposed.length === 0 ? [] : [['Grip-Expose-Headers', exposed.join(', ')] as const]),
    ...(scene.shape === 'plain' ? [] : holdLines(scene, place, { seen, answers: 0 })),
  ];
}

function holdLines(
  scene: Scene,
  { client, number }: Place,
  { seen, answers }: { readonly seen: Seen; readonly answers: number },
): Header[] {
  const { shape, channels, filters, meta, timeoutS, alive, next, isPlaced } = scene;
  const told = filters.map((filter) => `; filter=${filter}`).join('');
  const names = Array.from({ length: channels }, (_, channel) => {
    const name = channelName(client, number, channel);
    return `${name}${isPlaced === true ? `; prev-id=${seen.get(name) ?? FIRST}` : ''}${told}`;
  });
  return [
    ['grip-hold', shape === 'poll' ? 'response' : 'stream'],
    // Lists and lines are the same.
    ...(number % 2 === 0
      ? names.map((name): Header => ['Grip-Channel', name])
      : [['Grip-Channel', names.join(', ')] as const]),
    ...(shape === 'poll' ? [['Grip-Timeout', String(timeoutS)] as const] : []),
    ...meta.map(([name, value]): Header => ['Grip-Set-Meta', `${name}="${value}"`]),
    ...(alive === undefined ? [] : [['Grip-Keep-Alive', aliveWords(alive)] as const]),
    ...(next === undefined
      ? []
      : [
          [
            'Grip-Link',
            `<${nextLink(answers)}?n=${client}&s=${number}>; rel=next; timeout=${next.timeoutS}, </else>; rel=other`,
          ] as const,
        ]),
  ];
}

function aliveWords({ text, format, timeoutS, isInterval }: Alive): string {
  const data = { raw: text, cstring: String.raw`${text}\n`, base64: base64(`${text}\n`) }[format];
  const mode = isInterval ? '; mode=interval' : '';
  return `${data}; format=${format}; timeout=${timeoutS}${mode}`;
}

function jsonOf(scene: Scene, { client, number }: Place, seen: Seen): object {
  const { shape, said, channels, filters, meta, timeoutS, alive } = scene;
  const { status, reason, headers } = said;
  const isOnceEach = new Set(headers.map(([name]) => name)).size === headers.length;
  const body = bodyOf(said);
  const hold = {
    mode: shape === 'poll' ? 'response' : 'stream',
    channels: Array.from({ length: channels }, (_, channel) => {
      const name = channelName(client, number, channel);
      const place = scene.isPlaced === true ? { 'prev-id': seen.get(name) ?? FIRST } : {};
      return { name, filters, ...place };
    }),
    // A number may be a string of digits.
    timeout: number % 2 === 0 ? timeoutS : String(timeoutS),
    meta: Object.fromEntries(meta),
    ...(alive === undefined ? {} : { 'keep-alive': jsonAlive(alive) }),
  };
  return {
    ...(shape === 'plain' ? {} : { hold }),
    response: {
      ...(status === undefined ? {} : { code: status }),
      ...(reason === '' ? {} : { reason }),
      headers: isOnceEach && number % 2 === 0 ? Object.fromEntries(headers) : headers,
      ...(number % 3 === 0 ? { 'body-bin': base64(body) } : { body }),
    },
  };
}

/** Where nothing is said of a mode, nothing puts it off. */
function jsonAlive({ text, format, timeoutS, isInterval }: Alive): object {
  const content =
    format === 'base64' ? { 'content-bin': base64(`${text}\n`) } : { content: `${text}\n` };
  return { ...content, timeout: timeoutS, ...(isInterval ? {} : { mode: 'idle' }) };
}

/** What the first item of a channel follows. */
export const FIRST = '0';
const JSON_TYPE: readonly Header[] = [
  ['Content-Type', 'application/grip-instruct; charset=utf-8'],
  ['X-Mine', 'not for the client'],
];
