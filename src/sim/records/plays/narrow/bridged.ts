// Plays of what is published to a topic of the broker that is joined to a room. Written from spec/bridge.md, "Rooms". Refuses to
// know how it gets there.

import {
  BYE,
  enters,
  has,
  hears,
  inRoom,
  line,
  play,
  type Play,
  posts,
  says,
  type Step,
  waits,
} from '../play.ts';

/** As an operator has joined them. */
export const PLAYED_BRIDGE = { one: 'chat/room/span', other: 'broker/span' };

const topic = 'span';
/** The JSON of its data as it stands there. */
const published = (data: string, id?: string): string =>
  `{"topic":"${topic}",${id === undefined ? '' : `"id":"${id}",`}"data":${data}}`;
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const long = (length: number): string => 'x'.repeat(length);

interface Case {
  readonly data: string;
  readonly id?: string;
  /** Undefined where nobody hears it. */
  readonly words: string | undefined;
}

const cases: readonly Case[] = [
  { data: String.raw`"hello\r\n\n"`, words: 'id=made from=guest body=hello' },
  {
    data: '{"from":"page","body":"b1","data":{"x":170.50}}',
    id: 'p1',
    words: 'id=p1 from=page body=b1 data={"x":170.50}',
  },
  { data: '{"body":"b1"}', id: 'p1', words: undefined },
  { data: '{"from":"no name","body":"b2"}', id: 'a b', words: 'id=made from=guest body=b2' },
  { data: '{"from":5,"body":"b3"}', words: 'id=made from=guest body=b3' },
  { data: '[1, 2]', words: 'id=made from=guest body=[1, 2]' },
  { data: '[1,\n2]', words: 'id=made from=guest body=[1, 2]' },
  { data: '{"x":1}', words: 'id=made from=guest body={"x":1}' },
  { data: '{"body":5}', words: 'id=made from=guest body={"body":5}' },
  { data: ' true ', words: 'id=made from=guest body=true' },
  { data: '1e400', words: 'id=made from=guest body=1e400' },
  { data: '{"body":""}', words: undefined },
  { data: String.raw`"\n"`, words: undefined },
  { data: String.raw`"\u0000"`, words: undefined },
  { data: String.raw`{"body":"\ud800"}`, words: undefined },
  { data: String.raw`{"body":"b4","data":["\ud800"]}`, words: undefined },
  {
    data: String.raw`{"body":"b5","data":["\u0000"]}`,
    words: String.raw`id=made from=guest body=b5 data=["\u0000"]`,
  },
  { data: `"${long(16_384)}"`, words: 'id=made from=guest body=xx~16384' },
  { data: `"${long(16_385)}"`, words: undefined },
  { data: `"${'\u00e9'.repeat(8_193)}"`, words: undefined },
  { data: `{"body":"b6","data":"${long(20_000)}"}`, words: undefined },
  { data: nested(31), words: `id=made from=guest body=[[~62` },
  { data: nested(32), words: undefined },
  {
    data: `{"body":"b7","data":${nested(30)}}`,
    words: `id=made from=guest body=b7 data=${nested(30)}`,
  },
  { data: `{"body":"b8","data":${nested(31)}}`, words: undefined },
];

function told(words: string, seq: number): string {
  const [, id = '', from = '', rest = ''] = /^(\S+) (\S+) (.*)$/.exec(words) ?? [];
  return `ROOM_MESSAGE ${id} room=span ${from}@broker ${rest} seq=${seq}`;
}

export const bridgedPlays: readonly Play[] = [
  play('said-over-a-bridge', (house) => {
    let seq = 0;
    const steps = cases.flatMap(({ data, id, words }): readonly Step[] => {
      if (words === undefined) return [posts(published(data, id)), waits(150), has('a')];
      seq += 1;
      return [posts(published(data, id)), hears('a', told(words, seq))];
    });
    return [
      ...[...enters(house, 'a', 'bridgekeeper'), ...inRoom('a', 'span', 1), ...steps],
      // Who speaks over a bridge is no member.
      ...[says('a', line('ROOM_MEMBERS', { room: 'span' }))],
      hears(
        'a',
        'ROOM_MEMBERS_OK room=span members=[{"user":"bridgekeeper","status":"online"}] count=1 more=false partial=false',
      ),
      ...[waits(1_100)],
      posts(`[${Array.from({ length: 34 }, (_, at) => published(`"f${at + 1}"`)).join(',')}]`),
      ...[waits(200)],
      has(
        'a',
        ...Array.from({ length: 30 }, (_, at) =>
          told(`id=made from=guest body=f${at + 1}`, seq + at + 1),
        ),
      ),
      ...[says('a', line('BYE')), hears('a', ...BYE)],
    ];
  }),
];
