// One client of the chat on a stage: how it comes in, what it may say when, and every way in which it ends.

import { assert as check, array, constantFrom, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hpLife, type HpEvent } from '../../../src/actors/chat/hp-session.machine.ts';
import { actorsOf } from '../../../src/actors/node.ts';
import { HpClient, line } from '../../support/hp-client.ts';
import { Stage } from '../../support/stage.ts';

const stageWith = (chat: ConstructorParameters<typeof Stage>[0] = {}): Stage =>
  new Stage({ chat: {}, ...chat });

describe('framing', () => {
  test('[HP-FRAME-1] [HP-FRAME-2] [HP-LIVE-2] a ping is answered before login, with CR, byte by byte, and many at once', () => {
    const client = new HpClient(stageWith());
    client.raw(line('PING', '1', { echo: 'x' }));
    expect(client.next()).toMatchObject({ type: 'PONG', payload: { ref: '1', echo: 'x' } });
    client.raw(line('PING', '2').replace('\n', '\r\n'));
    for (const byte of line('PING', '3')) client.raw(byte);
    client.raw(line('PING', '4') + line('PING', '5') + line('PING', '6'));
    expect(client.take().map(({ payload }) => payload['ref'])).toEqual(['2', '3', '4', '5', '6']);
  });

  test('[HP-FRAME-3] [HP-FRAME-4] blank lines and half a line say nothing', () => {
    const client = new HpClient(stageWith());
    client.raw(`\n\r\n \t\n${line('PING', '1')}${line('PING', '2').trimEnd()}`);
    client.wire.hear({
      type: 'closeReceived',
      connection: client.wire.id,
      code: 1_005,
      reason: '',
    });
    expect(client.take().map(({ payload }) => payload['ref'])).toEqual(['1']);
    expect(client.isClosed).toBe(true);
  });

  test('[HP-FRAME-5] [HP-FRAME-6] a line that is too long is told once; the next one works; a flood ends it', () => {
    const stage = stageWith();
    const client = HpClient.in(stage, 'alice');
    const [head, tail] = line('PING', 'x', { pad: '' }).split('""');
    const exactly = (bytes: number): string =>
      `${head}"${'x'.repeat(bytes - line('PING', 'x', { pad: '' }).length)}"${tail}`;
    client.raw(exactly(65_536));
    expect(client.told()).toEqual(['PONG']);
    client.raw(exactly(65_537));
    client.raw(line('PING', 'y'));
    stage.pass(5_000);
    expect(client.told()).toEqual(['ERROR LINE_TOO_LONG', 'PONG']);
    for (let i = 0; i < 10; i += 1) client.raw('x'.repeat(60_000));
    expect(client.take()).toMatchObject([
      { payload: { code: 'LINE_TOO_LONG', fatal: false } },
      { payload: { code: 'LINE_TOO_LONG', fatal: true } },
    ]);
    expect(client.isClosed).toBe(true);
  });

  test('[HP-FRAME-5] before login a long line is fatal', () => {
    const client = new HpClient(stageWith());
    client.raw(`${'x'.repeat(9_000)}\n`);
    expect(client.take()).toMatchObject([{ payload: { code: 'LINE_TOO_LONG', fatal: true } }]);
    expect(client.isClosed).toBe(true);
  });

  test('[HP-FRAME-7] HTTP gets one line and a close, and nothing behind it is obeyed', () => {
    const stage = stageWith();
    const client = new HpClient(stage);
    client.raw(`POST / HTTP/1.1\r\nHost: x\r\n\r\n${line('LOGIN', '1', { user: 'eve' })}`);
    expect(client.take()).toMatchObject([{ type: 'ERROR', payload: { fatal: true } }]);
    expect(client.isClosed).toBe(true);
    expect(stage.counted('chat.sessions')).toBe(0);
  });

  test('[HP-ERR-3] three lines of garbage end a stranger, ten within a minute a user', () => {
    const stage = stageWith();
    const stranger = new HpClient(stage);
    stranger.raw('hello\nhello\nhello\nhello\n');
    expect(stranger.take().map(({ payload }) => payload['fatal'])).toEqual([false, false, true]);
    const user = HpClient.in(stage, 'alice');
    for (let i = 0; i < 9; i += 1) user.raw('[]\n');
    stage.pass(31_000);
    user.ask('PONG');
    stage.pass(31_000);
    user.raw('5\n');
    expect(user.isClosed).toBe(false);
    for (let i = 0; i < 9; i += 1) user.raw('null\n');
    expect(user.isClosed).toBe(true);
  });
});

