// A client that left one node and comes back to another: nothing is missed, nothing comes twice, and nobody else notices.
// And when its node is gone, what it knows itself is enough.

import { describe, expect, test } from 'vitest';

import { readTicket, ticketText } from '../../../src/actors/codecs/hp-peer/ticket.ts';
import { Prng } from '../../../src/actors/runtime/prng.ts';
import { ClusterStage, SECRET } from '../../support/cluster-stage.ts';
import { HpClient, type HpLine } from '../../support/hp-client.ts';

const fast = {
  ...{ messagesPerSecondMax: 1e6, messagesBurstMax: 1e6, joinsPerSecondMax: 1e6 },
  ...{ pingEveryMs: 3e6, pingTimeoutMs: 6e6, answerTimeoutMs: 10_000 },
};

function whole(chat: object = {}): ClusterStage {
  const stage = new ClusterStage({ shards: 2, chat: { ...fast, ...chat } });
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(500);
  return stage;
}

function enter(stage: ClusterStage, user: string, node: string, payload: object = {}): HpClient {
  const client = HpClient.in(stage.at(node), user, 0, payload);
  client.ask('JOIN', { room: 'r' });
  stage.pass(300);
  client.take();
  return client;
}

function cut(stage: ClusterStage, client: HpClient): void {
  client.wire.leave();
  stage.pass(20);
}

function resume(
  stage: ClusterStage,
  node: string,
  token: string,
  rooms: Readonly<Record<string, number>> = {},
): { readonly client: HpClient; readonly lines: readonly HpLine[] } {
  const client = new HpClient(stage.at(node), 1);
  client.ask('RESUME', { token, rooms }, 'resume');
  stage.pass(100);
  return { client, lines: client.take() };
}

const signers = { cluster: 'test', keys: [{ id: 'k1', secret: SECRET }] };

/** From RESUME_OK. */
function tokenOf(lines: readonly HpLine[]): string {
  const { resume: given } = lines[0]?.payload ?? {};
  return (given as { token: string }).token;
}

const bodies = (lines: readonly HpLine[]): unknown[] =>
  lines.filter(({ type }) => type.endsWith('_MESSAGE')).map(({ payload }) => payload['body']);

function members(stage: ClusterStage, client: HpClient): unknown {
  client.take();
  client.ask('ROOM_MEMBERS', { room: 'r' });
  stage.pass(50);
  const told = client.take().find(({ type }) => type === 'ROOM_MEMBERS_OK');
  const { members: found } = told?.payload ?? {};
  return (found as { user: string }[]).map(({ user }) => user);
}

