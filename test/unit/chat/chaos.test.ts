// Whatever clients do and shards suffer, in whatever order turns fall: no actor fails, nobody hears a message twice, and when
// everybody is gone nothing of them is left.

import { assert as check, array, constantFrom, integer, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { HpClient, type HpLine } from '../../support/hp-client.ts';
import { Stage } from '../../support/stage.ts';

const SHARDS = 3;
const deeds = [
  'login',
  'join',
  'say',
  'direct',
  'watch',
  'leave',
  'lost',
  'half',
  'resume',
  'bye',
  'crash',
  'wait',
  'status',
  'history',
  'typing',
  'garbage',
] as const;
const fast = {
  messagesPerSecondMax: 1e6,
  messagesBurstMax: 1e6,
  joinsPerSecondMax: 1e6,
  presenceEveryMs: 1,
  emptyRoomMs: 0,
};

class Player {
  readonly user: string;
  client: HpClient | undefined = undefined;
  token = '';
  readonly heard: HpLine[] = [];
  #said = 0;

  constructor(user: string) {
    this.user = user;
  }

  hear(): void {
    for (const line of this.client?.take() ?? []) {
      this.heard.push(line);
      const resume = line.payload['resume'] as { token?: string } | undefined;
      if (typeof resume === 'object' && resume.token !== undefined) this.token = resume.token;
    }
  }

  do(deed: (typeof deeds)[number], stage: Stage, shard: number, other: string): void {
    const { client } = this;
    this.#said += 1;
    const id = `${this.user}${this.#said}`;
    switch (deed) {
      case 'login':
      case 'resume':
        client?.wire.leave();
        this.hear();
        this.client = new HpClient(stage, shard);
        if (deed === 'login')
          this.client.ask('LOGIN', { user: this.user, caps: shard === 0 ? ['ack'] : [] }, id);
        else this.client.ask('RESUME', { token: this.token === '' ? 'x' : this.token }, id);
        return;
      case 'join':
        return void client?.ask('JOIN', { room: `r${shard}`, history: { limit: 3 } }, id);
      case 'leave':
        return void client?.ask('LEAVE', { room: `r${shard}` }, id);
      case 'say':
        return void client?.ask('ROOM_MESSAGE', { room: `r${shard}`, body: id }, id);
      case 'direct':
        return void client?.ask('DIRECT_MESSAGE', { to: other, body: id }, id);
      case 'watch':
        return void client?.ask('PRESENCE_SUBSCRIBE', { users: [other, this.user] }, id);
      case 'status':
        return void client?.ask('PRESENCE_SET', { status: 'away' }, id);
      case 'history':
        return void client?.ask('HISTORY', { with: other }, id);
      case 'typing':
        return void client?.ask('TYPING', { to: other, on: true }, id);
      case 'garbage':
        return client?.raw('{"version":"1.0","type"\n');
      case 'lost':
        return client?.wire.leave();
      case 'half':
        return client?.wire.hear({
          type: 'closeReceived',
          connection: client.wire.id,
          code: 1_005,
          reason: '',
        });
      case 'bye':
        return void client?.ask('BYE', {}, id);
      case 'wait':
        return stage.pass(shard * 7_000);
      case 'crash':
        return stage.crash(shard);
      default:
        deed satisfies never;
    }
  }
}

const step = tuple(
  integer({ min: 0, max: 2 }),
  constantFrom(...deeds),
  integer({ min: 0, max: SHARDS - 1 }),
  integer({ min: 0, max: 12 }),
);

test('[HP-ROOM-9] [HP-MSG-5] [HP-DM-2] [HP-RES-3] in any order of deeds and deaths', () => {
  check(
    property(
      integer({ min: 0, max: 1e9 }),
      array(step, { minLength: 10, maxLength: 60 }),
      (chance, steps) => {
        const stage = new Stage({ chat: fast, shards: SHARDS, chance });
        stage.settle();
        const players = ['ann', 'ben', 'cid'].map((user) => new Player(user));
        for (const [who, deed, shard, turns] of steps) {
          const player = players[who];
          const other = players[(who + 1) % players.length]?.user ?? '';
          player?.do(deed, stage, shard, other);
          for (let i = 0; i < turns; i += 1) stage.step();
          for (const one of players) one.hear();
        }
        stage.settle();
        for (const one of players) one.hear();
        expect(stage.troubles).toEqual([]);
        for (const { heard, user } of players) {
          expect(heard.filter(({ payload }) => payload['code'] === 'INTERNAL')).toEqual([]);
          // What is told live is told once to a connection, whatever died.
          const live = heard
            .filter(({ type, payload }) => type === 'ROOM_MESSAGE' && payload['delayed'] !== true)
            .map(({ id, payload }) =>
              [payload['room'], payload['epoch'], payload['seq'], id].join(' '),
            );
          expect([user, live.filter((one, at) => live.indexOf(one) !== at)]).toEqual([user, []]);
        }
        forget(stage, players);
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);

/** Everybody goes; after the resume window nothing is left. */
function forget(stage: Stage, players: readonly Player[]): void {
  for (const { client } of players) client?.wire.leave();
  stage.settle();
  stage.pass(65_000);
  const witness = HpClient.in(stage, 'witness');
  witness.ask('ROOM_LIST', {});
  witness.ask('PRESENCE_QUERY', { users: players.map(({ user }) => user) });
  stage.settle();
  const [rooms, presence] = witness.take();
  expect(rooms?.payload['rooms']).toEqual([]);
  expect(presence?.payload['users']).toEqual(
    players.map(
      ({ user }) => expect.objectContaining({ user, status: 'offline', sessions: 0 }) as unknown,
    ),
  );
}