describe('coming in', () => {
  test('[HP-HELLO-1] [HP-HELLO-2] [HP-HELLO-3] [HP-LIM-1] HELLO is said once and tells the limits', () => {
    const client = new HpClient(stageWith());
    client.ask('HELLO', { caps: ['ack', 'telepathy'] });
    client.ask('HELLO');
    const [first, second] = client.take();
    expect(first).toMatchObject({
      type: 'HELLO_OK',
      payload: {
        version: '1.0',
        node: 'n1',
        auth: ['none'],
        limits: { max_line: 65_536, ping_every: 30, failed_logins: 3, arrivals_window: 600 },
      },
    });
    expect(second).toMatchObject({ type: 'ERROR', payload: { code: 'FORBIDDEN', fatal: false } });
    client.ask('LOGIN', { user: 'alice', caps: ['echo'] });
    expect(client.next()?.payload['caps']).toEqual(['echo', 'ack']);
  });

  test('[HP-HELLO-2] versions that nobody speaks here end the connection; none named is no mistake', () => {
    for (const versions of [[], ['1.0'], ['2.0', '1.3']]) {
      const client = new HpClient(stageWith());
      client.ask('HELLO', { versions });
      expect(client.told()).toEqual(['HELLO_OK']);
    }
    const client = new HpClient(stageWith());
    client.ask('HELLO', { versions: ['2.0', '11.0'] });
    expect(client.next()?.payload).toMatchObject({
      ...{ code: 'UNSUPPORTED_VERSION', fatal: true, supported: ['1.0'] },
      field: 'payload.versions',
    });
    expect(client.isClosed).toBe(true);
  });

  test('[HP-SESS-5] nobody goes who has not come: LOGOUT before login', () => {
    const client = new HpClient(stageWith());
    client.ask('LOGOUT');
    expect(client.told()).toEqual(['ERROR NOT_LOGGED_IN']);
    client.ask('BYE');
    expect(client.told()).toEqual(['BYE']);
  });

  test('[HP-LOGIN-1] [HP-SESS-5] [HP-OUT-2] login once; before it nothing else is obeyed', () => {
    const client = new HpClient(stageWith());
    client.ask('JOIN', { room: 'general' });
    client.ask('LOGIN', { user: 'alice' });
    client.ask('LOGIN', { user: 'alice' });
    const [refused, ok, again] = client.take();
    expect(refused).toMatchObject({ payload: { code: 'NOT_LOGGED_IN', ref: 'q1', fatal: false } });
    expect(ok).toMatchObject({
      type: 'LOGIN_OK',
      payload: {
        ref: 'q2',
        user: 'alice',
        node: 'n1',
        incarnation: 7,
        offline_count: 0,
        sessions: 1,
      },
    });
    expect(again).toMatchObject({ payload: { code: 'ALREADY_LOGGED_IN', fatal: false } });
    const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
    for (const said of [refused, ok, again]) expect(said?.id).toMatch(uuid);
    expect(new Set([refused?.id, ok?.id, again?.id]).size).toBe(3);
    expect(ok?.timestamp).toBe(1_700_000_001);
  });

  test('[HP-LOGIN-2] [HP-LOGIN-3] [HP-LOGIN-6] [HP-DM-1] a password is needed; one text for all that is wrong; three and out', () => {
    const stage = stageWith({ chat: { auth: ['password'] }, passwords: { alice: 'secret' } });
    const client = new HpClient(stage);
    client.ask('LOGIN', { user: 'alice' });
    client.ask('LOGIN', { user: 'alice', auth: { method: 'password', password: 'guess' } });
    client.ask('LOGIN', { user: 'nobody', auth: { method: 'password', password: 'guess' } });
    const [required, wrong, unknown] = client.take();
    expect(required?.payload).toMatchObject({ code: 'AUTH_REQUIRED', fatal: false });
    expect(wrong?.payload).toMatchObject({ code: 'AUTH_FAILED', fatal: false });
    expect(unknown?.payload).toMatchObject({ code: 'AUTH_FAILED', fatal: true });
    expect(unknown?.payload['message']).toBe(wrong?.payload['message']);
    expect(client.isClosed).toBe(true);
    const good = new HpClient(stage);
    good.ask('LOGIN', { user: 'alice', auth: { method: 'password', password: 'secret' } });
    expect(good.next()?.type).toBe('LOGIN_OK');
    good.ask('DIRECT_MESSAGE', { to: 'nobody', body: 'x' });
    expect(good.told()).toEqual(['ERROR NO_SUCH_USER']); // [HP-DM-1]
  });

  test('[HP-LOGIN-2] [HP-LOGIN-5] methods that are not allowed, and secrets in the clear from elsewhere', () => {
    const stage = stageWith({ chat: { auth: ['none', 'token'] } });
    const client = new HpClient(stage, 0, { isLoopback: false });
    client.ask('LOGIN', { user: 'alice', auth: { method: 'password', password: 'x' } });
    client.ask('LOGIN', { user: 'alice', auth: { method: 'kerberos', ticket: 'x' } });
    expect(client.told()).toEqual(['ERROR AUTH_METHOD', 'ERROR AUTH_METHOD']);
    client.ask('LOGIN', { user: 'alice', auth: { method: 'token', token: 'x' } });
    expect(client.next()?.payload).toMatchObject({ code: 'AUTH_METHOD', fatal: true });
  });

  test('[HP-LOGIN-4] a token names its user, and its end is the end', () => {
    const rights = { subscribe: [], publish: [] };
    const tokens = {
      good: { ...rights, subject: 'Alice', expiresInMs: 5_000 },
      other: { ...rights, subject: 'bob' },
    };
    const stage = stageWith({ chat: { auth: ['token'] }, tokens });
    const client = new HpClient(stage);
    client.ask('LOGIN', { user: 'alice', auth: { method: 'token', token: 'other' } });
    client.ask('LOGIN', { user: 'alice', auth: { method: 'token', token: 'good' } });
    expect(client.take().map(({ type }) => type)).toEqual(['ERROR', 'LOGIN_OK']);
    stage.pass(5_001);
    expect(client.told()).toEqual(['ERROR AUTH_FAILED']);
    expect(client.isClosed).toBe(true);
  });

  test('[HP-LOGIN-4] [HP-NAME-1] a token for somebody whose name only looks like a user’s is none for the user', () => {
    // The sign for kelvins is no letter of names, and its small letter is.
    const kelvin = { subscribe: [], publish: [], subject: '\u212aarl' };
    const stage = stageWith({ chat: { auth: ['token'] }, tokens: { kelvin } });
    const client = new HpClient(stage);
    client.ask('LOGIN', { user: 'karl', auth: { method: 'token', token: 'kelvin' } });
    expect(client.told()).toEqual(['ERROR AUTH_FAILED']);
  });

  test('[HP-LOGIN-4] [HP-RES-2] a session ends with its token, away or on another connection', () => {
    const tokens = { good: { subscribe: [], publish: [], subject: 'alice', expiresInMs: 30_000 } };
    const stage = stageWith({
      shards: 2,
      chat: { auth: ['token'], pingEveryMs: 1e6, pingTimeoutMs: 2e6 },
      tokens,
    });
    const enter = (): HpClient => {
      const auth = { method: 'token', token: 'good' };
      return HpClient.in(stage, 'alice', 0, { auth });
    };
    const resume = (token: string): HpClient => {
      const client = new HpClient(stage, 1);
      client.ask('RESUME', { token });
      return client;
    };
    const [moved, away] = [enter(), enter()];
    moved.wire.leave();
    away.wire.leave();
    stage.pass(1_000);
    const back = resume(moved.token);
    expect(back.take()).toMatchObject([{ type: 'RESUME_OK' }]);
    stage.pass(28_000);
    expect(back.told()).toEqual([]);
    stage.pass(2_001);
    expect(back.told()).toEqual(['ERROR AUTH_FAILED']);
    expect(back.isClosed).toBe(true);
    expect(resume(away.token).told()).toEqual(['ERROR SESSION_EXPIRED']);
  });

  test('[HP-LOGIN-4] the end of a token that let nobody in ends nothing', () => {
    const good = { subscribe: [], publish: [], subject: 'alice', expiresInMs: 5_000 };
    const chat = { auth: ['none', 'token'] as const, sessionPolicy: 'reject' as const };
    const stage = stageWith({ chat, tokens: { good } });
    HpClient.in(stage, 'alice');
    const client = new HpClient(stage);
    client.ask('LOGIN', { user: 'alice', auth: { method: 'token', token: 'good' } });
    client.ask('LOGIN', { user: 'bob' });
    expect(client.told()).toEqual(['ERROR USERNAME_TAKEN', 'LOGIN_OK online bob']);
    stage.pass(6_000);
    expect(client.told()).toEqual([]);
    expect(client.isClosed).toBe(false);
  });

  test('[HP-LOGIN-7] whoever does not log in is told so at ten seconds', () => {
    const stage = stageWith();
    const client = new HpClient(stage);
    stage.pass(9_999);
    expect(client.take()).toEqual([]);
    stage.pass(2);
    expect(client.take()).toMatchObject([{ payload: { code: 'LOGIN_TIMEOUT', fatal: true } }]);
    expect(client.isClosed).toBe(true);
  });

  test('[HP-CONN-1] [HP-CONN-2] one too many is told to come back; loopback is not counted by address', () => {
    const stage = stageWith({ chat: { connectionsMax: 3, connectionsPerAddressMax: 1 } });
    const away = { isLoopback: false, remote: '203.0.113.5' };
    const first = new HpClient(stage, 0, away);
    const second = new HpClient(stage, 0, away);
    expect(second.take()).toMatchObject([{ payload: { code: 'UNAVAILABLE', fatal: true } }]);
    expect(first.isClosed).toBe(false);
    const others = [new HpClient(stage), new HpClient(stage)];
    expect(others.map(({ isClosed }) => isClosed)).toEqual([false, false]);
    expect(new HpClient(stage).isClosed).toBe(true);
    first.wire.leave();
    expect(new HpClient(stage, 0, away).isClosed).toBe(false);
  });

  test('[HP-CONN-1] [HP-CONN-2] [HP-RES-1] a session whose connection is gone keeps nobody out, least of all its own client', () => {
    const stage = stageWith({ chat: { connectionsMax: 1, connectionsPerAddressMax: 1 } });
    const away = { isLoopback: false, remote: '203.0.113.5' };
    const first = new HpClient(stage, 0, away);
    first.ask('LOGIN', { user: 'alice' });
    const { payload } = first.next() ?? expect.fail();
    const { token } = payload['resume'] as { token: string };
    first.wire.leave();
    const back = new HpClient(stage, 0, away);
    back.ask('RESUME', { token });
    expect(back.told()).toEqual(['RESUME_OK online alice']);
    expect(new HpClient(stage, 0, away).isClosed).toBe(true);
    back.ask('BYE');
    expect(new HpClient(stage, 0, away).isClosed).toBe(false);
    expect(new HpClient(stage, 0, away).isClosed).toBe(true);
  });

  test('[HP-CONN-3] nor may an address come too often; loopback may', () => {
    const stage = stageWith({ chat: { arrivalsPerAddressMax: 2, arrivalsWindowMs: 60_000 } });
    const away = { isLoopback: false, remote: '203.0.113.5' };
    const come = (): HpClient => new HpClient(stage, 0, away);
    come().wire.leave();
    stage.pass(15_000);
    come().wire.leave();
    const refusal = { code: 'UNAVAILABLE', fatal: true, retry_after: 45 };
    expect(come().take()).toMatchObject([{ payload: refusal }]);
    expect(Array.from({ length: 5 }, () => new HpClient(stage).isClosed)).not.toContain(true);
    stage.pass(46_000);
    expect(come().isClosed).toBe(false);
  });

  test('[HP-ENV-10] [HP-ACK-4] a lenient listener gives the id, and tells it', () => {
    const stage = stageWith({ chat: { envelope: 'lenient' } });
    const client = new HpClient(stage);
    client.raw('{"version":"1.0","type":"LOGIN","payload":{"user":"alice"}}\n');
    client.raw('{"version":"1.0","type":"JOIN","payload":{"room":"r"}}\n');
    client.raw('{"version":"1.0","type":"ROOM_MESSAGE","payload":{"room":"r","body":"x"}}\n');
    const [, , ack] = client.take();
    expect(ack).toMatchObject({ type: 'ACK', payload: { status: 'accepted', seq: 1 } });
    expect(ack?.payload['id']).toBe(ack?.payload['ref']);
  });
});