describe('a session that moves', () => {
  test('[HP-RES-9] that its node has told nobody of yet is waited for; one that nobody has is not, for long', () => {
    const stage = whole();
    const bob = HpClient.in(stage.at('n1'), 'bob');
    bob.wire.leave();
    const { client, lines } = resume(stage, 'n2', bob.token);
    stage.pass(600);
    expect([...lines, ...client.take()]).toMatchObject([
      { type: 'RESUME_OK', payload: { user: 'bob', node: 'n2', replayed: 0 } },
    ]);
    stage.pass(1_000);
    client.ask('PRESENCE_QUERY', { users: ['bob'] });
    stage.pass(50);
    expect(client.take()).toMatchObject([{ payload: { users: [{ sessions: 1 }] } }]);
    client.ask('BYE');
    stage.pass(20_000);
    const late = resume(stage, 'n3', bob.token);
    expect(late.lines).toEqual([]);
    stage.pass(500);
    expect(late.client.told()).toEqual(['ERROR SESSION_EXPIRED']);
  });

  test.each(['n1', 'n2', 'n3'])(
    '[HP-RES-9] [HP-RES-3] [HP-RELAY-12] is told all that it missed, once and in order; nobody else notices (others are on %s)',
    (node) => {
      const stage = whole();
      const alice = enter(stage, 'alice', node);
      const bob = enter(stage, 'bob', 'n1');
      alice.ask('PRESENCE_SUBSCRIBE', { users: ['bob'] });
      stage.pass(1_500);
      alice.take();
      cut(stage, bob);
      for (const body of ['one', 'two']) alice.ask('ROOM_MESSAGE', { room: 'r', body });
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'direct' });
      stage.pass(100);
      alice.take();
      const { client, lines } = resume(stage, 'n2', bob.token);
      expect(lines[0]).toMatchObject({
        type: 'RESUME_OK',
        payload: { user: 'bob', node: 'n2', replayed: 3, rooms: ['r'] },
      });
      expect(lines[0]?.payload['anew']).toBeUndefined();
      expect(bodies(lines)).toEqual(['direct', 'one', 'two']);
      for (const body of ['three', 'four']) alice.ask('ROOM_MESSAGE', { room: 'r', body });
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'again' });
      client.ask('ROOM_MESSAGE', { room: 'r', body: 'back' });
      stage.pass(100);
      expect(bodies(client.take()).map(String).toSorted()).toEqual(['again', 'four', 'three']);
      // Long enough for all that compares, and for what the old node kept of it.
      stage.pass(30_000);
      expect(alice.take().filter(({ type }) => type.endsWith('_EVENT'))).toEqual([]);
      expect(members(stage, alice)).toEqual(['alice', 'bob']);
      client.ask('PRESENCE_QUERY', { users: ['bob'] });
      stage.pass(50);
      const [told] = client.take();
      expect(told?.payload['users']).toMatchObject([{ status: 'online', sessions: 1 }]);
      expect(stage.failures).toEqual([]);
    },
  );

  test('[HP-RES-8] [HP-RELAY-12] what is not known any more is told, though the session has moved', () => {
    const stage = whole({ resumeMessagesMax: 3 });
    const [alice, bob] = [
      enter(stage, 'alice', 'n3'),
      enter(stage, 'bob', 'n1', { caps: ['ack'] }),
    ];
    for (const body of ['1', '2', '3', '4']) alice.ask('ROOM_MESSAGE', { room: 'r', body });
    stage.pass(100);
    cut(stage, bob);
    const { lines } = resume(stage, 'n2', bob.token);
    expect(lines[0]?.payload['gaps']).toEqual(['r']);
    expect(bodies(lines)).toEqual(['2', '3', '4']);
  });

  test('[HP-RES-9] its old connection is closed, and it may move on and back', () => {
    const stage = whole();
    const alice = enter(stage, 'alice', 'n3');
    const bob = enter(stage, 'bob', 'n1', { caps: ['ack'] });
    let { token } = bob;
    for (const [at, node] of ['n2', 'n3', 'n1', 'n2'].entries()) {
      alice.ask('ROOM_MESSAGE', { room: 'r', body: `b${at}` }, `m${at}`);
      stage.pass(100);
      const { client, lines } = resume(stage, node, token);
      expect(lines[0]?.type).toBe('RESUME_OK');
      // It has acknowledged nothing.
      expect(bodies(lines)).toEqual(Array.from({ length: at + 1 }, (_, n) => `b${n}`));
      token = tokenOf(lines);
      stage.pass(500);
      expect(client.isClosed).toBe(false);
    }
    expect(bob.isClosed).toBe(true);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-RES-9] [HP-RES-10] a client that comes twice while nobody knows that its node is dead is here once, and stays', () => {
    const stage = whole();
    const alice = enter(stage, 'alice', 'n3');
    const bob = enter(stage, 'bob', 'n1');
    stage.kill('n1');
    const first = new HpClient(stage.at('n2'), 0);
    first.ask('RESUME', { token: bob.token });
    stage.pass(200);
    const second = new HpClient(stage.at('n2'), 1);
    second.ask('RESUME', { token: bob.token });
    first.wire.leave();
    stage.pass(5_000);
    expect(second.take()[0]?.type).toBe('RESUME_OK');
    // Longer than a session waits for its client.
    stage.pass(70_000);
    alice.take();
    alice.ask('PRESENCE_QUERY', { users: ['bob'] });
    stage.pass(100);
    expect(alice.take().at(-1)?.payload['users']).toMatchObject([{ user: 'bob', sessions: 1 }]);
    expect(second.isClosed).toBe(false);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-RES-10] when its node was killed, it goes on with the rooms that the client names', () => {
    const stage = whole();
    const alice = enter(stage, 'alice', 'n3');
    const bob = enter(stage, 'bob', 'n1');
    alice.ask('PRESENCE_SUBSCRIBE', { users: ['bob'] });
    for (const body of ['one', 'two']) alice.ask('ROOM_MESSAGE', { room: 'r', body });
    stage.pass(1_500);
    const seqs = bob.take().map(({ payload }) => Number(payload['seq']));
    alice.take();
    stage.kill('n1');
    for (const body of ['three', 'four']) alice.ask('ROOM_MESSAGE', { room: 'r', body });
    // At once: nobody knows yet that the node is gone.
    const { client } = resume(stage, 'n2', bob.token, { r: Number(seqs.at(-2)) });
    stage.pass(12_000);
    const lines = client.take();
    expect(lines[0]).toMatchObject({ type: 'RESUME_OK', payload: { anew: true, rooms: ['r'] } });
    expect(bodies(lines)).toEqual(['two', 'three', 'four']);
    // Her node may have found out before the one to which he came.
    const events = alice.take().filter(({ type }) => type === 'PRESENCE_EVENT');
    const statuses = events.map(({ payload }) => payload['status']).join();
    expect(['', 'offline,online']).toContain(statuses);
    alice.ask('ROOM_MESSAGE', { room: 'r', body: 'five' });
    client.ask('ROOM_MESSAGE', { room: 'r', body: 'mine' });
    stage.pass(100);
    expect(bodies(client.take())).toEqual(['five']);
    expect(members(stage, alice)).toEqual(['alice', 'bob']);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-LOGIN-4] [HP-RES-10] its token ends as it would have there', () => {
    const stage = whole();
    const bob = enter(stage, 'bob', 'n1');
    const { isProved: _, ...ticket } = readTicket(bob.token, signers) ?? expect.fail();
    const until = 1_700_000_000 + Math.ceil(stage.now / 1e6) + 20;
    stage.pass(1_500);
    stage.kill('n1');
    const { client } = resume(stage, 'n2', ticketText({ ...ticket, until }, signers));
    stage.pass(12_000);
    const lines = client.take();
    expect(lines).toMatchObject([{ type: 'RESUME_OK', payload: { anew: true } }]);
    cut(stage, client);
    const moved = resume(stage, 'n3', tokenOf(lines));
    stage.pass(10_000);
    expect([...moved.lines, ...moved.client.take()]).toMatchObject([
      { type: 'RESUME_OK' },
      { type: 'ERROR', payload: { code: 'AUTH_FAILED', fatal: true } },
    ]);
  });

  test('[HP-RES-10] that is so for as long as a session is kept, and what waited comes with it', () => {
    const stage = whole({ resumeWindowMs: 20_000 });
    const alice = enter(stage, 'alice', 'n3');
    const [bob, carol] = [enter(stage, 'bob', 'n1'), enter(stage, 'carol', 'n1')];
    stage.kill('n1');
    stage.until(() => stage.seen('n3').includes('n1:down'), 10_000);
    stage.pass(1_000);
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'waits' });
    stage.pass(100);
    const { client, lines } = resume(stage, 'n2', bob.token);
    expect(lines[0]?.payload).toMatchObject({ anew: true, rooms: [] });
    stage.pass(500);
    expect([...bodies(lines), ...bodies(client.take())]).toEqual(['waits']);
    stage.pass(21_000);
    const late = resume(stage, 'n2', carol.token);
    stage.pass(600);
    expect(late.client.next()?.payload).toMatchObject({ code: 'SESSION_EXPIRED', fatal: false });
    late.client.ask('LOGIN', { user: 'carol' });
    stage.pass(50);
    expect(late.client.take()[0]?.type).toBe('LOGIN_OK');
  });

  test.each(['n2', 'n3'])(
    '[HP-RES-10] the client is told so, also when it went before it was told, and came back on %s',
    (next) => {
      const stage = whole();
      const bob = enter(stage, 'bob', 'n1');
      stage.kill('n1');
      stage.until(() => stage.seen('n2').includes('n1:down'), 10_000);
      stage.pass(1_000);
      const gone = new HpClient(stage.at('n2'), 1);
      gone.ask('RESUME', { token: bob.token, rooms: { r: 0 } });
      gone.wire.leave();
      stage.pass(2_000);
      const { client, lines } = resume(stage, next, bob.token, { r: 0 });
      const [first] = lines;
      expect(first?.payload).toMatchObject({ anew: true, rooms: ['r'] });
      client.ask('PING');
      stage.pass(50);
      const [second] = resume(stage, next, tokenOf([first as HpLine]), { r: 0 }).lines;
      expect(second?.payload['rooms']).toEqual(['r']);
      expect(second?.payload['anew']).toBeUndefined();
      expect(stage.failures).toEqual([]);
    },
  );

  test.each(['n2', 'n3'])(
    '[HP-RES-10] and again, until something is heard of it, when it came back on %s; it leaves no room by that',
    (next) => {
      const stage = whole();
      const alice = enter(stage, 'alice', 'n3');
      const bob = enter(stage, 'bob', 'n1');
      stage.kill('n1');
      stage.until(() => stage.seen('n2').includes('n1:down'), 10_000);
      stage.pass(1_000);
      // What it was told is lost on its way.
      cut(stage, resume(stage, 'n2', bob.token, { r: 0 }).client);
      const [again] = resume(stage, next, bob.token, { q: 0 }).lines;
      expect(again?.payload).toMatchObject({ anew: true, rooms: ['r', 'q'] });
      stage.pass(10_000);
      expect(members(stage, alice)).toEqual(['alice', 'bob']);
      expect(stage.failures).toEqual([]);
    },
  );

  test('[HP-RES-10] [HP-NAME-1] its user is called as it called itself, however others spell it', () => {
    const stage = whole();
    const alice = enter(stage, 'alice', 'n2');
    alice.ask('PRESENCE_SUBSCRIBE', { users: ['BOB'] });
    stage.pass(100);
    const bob = enter(stage, 'bob', 'n1');
    stage.kill('n1');
    stage.until(() => stage.seen('n2').includes('n1:down'), 10_000);
    stage.pass(1_000);
    const { lines } = resume(stage, 'n2', bob.token);
    expect(lines[0]?.payload).toMatchObject({ anew: true, user: 'bob' });
  });

  test('[HP-RES-10] a node that was only slow gives the session up', () => {
    const stage = whole();
    const bob = enter(stage, 'bob', 'n1');
    stage.stall('n1', 3_500);
    const { client } = resume(stage, 'n2', bob.token);
    stage.pass(2_500);
    expect(client.take()[0]?.payload).toMatchObject({ anew: true });
    stage.pass(5_000);
    expect(bob.isClosed).toBe(true);
    expect(client.isClosed).toBe(false);
    client.ask('PRESENCE_QUERY', { users: ['bob'] });
    stage.pass(50);
    const [told] = client.take().filter(({ type }) => type === 'PRESENCE_STATE');
    expect(told?.payload['users']).toMatchObject([{ status: 'online', sessions: 1 }]);
  });

  test('[HP-RES-4] [HP-RES-10] and so does one to which it had come from elsewhere', () => {
    const stage = whole();
    const bob = enter(stage, 'bob', 'n1');
    const moved = resume(stage, 'n3', bob.token);
    stage.pass(1_000);
    stage.split(['n3']);
    stage.until(() => stage.seen('n2').includes('n3:down'), 13_000);
    const { client, lines } = resume(stage, 'n2', bob.token);
    expect(lines[0]?.payload).toMatchObject({ anew: true });
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(2_000);
    expect(client.isClosed).toBe(false);
    expect(moved.client.told().at(-1)).toBe('BYE SESSION_RESUMED');
  });

  test('[HP-RES-9] a ticket that is not signed, of another session, or of one that is over is none', () => {
    const stage = whole();
    const bob = enter(stage, 'bob', 'n1');
    const [user = '', session = '', secret = '', caps = '', proof = ''] = bob.token.split('~');
    const other = ticketText(
      { user, session, secret, caps: [] },
      { cluster: 'test', keys: [{ id: 'k1', secret: new Uint8Array(40) }] },
    );
    for (const token of [
      [user, session, secret].join('~'),
      [user, session, secret, caps, `${proof.slice(0, -1)}A`].join('~'),
      [user, session, secret, 'ack', proof].join('~'),
      ['alice', session, secret, caps, proof].join('~'),
      other,
      'x',
    ])
      expect(resume(stage, 'n2', token).lines[0]?.payload['code']).toBe('SESSION_EXPIRED');
    bob.ask('BYE');
    stage.pass(1_500);
    const over = resume(stage, 'n2', bob.token);
    stage.pass(600);
    expect(over.client.next()?.payload['code']).toBe('SESSION_EXPIRED');
  });

  test('[HP-DRAIN-1] [HP-DRAIN-2] a node that goes sends its clients on, and nobody hears of it', () => {
    const stage = whole();
    const alice = enter(stage, 'alice', 'n3');
    const bobs = Array.from({ length: 10 }, (_, at) => enter(stage, `bob${at}`, 'n1'));
    alice.ask('PRESENCE_SUBSCRIBE', { users: bobs.map((_, at) => `bob${at}`) });
    stage.pass(1_500);
    alice.take();
    stage.leave('n1', 2_000);
    const gone = new Set<HpClient>();
    const back: HpClient[] = [];
    for (let at = 0; at < 30; at += 1) {
      alice.ask('ROOM_MESSAGE', { room: 'r', body: `b${at}` }, `m${at}`);
      stage.pass(100);
      for (const bob of bobs) {
        if (gone.has(bob) || !bob.isClosed) continue;
        gone.add(bob);
        const lines = bob.take();
        expect(lines.find(({ type }) => type === 'NOTICE')?.payload).toMatchObject({
          code: 'SERVER_DRAINING',
          resume: true,
        });
        const { client, lines: told } = resume(stage, 'n2', bob.token);
        expect(told[0]?.type).toBe('RESUME_OK');
        const heard = [...bodies(lines), ...bodies(told)];
        back.push(client);
        client.ask('WHOAMI', {}, String(heard.length));
      }
    }
    expect(gone.size).toBe(10);
    stage.kill('n1');
    stage.pass(20_000);
    expect(alice.take().filter(({ type }) => type === 'PRESENCE_EVENT')).toEqual([]);
    for (const client of back) {
      const lines = client.take();
      const before = Number(lines.find(({ type }) => type === 'WHOAMI_OK')?.payload['ref']);
      expect(before + bodies(lines).length).toBe(30);
    }
    expect(stage.failures).toEqual([]);
  });

  test.each([0, 400, 1_100, 1_300, 1_450, 1_900])(
    '[HP-DRAIN-4] what a client that is away has not taken is not lost with a node that goes (%i ms later)',
    (ms) => {
      const stage = whole();
      const alice = enter(stage, 'alice', 'n3');
      const bob = HpClient.in(stage.at('n1'), 'bob');
      const carol = HpClient.in(stage.at('n1'), 'carol', 0, { caps: ['ack'] });
      stage.pass(500);
      cut(stage, bob);
      alice.ask('DIRECT_MESSAGE', { to: 'carol', body: 'x' }, 'c1');
      stage.pass(2_500);
      cut(stage, carol);
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' }, 'b1');
      stage.pass(100);
      stage.leave('n1', 2_000);
      stage.pass(ms);
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'y' }, 'b2');
      alice.ask('DIRECT_MESSAGE', { to: 'carol', body: 'y' }, 'c2');
      stage.pass(2_100 - ms);
      stage.kill('n1');
      stage.pass(1_000);
      const took = (token: string): string[] => {
        const { client, lines } = resume(stage, 'n2', token);
        stage.pass(20_000);
        return [...lines, ...client.take()]
          .filter(({ type }) => type === 'DIRECT_MESSAGE')
          .map(({ id }) => id);
      };
      expect(took(bob.token).toSorted()).toEqual(['b1', 'b2']);
      expect(took(carol.token).toSorted()).toEqual(['c1', 'c2']);
      expect(stage.failures).toEqual([]);
    },
  );

  test.each([500, 1_100, 1_300, 1_900])(
    '[HP-DRAIN-4] nor does it come twice to one that is quicker (%i ms later)',
    (ms) => {
      const stage = whole();
      const alice = enter(stage, 'alice', 'n3');
      const bob = HpClient.in(stage.at('n1'), 'bob');
      stage.pass(500);
      cut(stage, bob);
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' }, 'b1');
      stage.pass(100);
      stage.leave('n1', 2_000);
      stage.pass(ms);
      const { client, lines } = resume(stage, 'n2', bob.token);
      stage.pass(2_100 - ms);
      stage.kill('n1');
      stage.pass(40_000);
      const heard = [...lines, ...client.take()].filter(({ type }) => type === 'DIRECT_MESSAGE');
      expect(heard.map(({ id }) => id)).toEqual(['b1']);
    },
  );

  test.each([1, 2, 3, 4, 5, 6])(
    'nothing is missed and nothing comes twice, however often it moves (seed %i)',
    (seed) => {
      const stage = whole();
      const chance = new Prng(seed, 'moves');
      const alice = enter(stage, 'alice', 'n3');
      const bob = enter(stage, 'bob', 'n1');
      const heard: string[] = [];
      let [client, { token }] = [bob, bob];
      let last = 0;
      const listen = (lines: readonly HpLine[]): void => {
        for (const { id, type, payload } of lines) {
          if (!type.endsWith('_MESSAGE')) continue;
          heard.push(id);
          if (type === 'ROOM_MESSAGE') last = Number(payload['seq']);
        }
      };
      let said = 0;
      for (let at = 0; at < 60; at += 1) {
        said += 1;
        if (chance.chance(1, 2)) alice.ask('ROOM_MESSAGE', { room: 'r', body: 'x' }, `m${said}`);
        else alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' }, `m${said}`);
        stage.pass(chance.between(0, 150));
        if (!chance.chance(1, 4)) continue;
        listen(client.take());
        if (chance.chance(1, 2)) cut(stage, client);
        const next = new HpClient(stage.at(chance.pick(['n1', 'n2', 'n3'])), chance.below(2));
        next.ask('RESUME', { token, rooms: { r: last } });
        stage.pass(chance.between(50, 200));
        let lines = next.take();
        while (lines[0]?.type !== 'RESUME_OK') {
          // It is on its way still.
          if (lines.length > 0) {
            expect(lines[0]?.payload).toMatchObject({ code: 'UNAVAILABLE', retry_after: 1 });
            next.ask('RESUME', { token, rooms: { r: last } });
          }
          stage.pass(300);
          lines = next.take();
        }
        token = tokenOf(lines);
        // Direct messages may have gone to the old connection still; rooms begin behind what was asked for.
        listen(client.take().filter(({ type }) => type === 'DIRECT_MESSAGE'));
        listen(lines);
        client = next;
      }
      stage.pass(1_000);
      listen(client.take());
      expect(new Set(heard).size).toBe(heard.length);
      expect(heard.toSorted()).toEqual(
        Array.from({ length: said }, (_, at) => `m${at + 1}`).toSorted(),
      );
      expect(stage.failures).toEqual([]);
    },
  );
});

