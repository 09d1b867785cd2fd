// What `stored` means: whoever was told so is not wrong when fewer than half of the nodes die, at whatever moment. And
// nobody hears anything twice, or out of its order, because of it.

import { describe, expect, test } from 'vitest';

import { actorsOf } from '../../../src/actors/node.ts';
import { Prng } from '../../../src/actors/runtime/prng.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient, type HpLine } from '../../support/hp-client.ts';

const fast = {
  ...{ messagesPerSecondMax: 1e6, messagesBurstMax: 1e6, joinsPerSecondMax: 1e6 },
  ...{ pingEveryMs: 3e6, pingTimeoutMs: 6e6, answerTimeoutMs: 60_000 },
};

function whole(more: ConstructorParameters<typeof ClusterStage>[0] = {}): ClusterStage {
  const stage = new ClusterStage({ shards: 2, chat: fast, ...more });
  stage.until(() => stage.isWhole, 10_000);
  stage.pass(500);
  return stage;
}

function joined(stage: ClusterStage, user: string, node: string, room = 'r'): HpClient {
  const client = HpClient.in(stage.at(node), user);
  client.ask('JOIN', { room });
  stage.pass(50);
  const answer = client.take().find(({ type }) => type === 'JOIN_OK');
  if (answer === undefined) throw new Error(`${user} did not come in`);
  return client;
}

function say(client: HpClient, id: string, room = 'r'): void {
  client.ask('ROOM_MESSAGE', { room, body: id }, id);
}

const messages = (lines: readonly HpLine[]): HpLine[] =>
  lines.filter(({ type }) => type === 'ROOM_MESSAGE');
const ids = (lines: readonly HpLine[]): string[] => messages(lines).map(({ id }) => id);
const acks = (lines: readonly HpLine[], status: string): string[] =>
  lines
    .filter(({ type, payload }) => type === 'ACK' && payload['status'] === status)
    .map(({ payload }) => String(payload['ref']));

/** A room at home on a node, with nobody in it. */
function roomAt(stage: ClusterStage, node: string): string {
  for (let at = 0; at < 50; at += 1) {
    const room = `room-${at}`;
    const [probe, echo] = [joined(stage, 'probe', 'n1', room), joined(stage, 'echo', 'n1', room)];
    say(probe, 'where', room);
    stage.pass(100);
    const home = messages(echo.take())[0]?.payload['node'];
    for (const client of [probe, echo]) client.ask('BYE');
    stage.pass(50);
    if (home === node) return room;
  }
  throw new Error(`no room is at home on ${node}`);
}

function history(stage: ClusterStage, client: HpClient, room = 'r'): string[] {
  client.take();
  client.ask('HISTORY', { room, limit: 100 });
  stage.pass(100);
  const found = client.take().find(({ type }) => type === 'HISTORY_OK')?.payload['messages'];
  return (found as { readonly id: string }[]).map(({ id }) => id);
}

function places(lines: readonly HpLine[]): number[] {
  return messages(lines).map(
    ({ payload }) => Number(payload['epoch']) * 1e6 + Number(payload['seq']),
  );
}