describe('several sessions', () => {
  test('[HP-SESS-1] [HP-SESS-4] as many as are allowed; one that is away makes room', () => {
    const stage = stageWith({ shards: 2 });
    const sessions = Array.from({ length: 8 }, (_, at) => HpClient.in(stage, 'alice', at % 2));
    const ninth = new HpClient(stage);
    ninth.ask('LOGIN', { user: 'ALICE' });
    expect(ninth.told()).toEqual(['ERROR SESSION_LIMIT']);
    sessions[3]?.wire.leave();
    ninth.ask('LOGIN', { user: 'alice' });
    expect(ninth.next()?.payload['sessions']).toBe(8);
  });

  test('[HP-SESS-2] under `reject` a name that is taken is taken', () => {
    const stage = stageWith({ chat: { sessionPolicy: 'reject' } });
    const first = HpClient.in(stage, 'alice');
    const second = new HpClient(stage);
    second.ask('LOGIN', { user: 'alice' });
    expect(second.told()).toEqual(['ERROR USERNAME_TAKEN']);
    first.ask('BYE');
    second.ask('LOGIN', { user: 'alice' });
    expect(second.next()?.type).toBe('LOGIN_OK');
  });

  test('[HP-SESS-3] under `replace` the newer one stays', () => {
    const stage = stageWith({ chat: { sessionPolicy: 'replace' }, shards: 2 });
    const first = HpClient.in(stage, 'alice');
    HpClient.in(stage, 'alice', 1);
    expect(first.take()).toMatchObject([{ payload: { code: 'SESSION_REPLACED', fatal: true } }]);
    expect(first.isClosed).toBe(true);
  });
});