describe('tickets', () => {
  const ticket = { user: 'alice', session: 'n1-0', secret: 's', caps: ['ack', 'echo'] } as const;

  test('[HP-RELAY-11] are read as they were written, by those who know the secret', () => {
    expect(readTicket(ticketText(ticket, signers), signers)).toEqual({ ...ticket, isProved: true });
    const alone = ticketText(ticket, undefined);
    expect(readTicket(alone, undefined)).toEqual({ ...ticket, caps: [], isProved: false });
    const rotated = {
      ...signers,
      keys: [{ id: 'k2', secret: new Uint8Array(32) }, ...signers.keys],
    };
    expect(readTicket(ticketText(ticket, signers), rotated)?.isProved).toBe(true);
    const elsewhere = { ...signers, cluster: 'other' };
    expect(readTicket(ticketText(ticket, signers), elsewhere)).toBeUndefined();
    expect(readTicket(ticketText(ticket, signers), undefined)).toBeUndefined();
    const ending = ticketText({ ...ticket, until: 1_700_000_000 }, signers);
    expect(readTicket(ending, signers)).toEqual({
      ...{ ...ticket, until: 1_700_000_000, isProved: true },
    });
    for (const end of ['1700000001', '', 'x', '~'])
      expect(readTicket(ending.replace('1700000000', end), signers)).toBeUndefined();
    expect(readTicket(ending.replace('~1700000000', ''), signers)).toBeUndefined();
    // What is signed is lines: none of them may be taken for two.
    const signed = ending.replace('~1700000000', '\n1700000000');
    expect(readTicket(signed, signers)).toBeUndefined();
  });
});