describe('stored', () => {
  test('[HP-ACK-1] [HP-STORE-1] a node that is alone accepts; more than half of several store', () => {
    for (const [nodes, status] of [
      [1, 'accepted'],
      [2, 'stored'],
      [3, 'stored'],
      [5, 'stored'],
    ] as const) {
      const stage = whole({ nodes });
      const alice = joined(stage, 'alice', 'n1');
      say(alice, 'm1');
      stage.pass(100);
      expect([nodes, acks(alice.take(), status)]).toEqual([nodes, ['m1']]);
      expect(stage.failures).toEqual([]);
    }
  });

  test('[HP-STORE-1] while half of the nodes are gone nothing is stored, and speaking goes on', () => {
    const stage = whole();
    const alice = joined(stage, 'alice', 'n1');
    for (const node of ['n2', 'n3']) stage.kill(node);
    stage.until(() => stage.seen('n1') === 'n2:down n3:down', 10_000);
    stage.pass(1_000);
    say(alice, 'm1');
    stage.pass(100);
    expect(acks(alice.take(), 'accepted')).toEqual(['m1']);
    stage.start('n2');
    stage.until(() => stage.seen('n1').includes('n2:up'), 20_000);
    stage.pass(2_000);
    say(alice, 'm2');
    stage.pass(100);
    expect(acks(alice.take(), 'stored')).toEqual(['m2']);
  });

  test('[HP-ACK-1] a node that does not answer is waited for two seconds', () => {
    const stage = whole({ nodes: 2 });
    const room = roomAt(stage, 'n1');
    const alice = joined(stage, 'alice', 'n1', room);
    stage.cut('n1', 'n2');
    say(alice, 'm1', room);
    stage.pass(1_500);
    expect(alice.take()).toEqual([]);
    stage.pass(1_000);
    expect(acks(alice.take(), 'accepted')).toEqual(['m1']);
    // Told again, it is what it has become.
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(3_000);
    say(alice, 'm1', room);
    stage.pass(100);
    const [again] = alice.take().filter(({ type }) => type === 'ACK');
    expect(again?.payload).toMatchObject({ ref: 'm1', status: 'stored', duplicate: true });
  });

  test.each([
    ['n1', 'n2'],
    ['n2', 'n1'],
  ])(
    '[HP-STORE-2] [HP-HOME-4] [HP-HOME-8] what is stored is heard by everybody, though its home told %s alone',
    (near, far) => {
      const stage = whole();
      const room = roomAt(stage, 'n3');
      const clients = [near, near, far, far].map((node, at) => joined(stage, `u${at}`, node, room));
      stage.pass(100);
      for (const client of clients) client.take();
      stage.cut('n3', far, 'there');
      const [alice] = clients;
      for (let at = 0; at < 5; at += 1) say(alice as HpClient, `m${at}`, room);
      stage.pass(100);
      stage.kill('n3');
      stage.until(
        () => stage.seen('n1').includes('n3:down') && stage.seen('n2').includes('n3:down'),
        30_000,
      );
      stage.pass(5_000);
      say(alice as HpClient, 'after', room);
      stage.pass(200);
      const heard = clients.map((client) => client.take());
      const told = [...acks(heard[0] ?? [], 'stored'), ...acks(heard[0] ?? [], 'accepted')];
      expect(told).toHaveLength(6);
      for (const lines of heard.slice(1)) {
        expect(places(lines)).toEqual(places(lines).toSorted((one, other) => one - other));
        expect(ids(lines)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'after']);
      }
      expect(stage.failures).toEqual([]);
    },
  );

  test('[HP-STORE-3] [HP-STORE-4] a node that comes later has everything before its turn comes', () => {
    const stage = whole();
    const room = roomAt(stage, 'n1');
    const alice = joined(stage, 'alice', 'n1', room);
    for (let at = 0; at < 50; at += 1) say(alice, `m${at}`, room);
    stage.pass(200);
    for (const node of ['n2', 'n3']) {
      stage.kill(node);
      stage.until(() => stage.seen('n1').includes(`${node}:down`), 10_000);
      stage.start(node);
      stage.until(() => stage.isWhole, 20_000);
      stage.pass(3_000);
    }
    stage.kill('n1');
    stage.until(
      () => stage.seen('n2').includes('n1:down') && stage.seen('n3').includes('n1:down'),
      10_000,
    );
    stage.pass(2_000);
    const bob = joined(stage, 'bob', 'n2', room);
    const expected = Array.from({ length: 50 }, (_, at) => `m${at}`);
    expect(history(stage, bob, room).filter((id) => id !== 'where')).toEqual(expected);
  });

  test('[HP-STORE-5] a copy that was lost is noticed', () => {
    const stage = whole({ nodes: 2, cluster: { forwardsMax: 6 } });
    const room = roomAt(stage, 'n1');
    const alice = joined(stage, 'alice', 'n1', room);
    const others = Array.from({ length: 5 }, (_, at) => joined(stage, `u${at}`, 'n1', room));
    stage.cut('n1', 'n2');
    for (const other of others) say(other, 'noise', room);
    for (let at = 0; at < 20; at += 1) {
      // As if nobody minded that the other node falls behind: what is said is lost to it.
      for (const [shard, { system }] of stage.node('n1').shards.entries())
        system.deliver(actorsOf(shard).rooms, {
          ...{ type: 'nodePressed', node: 'n2', isPressed: false },
        });
      say(alice, `m${at}`, room);
      stage.pass(200);
    }
    stage.heal();
    stage.until(() => stage.isWhole, 30_000);
    stage.pass(65_000);
    const acked = alice
      .take()
      .flatMap(({ type, payload }) => (type === 'ACK' ? [payload['ref']] : []));
    expect(acked.length).toBeGreaterThan(5);
    expect(stage.counted('n1', 'cluster.forwards.dropped')).toBeGreaterThan(0);
    stage.kill('n1');
    stage.until(() => stage.seen('n2').includes('n1:down'), 10_000);
    stage.pass(1_000);
    const bob = joined(stage, 'bob', 'n2', room);
    expect(history(stage, bob, room)).toEqual(expect.arrayContaining(acked));
  });

  test.each([
    [3, 1],
    [3, 2],
    [3, 3],
    [3, 4],
    [3, 5],
    [3, 6],
    [5, 7],
    [5, 8],
    [5, 9],
    [5, 10],
  ])('nothing stored is lost when a minority of %i nodes dies (seed %i)', (nodes, seed) => {
    const stage = whole({ nodes, seed });
    const chance = new Prng(seed, 'stored');
    const names = stage.nodes.map(({ name }) => name);
    const doomed = new Set<string>();
    while (doomed.size < (nodes - 1) / 2) doomed.add(chance.pick(names));
    const rooms = ['a', 'b', 'c', 'd'];
    const clients = names.flatMap((node) =>
      rooms.map((room) => ({ node, room, client: joined(stage, `${room}-${node}`, node, room) })),
    );
    stage.pass(200);
    for (const { client } of clients) client.take();
    const lines = clients.map((): HpLine[] => []);
    const dying = [...doomed];
    for (let at = 0; at < 60; at += 1) {
      for (const { room, client, node } of clients)
        if (!stage.node(node).isDead && chance.chance(1, 3)) say(client, `${node}-${at}`, room);
      stage.pass(chance.between(0, 60));
      if (dying.length > 0 && at > 20 && chance.chance(1, 8)) stage.kill(dying.pop() ?? '');
      for (const [who, { client }] of clients.entries()) lines[who]?.push(...client.take());
    }
    for (const node of dying) stage.kill(node);
    stage.pass(20_000);
    for (const [who, { client }] of clients.entries()) lines[who]?.push(...client.take());
    for (const room of rooms) {
      const here = clients.flatMap((one, who) =>
        one.room === room ? [{ ...one, lines: lines[who] ?? [] }] : [],
      );
      const stored = here.flatMap((one) => acks(one.lines, 'stored'));
      expect(stored.length).toBeGreaterThan(20);
      for (const one of here) {
        if (doomed.has(one.node)) continue;
        expect(places(one.lines)).toEqual(places(one.lines).toSorted((a, b) => a - b));
        const heard = ids(one.lines);
        const known = new Set(heard);
        expect(known.size).toBe(heard.length);
        const own = new Set([...acks(one.lines, 'stored'), ...acks(one.lines, 'accepted')]);
        for (const id of stored) if (!own.has(id)) expect(known).toContain(id);
      }
    }
    expect(stage.failures).toEqual([]);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    '[HP-STORE-1] [HP-HOME-13] the smaller side of a split stores nothing; what the larger has stored outlives a death after it (seed %i)',
    (seed) => {
      const stage = whole({ seed });
      const chance = new Prng(seed, 'split');
      const names = ['n1', 'n2', 'n3'];
      const clients = names.map((node) => joined(stage, `u-${node}`, node));
      const away = chance.pick(names);
      const lines = clients.map((): HpLine[] => []);
      const listen = (): HpLine[][] => {
        const told = clients.map((client) => client.take());
        for (const [who, more] of told.entries()) lines[who]?.push(...more);
        return told;
      };
      const talk = (tag: string, rounds: number): void => {
        for (let at = 0; at < rounds; at += 1) {
          for (const [who, client] of clients.entries()) say(client, `${tag}-${who}-${at}`);
          stage.pass(chance.between(50, 1_500));
          if (chance.chance(1, 4)) stage.stall(chance.pick(names), chance.between(100, 3_000));
        }
      };
      talk('before', 3);
      stage.split([away]);
      talk('split', 12);
      stage.pass(15_000);
      listen();
      talk('apart', 3);
      stage.pass(3_000);
      expect(acks(listen()[names.indexOf(away)] ?? [], 'stored')).toEqual([]);
      stage.heal();
      stage.until(() => stage.isWhole, 40_000);
      stage.pass(6_000);
      talk('after', 3);
      stage.pass(5_000);
      listen();
      const dies = chance.pick(names);
      stage.kill(dies);
      stage.pass(15_000);
      const [witness] = clients.filter((_, who) => names[who] !== dies);
      const told = new Set(witness === undefined ? [] : history(stage, witness));
      const stored = lines.flatMap((one) => acks(one, 'stored'));
      expect(stored.length).toBeGreaterThan(15);
      for (const id of stored) expect(told).toContain(id);
      for (const one of lines) {
        const heard = ids(one);
        expect(new Set(heard).size).toBe(heard.length);
        // What the other side said meanwhile comes behind, and neither side's order is another one for it.
        const epochOf = (place: number): number => Math.floor(place / 1e6);
        for (const epoch of new Set(places(one).map(epochOf))) {
          const inIt = places(one).filter((place) => epochOf(place) === epoch);
          expect(inIt).toEqual(inIt.toSorted((a, b) => a - b));
        }
      }
      // [HP-HOME-13] Who sat there all the while has heard everything that is said to be stored, on whichever side.
      for (const [who, one] of lines.entries()) {
        if (names[who] === dies) continue;
        const heard = new Set(ids(one));
        const others = lines.flatMap((their, at) => (at === who ? [] : acks(their, 'stored')));
        expect(others.filter((id) => !heard.has(id))).toEqual([]);
      }
      expect(stage.failures).toEqual([]);
    },
  );

  test.each([1, 2])('nothing is lost while all nodes are restarted in turn (seed %i)', (seed) => {
    const stage = whole({ seed });
    const chance = new Prng(seed, 'rolling');
    const rooms = ['a', 'b', 'c', 'd'];
    const all = new Map<string, Set<string>>(rooms.map((room) => [room, new Set()]));
    for (const node of ['n1', 'n2', 'n3']) {
      const others = ['n1', 'n2', 'n3'].filter((one) => one !== node);
      const clients = others.flatMap((at) =>
        rooms.map((room) => ({ room, client: joined(stage, `${room}-${at}`, at, room) })),
      );
      stage.pass(100);
      for (const { client } of clients) client.take();
      const talk = (tag: string, ms: number): void => {
        const until = stage.now + ms * 1_000;
        for (let at = 0; stage.now < until; at += 1) {
          for (const [who, { room, client }] of clients.entries())
            if (chance.chance(1, 4)) say(client, `${node}-${tag}-${who}-${at}`, room);
          stage.pass(chance.between(1, 100));
        }
      };
      talk('calm', 300);
      stage.leave(node);
      talk('leaving', 700);
      stage.kill(node);
      talk('gone', 1_500);
      stage.start(node);
      talk('coming', 4_000);
      stage.until(() => stage.isWhole, 20_000);
      stage.pass(6_000);
      const heard = clients.map(({ client }) => client.take());
      for (const [who, { room, client }] of clients.entries()) {
        const mine = heard[who] ?? [];
        expect(places(mine)).toEqual(places(mine).toSorted((a, b) => a - b));
        const own = [...acks(mine, 'stored'), ...acks(mine, 'accepted')];
        for (const id of own) all.get(room)?.add(id);
        const elsewhere = clients.flatMap((one, at) =>
          one.room === room && at !== who ? [heard[at] ?? []] : [],
        );
        for (const lines of elsewhere)
          for (const id of own) expect(ids(lines).filter((known) => known === id)).toEqual([id]);
        client.ask('BYE');
      }
      stage.pass(200);
    }
    const late = rooms.map((room) => [room, joined(stage, `late-${room}`, 'n1', room)] as const);
    for (const [room, client] of late) {
      const told = history(stage, client, room);
      const known = [...(all.get(room) ?? [])];
      expect(told.length).toBe(Math.min(100, known.length));
      for (const id of told) expect(known).toContain(id);
    }
    expect(stage.failures).toEqual([]);
  });
});