describe('staying and going', () => {
  test('[HP-LIVE-3] [HP-LIVE-4] a node that did nothing for a minute asks before it sends anybody away', () => {
    const stage = stageWith();
    const [silent, alive] = [HpClient.in(stage, 'alice'), HpClient.in(stage, 'bob')];
    stage.now += 65_000_000;
    stage.pass(0);
    expect([silent.told(), alive.told()]).toEqual([['PING'], ['PING']]);
    alive.ask('PONG');
    stage.pass(29_000);
    expect([silent.told(), alive.told()]).toEqual([[], []]);
    stage.pass(1_100);
    expect([silent.told(), alive.told()]).toEqual([['ERROR PING_TIMEOUT'], ['PING']]);
  });

  test('[HP-LIVE-1] [HP-LIVE-3] [HP-LIVE-4] silence is pinged at 30 s and ended at 60; any line counts', () => {
    const stage = stageWith();
    const client = HpClient.in(stage, 'alice');
    stage.pass(29_000);
    client.raw('\n');
    stage.pass(29_000);
    expect(client.take()).toEqual([]);
    stage.pass(1_001);
    expect(client.told()).toEqual(['PING']);
    client.ask('PONG');
    stage.pass(29_000);
    expect(client.told()).toEqual([]);
    stage.pass(1_001);
    expect(client.told()).toEqual(['PING']);
    stage.pass(29_998);
    expect(client.take()).toEqual([]);
    stage.pass(2);
    expect(client.take()).toMatchObject([{ payload: { code: 'PING_TIMEOUT', fatal: true } }]);
    expect(client.isClosed).toBe(true);
    const back = new HpClient(stage);
    back.ask('RESUME', { token: client.token });
    expect(back.told()).toEqual(['RESUME_OK online alice']);
  });

  test('[HP-LIVE-3] [HP-LIVE-4] whoever has answered is asked again in its time, however long silence may last', () => {
    const stage = stageWith({ chat: { pingEveryMs: 10_000, pingTimeoutMs: 60_000 } });
    const client = HpClient.in(stage, 'alice');
    stage.pass(10_001);
    expect(client.told()).toEqual(['PING']);
    client.ask('PONG');
    stage.pass(9_998);
    expect(client.told()).toEqual([]);
    stage.pass(3);
    expect(client.told()).toEqual(['PING']);
    stage.pass(49_997);
    expect(client.told()).toEqual([]);
    stage.pass(3);
    expect(client.told()).toEqual(['ERROR PING_TIMEOUT']);
  });

  test('[HP-SESS-6] BYE is answered, and the connection closes', () => {
    const stage = stageWith();
    const client = HpClient.in(stage, 'alice');
    client.ask('BYE');
    expect(client.take()).toMatchObject([{ type: 'BYE', payload: { ref: 'q2' } }]);
    expect(client.isClosed).toBe(true);
    expect(stage.counted('chat.sessions')).toBe(0);
    expect(stage.shards[0]?.system.actors).toBe(6);
  });

  test('[HP-DRAIN-1] [HP-DRAIN-2] a node that goes says so, takes no joins, and sends everybody away', () => {
    const stage = stageWith();
    const client = HpClient.in(stage, 'alice');
    const stranger = new HpClient(stage);
    stage.tell(actorsOf(0).chat, { type: 'drain', withinMs: 2_000 });
    stage.settle();
    expect(client.told()).toEqual(['NOTICE SERVER_DRAINING']);
    expect(stranger.told()).toEqual(['BYE SERVER_DRAINING']);
    client.ask('JOIN', { room: 'r' });
    expect(client.told()).toEqual(['ERROR UNAVAILABLE']);
    expect(new HpClient(stage).told()).toEqual(['ERROR SERVER_DRAINING']);
    stage.pass(2_000);
    expect(client.told()).toEqual(['BYE SERVER_DRAINING']);
    expect(client.isClosed).toBe(true);
  });

  test('[HP-LIM-6] a client that does not read is told at ten seconds, and nobody else notices', () => {
    const stage = stageWith({
      chat: {
        bytesPerSecondMax: 1e9,
        bytesBurstMax: 1e9,
        messagesPerSecondMax: 1e6,
        messagesBurstMax: 1e6,
      },
    });
    const alice = HpClient.in(stage, 'alice');
    const bob = HpClient.in(stage, 'bob');
    for (const one of [alice, bob]) one.ask('JOIN', { room: 'r' });
    stage.settle();
    alice.take();
    bob.wire.isStalled = true;
    for (let i = 0; i < 40; i += 1)
      alice.ask('ROOM_MESSAGE', { room: 'r', body: 'x'.repeat(16_000) });
    stage.settle();
    expect(alice.take()).toHaveLength(40);
    stage.pass(9_000);
    expect(bob.isClosed).toBe(false);
    stage.pass(2_500);
    expect(bob.take().at(-1)).toMatchObject({ payload: { code: 'SLOW_CONSUMER', fatal: true } });
    expect(bob.isClosed).toBe(true);
  });

  test('[HP-LIM-3] lines that come too fast wait', () => {
    const stage = stageWith();
    const client = HpClient.in(stage, 'alice');
    const pad = 'x'.repeat(30_000);
    for (let i = 0; i < 8; i += 1) client.ask('PING', { pad });
    expect(client.told().length).toBeLessThan(7);
    stage.pass(10_000);
    expect(client.told().length).toBeGreaterThan(1);
  });

  test('[HP-LIM-4] [HP-LIM-2] messages and joins that come too fast are refused, each of them', () => {
    const stage = stageWith();
    const client = HpClient.in(stage, 'alice');
    for (let i = 0; i < 6; i += 1) client.ask('JOIN', { room: `r${i}` });
    expect(client.told().at(-1)).toBe('ERROR RATE_LIMITED');
    for (let i = 0; i < 25; i += 1) client.ask('ROOM_MESSAGE', { room: 'r0', body: 'x' });
    const told = client.take();
    expect(told.filter(({ type }) => type === 'ACK')).toHaveLength(20);
    expect(told.at(-1)).toMatchObject({ payload: { code: 'RATE_LIMITED', retry_after: 0.1 } });
    stage.pass(1_000);
    client.ask('ROOM_MESSAGE', { room: 'r0', body: 'x' });
    expect(client.next()?.type).toBe('ACK');
    for (let i = 0; i < 150; i += 1) client.ask('ROOM_MESSAGE', { room: 'r0', body: 'x' });
    expect(client.isClosed).toBe(true);
  });

  test('[HP-STATS-1] statistics are for administrators', () => {
    const stage = stageWith({ chat: { admins: ['Root'] } });
    const alice = HpClient.in(stage, 'alice');
    alice.ask('STATS');
    expect(alice.told()).toEqual(['ERROR FORBIDDEN']);
    const root = HpClient.in(stage, 'root');
    root.ask('STATS');
    expect(root.next()).toMatchObject({ type: 'STATS_OK', payload: { node: 'n1' } });
    alice.ask('WHOAMI');
    expect(alice.next()).toMatchObject({
      type: 'WHOAMI_OK',
      payload: { user: 'alice', rooms: [] },
    });
  });
});