describe('a session on its way to a node that dies', () => {
  /** What bob's session is when the node that was to have it dies before it can say so. */
  function halfway(
    chat: object = {},
    heard: readonly string[] = [],
  ): {
    readonly stage: ClusterStage;
    readonly alice: HpClient;
    readonly token: string;
  } {
    const stage = whole(chat);
    const alice = enter(stage, 'alice', 'n1');
    const bob = enter(stage, 'bob', 'n3', heard.length > 0 ? { caps: ['ack'] } : {});
    alice.ask('PRESENCE_SUBSCRIBE', { users: ['bob'] });
    for (const body of heard) alice.ask('DIRECT_MESSAGE', { to: 'bob', body });
    stage.pass(1_500);
    cut(stage, bob);
    alice.ask('ROOM_MESSAGE', { room: 'r', body: 'room' });
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'before' });
    stage.pass(100);
    const client = new HpClient(stage.at('n2'), 1);
    client.ask('RESUME', { token: bob.token }, 'resume');
    const isSent = (): boolean =>
      stage.said.some(({ from, text }) => from === 'n3' && text.includes('"luggage"'));
    while (!isSent()) stage.pass(1);
    stage.kill('n2');
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'after' });
    stage.until(() => ['n1', 'n3'].every((node) => stage.seen(node).includes('n2:down')), 20_000);
    stage.pass(500);
    expect(alice.take().map(({ type }) => type)).not.toContain('PRESENCE_EVENT');
    return { stage, alice, token: bob.token };
  }

  test.each(['n1', 'n3'])(
    '[HP-RES-12] [HP-RELAY-12] has not left the node where it was, and is there for whoever comes next (to %s)',
    (node) => {
      const { stage, alice, token } = halfway();
      const { client, lines } = resume(stage, node, token);
      expect(lines[0]).toMatchObject({ type: 'RESUME_OK', payload: { rooms: ['r'], node } });
      expect(lines[0]?.payload['anew']).toBeUndefined();
      expect(bodies(lines)).toEqual(['before', 'after', 'room']);
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'now' });
      client.ask('ROOM_MESSAGE', { room: 'r', body: 'back' });
      stage.pass(100);
      expect(bodies(client.take())).toEqual(['now']);
      expect(bodies(alice.take())).toEqual(['back']);
      stage.pass(70_000);
      expect(members(stage, alice)).toEqual(['alice', 'bob']);
      expect(stage.failures).toEqual([]);
    },
  );

  test.each(['n1', 'n3'])(
    '[HP-RES-12] [HP-RES-6] [HP-RELAY-12] does not end for what was told before, and not acknowledged (to %s)',
    (node) => {
      const { stage, token } = halfway({ resumeMessagesMax: 2 }, ['heard']);
      const { lines } = resume(stage, node, token);
      expect(bodies(lines)).toEqual(['heard', 'before', 'after', 'room']);
      expect(stage.failures).toEqual([]);
    },
  );

  test('[HP-RES-12] [HP-RES-5] [HP-DM-6] ends when nobody comes for it; what came for it waits', () => {
    const { stage, alice, token } = halfway({ resumeWindowMs: 5_000 });
    stage.pass(7_000);
    const events = alice.take().filter(({ type }) => type === 'PRESENCE_EVENT');
    expect(events.map(({ payload }) => payload['status'])).toEqual(['offline']);
    const late = resume(stage, 'n1', token).client;
    stage.pass(600);
    expect(late.next()?.payload['code']).toBe('SESSION_EXPIRED');
    const again = HpClient.in(stage.at('n1'), 'bob');
    stage.pass(200);
    expect(bodies(again.take())).toEqual(['before', 'after']);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-RES-13] a node that has just started sends nobody away for good', () => {
    const stage = whole();
    const bob = enter(stage, 'bob', 'n3');
    stage.kill('n1');
    stage.until(() => stage.seen('n3').includes('n1:down'), 20_000);
    cut(stage, bob);
    // Nobody tells it anything yet.
    stage.split(['n1']);
    stage.start('n1');
    const client = new HpClient(stage.at('n1'));
    client.ask('RESUME', { token: bob.token }, 'resume');
    stage.pass(0);
    const codes = client.take().map(({ payload }) => payload['code']);
    expect(codes).toEqual(['UNAVAILABLE']);
    stage.heal();
    stage.until(() => stage.isWhole, 10_000);
    stage.pass(500);
    expect(resume(stage, 'n1', bob.token).lines[0]?.type).toBe('RESUME_OK');
  });
});