describe('what waits for a user', () => {
  const directs = (lines: readonly HpLine[]): string[] =>
    lines.filter(({ type }) => type === 'DIRECT_MESSAGE').map(({ id }) => id);

  function queued(stage: ClusterStage, node: string, user: string, ...all: string[]): void {
    const client = HpClient.in(stage.at(node), user);
    for (const id of all) client.ask('DIRECT_MESSAGE', { to: 'bob', body: id }, id);
    stage.pass(200);
    expect(acks(client.take(), 'queued')).toEqual(all);
    client.ask('BYE');
    stage.pass(200);
  }

  test.each([
    [3, ['n1']],
    [3, ['n2']],
    [3, ['n3']],
    [5, ['n1', 'n2']],
    [5, ['n2', 'n4']],
    [5, ['n3', 'n5']],
  ])(
    '[HP-STORE-6] [HP-DM-4] is there when a minority of %i nodes dies (%j), and comes once',
    (nodes, dying) => {
      const stage = whole({ nodes });
      for (const { name } of stage.nodes)
        queued(stage, name, `from-${name}`, `${name}-1`, `${name}-2`);
      for (const node of dying) stage.kill(node);
      const left = stage.nodes.map(({ name }) => name).filter((name) => !dying.includes(name));
      stage.pass(15_000);
      const [first = '', second = ''] = left;
      const bob = HpClient.in(stage.at(first), 'bob');
      stage.pass(500);
      const heard = bob.take();
      const expected = stage.nodes.flatMap(({ name }) => [`${name}-1`, `${name}-2`]);
      expect(directs(heard).toSorted()).toEqual(expected);
      for (const { type, payload } of heard)
        if (type === 'DIRECT_MESSAGE') expect(payload['delayed']).toBe(true);
      // Nothing of it is anywhere any more.
      bob.ask('BYE');
      stage.pass(300);
      stage.kill(first);
      stage.pass(15_000);
      const again = HpClient.in(stage.at(second), 'bob');
      stage.pass(500);
      expect(directs(again.take())).toEqual([]);
      expect(stage.failures).toEqual([]);
    },
  );

  test('[HP-STORE-6] [HP-DM-4] finds its place beside as much that waits already where others go on with it', () => {
    const stage = whole({ chat: { ...fast, offlineMessagesMax: 2 } });
    for (const { name } of stage.nodes)
      queued(stage, name, `from-${name}`, `${name}-1`, `${name}-2`);
    stage.kill('n1');
    stage.pass(15_000);
    const bob = HpClient.in(stage.at('n2'), 'bob');
    stage.pass(500);
    const expected = stage.nodes.flatMap(({ name }) => [`${name}-1`, `${name}-2`]);
    expect(directs(bob.take()).toSorted()).toEqual(expected);
  });

  test.each(['n2', 'n3'])(
    '[HP-STORE-6] [HP-DM-4] comes with `delayed` to %s, who was in before its node was known to be dead',
    (node) => {
      const stage = whole();
      queued(stage, 'n1', 'alice', 'm1');
      stage.kill('n1');
      const bob = HpClient.in(stage.at(node), 'bob');
      stage.pass(15_000);
      const heard = bob.take().filter(({ type }) => type === 'DIRECT_MESSAGE');
      expect(heard.map(({ id, payload }) => [id, payload['delayed']])).toEqual([['m1', true]]);
    },
  );

  test.each([
    ['that come when some have gone', true],
    ['that are back before anybody has missed them', false],
  ])('[HP-STORE-6] is held by others %s', (_, isMissed) => {
    const stage = whole();
    queued(stage, 'n1', 'alice', 'm1');
    for (const node of ['n2', 'n3']) {
      stage.kill(node);
      if (isMissed) stage.until(() => stage.seen('n1').includes(`${node}:down`), 10_000);
      stage.start(node);
      stage.until(() => stage.isWhole, 20_000);
      stage.pass(2_000);
    }
    stage.kill('n1');
    stage.pass(15_000);
    const bob = HpClient.in(stage.at('n3'), 'bob');
    stage.pass(500);
    expect(directs(bob.take())).toEqual(['m1']);
  });

  test.each([
    ['n2', 'n3'],
    ['n3', 'n2'],
  ])(
    '[HP-STORE-6] is held no more once the user has it, who was gone from %s before it came there, and is at %s',
    (first, second) => {
      const stage = whole();
      queued(stage, 'n1', 'alice', 'm1');
      stage.delay('n1', first, 50);
      const hasty = HpClient.in(stage.at(first), 'bob');
      stage.pass(100);
      hasty.ask('BYE');
      const bob = HpClient.in(stage.at(second), 'bob');
      stage.pass(500);
      expect(directs(hasty.take())).toEqual([]);
      expect(directs(bob.take())).toEqual(['m1']);
      bob.ask('BYE');
      stage.pass(300);
      stage.kill('n1');
      stage.pass(15_000);
      const again = HpClient.in(stage.at(first), 'bob');
      stage.pass(500);
      expect(directs(again.take())).toEqual([]);
    },
  );

  test.each(['n1', 'n2'])(
    '[HP-STORE-6] is held no more by a node that stood still while the user took it (on %s)',
    (node) => {
      const stage = whole();
      queued(stage, 'n1', 'alice', 'm1');
      stage.stall('n3', 15_000);
      stage.until(() => stage.seen('n1').includes('n3:down'), 15_000);
      const bob = HpClient.in(stage.at(node), 'bob');
      stage.pass(500);
      expect(directs(bob.take())).toEqual(['m1']);
      bob.ask('BYE');
      stage.until(() => stage.isWhole, 30_000);
      stage.pass(3_000);
      stage.kill('n1');
      stage.pass(15_000);
      const again = HpClient.in(stage.at('n3'), 'bob');
      stage.pass(500);
      expect(directs(again.take())).toEqual([]);
    },
  );

  test.each([
    ['and that is back', true],
    ['for ever', false],
  ])('[HP-STORE-6] is there when relays die after the node where it waits, %s', (_, isBack) => {
    const stage = whole();
    // His keepers are on the other shard.
    const user = 'dave';
    const alice = HpClient.in(stage.at('n1'), 'alice');
    alice.ask('DIRECT_MESSAGE', { to: user, body: 'x' }, 'm1');
    stage.pass(200);
    expect(acks(alice.take(), 'queued')).toEqual(['m1']);
    stage.kill('n1');
    for (const node of ['n2', 'n3']) stage.crash(node, 0);
    if (isBack) stage.start('n1');
    stage.pass(20_000);
    const dave = HpClient.in(stage.at('n2'), user);
    stage.pass(500);
    expect(directs(dave.take())).toEqual(['m1']);
  });

  test('[HP-STORE-6] is counted where another node has no place for it', () => {
    const stage = whole({ chat: { ...fast, offlineBytesTotalMax: 4_000 } });
    const [alice, carol] = [
      HpClient.in(stage.at('n1'), 'alice'),
      HpClient.in(stage.at('n2'), 'carol'),
    ];
    const sum = (): number =>
      ['n1', 'n2', 'n3'].reduce(
        (all, node) => all + stage.counted(node, 'chat.directs.notHeld'),
        0,
      );
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x'.repeat(3_000) }, 'm1');
    stage.pass(200);
    expect([acks(alice.take(), 'queued'), sum()]).toEqual([['m1'], 0]);
    carol.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' }, 'm2');
    stage.pass(2_500);
    expect([acks(carol.take(), 'queued'), sum()]).toEqual([['m2'], 1]);
  });

  test('[HP-ACK-2] is told to wait after two seconds, whoever else holds it', () => {
    const stage = whole({ nodes: 2 });
    const alice = HpClient.in(stage.at('n1'), 'alice');
    stage.cut('n1', 'n2');
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' }, 'm1');
    stage.pass(1_500);
    expect(alice.take()).toEqual([]);
    stage.pass(1_000);
    expect(acks(alice.take(), 'queued')).toEqual(['m1']);
  });
});