describe('the life of a session', () => {
  test('[HP-SESS-7] is what the machine says: whatever happens to it', () => {
    const deeds: Record<string, (client: HpClient, stage: Stage) => HpEvent | undefined> = {
      login: (client) => (client.ask('LOGIN', { user: 'alice' }), 'loggedIn'),
      bye: (client) => (client.ask('BYE'), 'left'),
      bad: (client) => (client.raw('{"version":"9.0"}\n'), 'refused'),
      lost: (client) => (client.wire.leave(), 'lost'),
      ping: (client) => (client.ask('PING'), undefined),
    };
    check(
      property(array(constantFrom(...Object.keys(deeds)), { maxLength: 6 }), (names) => {
        const stage = stageWith();
        const client = new HpClient(stage);
        let life = hpLife.initial;
        for (const name of names) {
          const wasHere = life === 'connected' || life === 'active';
          const event = deeds[name]?.(client, stage);
          // Whoever is gone says nothing.
          if (event !== undefined && wasHere) life = hpLife.next(life, event) ?? life;
          stage.settle();
          expect([name, isKnown(stage)]).toEqual([name, life === 'active' || life === 'detached']);
          if (life === 'closed') expect(client.isClosed || client.wire.isGone).toBe(true);
        }
        stage.pass(61_000);
        // Whoever said nothing for a minute is away, and is waited for another one.
        expect(isKnown(stage)).toBe(life === 'active');
        stage.pass(61_000);
        expect(isKnown(stage)).toBe(false);
        expect(stage.troubles).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  /** Whether the user's keeper knows a session. */
  function isKnown(stage: Stage): boolean {
    return stage.counted('chat.sessions') > 0;
  }
});
