// A stay in a chat, step by step: what the client says to which word of its server. No sockets, no time.

import { beforeEach, describe, expect, test } from 'vitest';
import { Conversation } from '../../../src/client/conversation.ts';
import type { Happening } from '../../../src/client/happenings.ts';
import type { Ending, Stay } from '../../../src/client/stay.ts';

interface Said {
  readonly type: string;
  readonly id: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

const stay: Stay = {
  user: 'alice',
  credentials: { method: 'none' },
  rooms: ['hall'],
  historyMax: 3,
};

class Desk {
  readonly conversation: Conversation;
  readonly told: Happening[] = [];
  readonly waits: number[] = [];
  readonly calls: number[] = [];
  readonly servers: string[] = [];
  ending: Ending | undefined = undefined;
  #said: Said[] = [];
  #ids = 0;

  constructor(of: Partial<Stay> = {}) {
    this.conversation = new Conversation(
      { ...stay, ...of },
      {
        write: (line) => this.#said.push(JSON.parse(line) as Said),
        tell: (happening) => this.told.push(happening),
        learn: (servers) => this.servers.push(...servers),
        wait: (ms) => this.waits.push(ms),
        callAgain: (afterMs) => this.calls.push(afterMs),
        end: (ending) => (this.ending = ending),
        freshId: () => `i${(this.#ids += 1)}`,
        seconds: () => 1_700_000_000,
      },
    );
  }

  /** What was said since. */
  take(): Said[] {
    return this.#said.splice(0);
  }

  types(): string[] {
    return this.take().map(({ type }) => type);
  }

  hear(type: string, payload: object = {}, id = 's'): void {
    const message = { type, id, timestamp: 1_700_000_001, payload: payload as Said['payload'] };
    this.conversation.heard(message);
    this.conversation.acknowledge();
  }

  /** The last thing said is answered. */
  answer(type: string, payload: object = {}): Said {
    const [said] = this.take();
    if (said === undefined) throw new Error('nothing was said');
    this.hear(type, { ref: said.id, ...payload });
    return said;
  }

  enter(): void {
    this.conversation.connected();
    this.answer('LOGIN_OK', { user: 'alice', node: 'n1', resume: { token: 'T' }, heartbeat: 30 });
    this.answer('JOIN_OK', { room: 'hall', seq: 5, epoch: 1, count: 1 });
    this.told.splice(0);
  }

  room(id: string, seq: number, more: object = {}): void {
    const payload = { room: 'hall', from: 'bob', body: `b${seq}`, epoch: 1, seq, ...more };
    this.hear('ROOM_MESSAGE', payload, id);
  }

  bodies(): string[] {
    return this.told.splice(0).flatMap((one) => ('body' in one ? [`${one.kind} ${one.body}`] : []));
  }
}

let desk: Desk;

beforeEach(() => {
  desk = new Desk();
});

const say = (body: string): void => {
  desk.conversation.ask('ROOM_MESSAGE', { room: 'hall', body });
};

describe('coming in', () => {
  test('the client logs in, and then comes into its rooms', () => {
    desk.conversation.connected();
    expect(desk.answer('LOGIN_OK', { user: 'alice', node: 'n1' })).toMatchObject({
      type: 'LOGIN',
      payload: { user: 'alice', caps: ['ack'] },
    });
    expect(desk.take()).toMatchObject([
      { type: 'JOIN', payload: { room: 'hall', history: { limit: 3 } } },
    ]);
  });

  test('[PROC-CLIENT-8] a password goes into LOGIN', () => {
    desk = new Desk({ credentials: { method: 'password', password: 'pw' } });
    desk.conversation.connected();
    const auth = { method: 'password', password: 'pw' };
    expect(desk.take()).toMatchObject([{ type: 'LOGIN', payload: { auth } }]);
  });

  test('[PROC-CLIENT-1] who is not let in is told why', () => {
    desk.conversation.connected();
    desk.answer('ERROR', { code: 'AUTH_FAILED', message: 'No.', fatal: false });
    expect(desk.ending).toEqual({ kind: 'refused', code: 'AUTH_FAILED', text: 'No.' });
  });

  test('a server that cannot just now is asked later, no sooner than it wants', () => {
    desk.conversation.connected();
    desk.answer('ERROR', { code: 'UNAVAILABLE', message: '', fatal: false, retry_after: 5 });
    expect([desk.ending, desk.calls]).toEqual([undefined, [5_000]]);
  });
});

describe('[PROC-CLIENT-2] what is typed', () => {
  beforeEach(() => desk.enter());

  test('is said one after the other', () => {
    say('one');
    say('two');
    expect(desk.answer('ACK', { status: 'accepted' }).payload['body']).toBe('one');
    expect(desk.answer('ACK', { status: 'accepted' }).payload['body']).toBe('two');
    expect(desk.bodies()).toEqual(['sent one', 'sent two']);
  });

  test('is said again with the same id when the connection is lost', () => {
    say('one');
    say('two');
    const [first] = desk.take();
    desk.conversation.lost();
    desk.conversation.connected();
    desk.answer('RESUME_OK', {
      user: 'alice',
      rooms: ['hall'],
      replayed: 0,
      resume: { token: 'T' },
    });
    const again = desk.answer('ACK', { status: 'accepted', duplicate: true });
    expect(again).toEqual(first);
    expect(desk.take()).toMatchObject([{ payload: { body: 'two' } }]);
  });

  test('waits where the server says that it is too much, and keeps its order', () => {
    say('one');
    say('two');
    const { id } = desk.answer('ERROR', { code: 'RATE_LIMITED', message: '', retry_after: 0.4 });
    expect([desk.types(), desk.waits]).toEqual([[], [400]]);
    say('three');
    expect(desk.types()).toEqual([]);
    desk.conversation.goOn();
    expect(desk.answer('ACK').id).toBe(id);
    desk.answer('ACK');
    desk.answer('ACK');
    expect(desk.bodies()).toEqual(['sent one', 'sent two', 'sent three']);
  });

  test('and will not be said is told, and the next thing is said', () => {
    say('one');
    say('two');
    desk.answer('ERROR', { code: 'NOT_IN_ROOM', message: 'No.' });
    expect(desk.told).toEqual([{ kind: 'refused', what: 'one', code: 'NOT_IN_ROOM', text: 'No.' }]);
    expect(desk.conversation.refusals).toBe(1);
    expect(desk.take()).toMatchObject([{ payload: { body: 'two' } }]);
  });

  test('is not said when no server would take it', () => {
    say('é'.repeat(8_193));
    say('é'.repeat(8_192));
    expect(desk.told).toMatchObject([{ kind: 'refused', code: 'BODY_TOO_LONG' }]);
    expect(desk.take()).toHaveLength(1);
  });

  test('is acknowledged before the client goes', () => {
    say('one');
    desk.conversation.quit();
    expect(desk.answer('ACK').type).toBe('ROOM_MESSAGE');
    expect(desk.answer('PONG').type).toBe('PING');
    expect(desk.answer('BYE').type).toBe('BYE');
    expect(desk.ending).toEqual({ kind: 'done' });
  });

  test('and waits keeps a client that wants to go and has no connection', () => {
    say('one');
    desk.take();
    desk.conversation.lost();
    desk.conversation.quit();
    expect(desk.ending).toBeUndefined();
    desk.conversation.connected();
    desk.answer('RESUME_OK', { rooms: ['hall'] });
    desk.answer('ACK');
    desk.conversation.lost();
    expect(desk.ending).toEqual({ kind: 'done' });
  });
});

describe('[PROC-CLIENT-3] what is heard', () => {
  beforeEach(() => desk.enter());

  test('is acknowledged, and told once', () => {
    desk.room('1', 6);
    desk.room('1', 6, { delayed: true });
    desk.hear('DIRECT_MESSAGE', { from: 'bob', to: 'alice', body: 'psst' }, '1');
    desk.hear('DIRECT_MESSAGE', { from: 'bob', to: 'alice', body: 'psst' }, '1');
    desk.hear('DIRECT_MESSAGE', { from: 'Carol', to: 'alice', body: 'psst' }, '1');
    expect(desk.bodies()).toEqual(['message b6', 'direct psst', 'direct psst']);
    const acks = desk.take();
    expect(acks.map(({ type, payload }) => [type, payload['refs']])).toEqual(
      Array.from({ length: 5 }, () => ['ACK', ['1']]),
    );
  });

  test('of one’s own is not told when another node tells it again', () => {
    say('mine');
    const { id } = desk.answer('ACK', { status: 'accepted', seq: 6, epoch: 1 });
    desk.bodies();
    desk.room(id, 6, { from: 'alice', body: 'mine' });
    expect(desk.bodies()).toEqual([]);
  });

  test('what another session of the user says is told', () => {
    desk.hear('DIRECT_MESSAGE', { from: 'alice', to: 'bob', body: 'hi', sent: true }, '7');
    expect(desk.told).toMatchObject([{ kind: 'sent', place: '@bob', status: 'elsewhere' }]);
  });
});

describe('[PROC-CLIENT-4] after a lost connection', () => {
  beforeEach(() => desk.enter());

  const seqsAfter = (): unknown => {
    desk.take();
    desk.conversation.lost();
    desk.conversation.connected();
    const [resume] = desk.take();
    expect(resume).toMatchObject({ type: 'RESUME', payload: { token: 'T' } });
    return resume?.payload['rooms'];
  };

  test('the session is taken up from what was heard', () => {
    desk.room('1', 6);
    desk.room('2', 7);
    expect(seqsAfter()).toEqual({ hall: { epoch: 1, seq: 7 } });
  });

  test('one’s own word counts as heard only behind what stands before it', () => {
    desk.room('1', 6);
    say('seven');
    desk.answer('ACK', { status: 'accepted', seq: 8, epoch: 1 });
    expect(seqsAfter()).toEqual({ hall: { epoch: 1, seq: 6 } });
    desk.hear('RESUME_OK', { ref: 'i4', rooms: ['hall'] });
  });

  test('a session that is over is begun anew, and what was heard before is not told again', () => {
    desk.room('1', 6);
    seqsAfter();
    desk.conversation.lost();
    desk.conversation.connected();
    desk.answer('ERROR', { code: 'SESSION_EXPIRED', message: '', fatal: false });
    desk.answer('LOGIN_OK', { user: 'alice', node: 'n1', resume: { token: 'U' } });
    const join = desk.answer('JOIN_OK', { room: 'hall', seq: 8, epoch: 1, count: 1 });
    expect(join.payload).toEqual({ room: 'hall', history: { limit: 100 } });
    desk.bodies();
    // Told by somebody before this client ever came.
    desk.room('0', 4, { delayed: true });
    desk.room('1', 6, { delayed: true });
    desk.room('2', 7, { delayed: true });
    desk.room('3', 8, { delayed: true });
    desk.room('4', 1, { epoch: 2 });
    expect(desk.bodies()).toEqual(['message b7', 'message b8', 'message b1']);
  });

  test('a node that counts anew is heard from its beginning', () => {
    const again = (incarnation: number): void => {
      desk.take();
      desk.conversation.lost();
      desk.conversation.connected();
      desk.answer('ERROR', { code: 'SESSION_EXPIRED', message: '', fatal: false });
      const node = { user: 'alice', node: 'n1', incarnation, resume: { token: 'U' } };
      desk.answer('LOGIN_OK', node);
      desk.answer('JOIN_OK', { room: 'hall', seq: 2, epoch: 1, count: 1 });
      desk.bodies();
    };
    desk.room('1', 6);
    again(1);
    again(2);
    desk.room('1', 1, { delayed: true });
    desk.room('2', 2, { delayed: true });
    expect(desk.bodies()).toEqual(['message b2']);
  });

  test('a session that goes on at another node is as far as it was', () => {
    desk.room('1', 6);
    desk.take();
    desk.conversation.lost();
    desk.conversation.connected();
    desk.answer('RESUME_OK', {
      node: 'n2',
      incarnation: 9,
      rooms: ['hall'],
      resume: { token: 'T' },
    });
    expect(seqsAfter()).toEqual({ hall: { epoch: 1, seq: 6 } });
  });

  test('what was missed and cannot be told any more is a gap', () => {
    seqsAfter();
    desk.conversation.lost();
    desk.conversation.connected();
    desk.answer('RESUME_OK', { rooms: ['hall'], gaps: ['hall'] });
    expect(desk.told).toContainEqual({ kind: 'gap', room: 'hall' });
  });

  const awayAndWatching = (): void => {
    desk.conversation.ask('PRESENCE_SET', { status: 'away' });
    desk.answer('ACK');
    desk.conversation.ask('PRESENCE_SUBSCRIBE', { users: ['bob'] });
    desk.answer('PRESENCE_STATE', { users: [] });
  };

  test.each([
    [true, ['PRESENCE_SET', 'PRESENCE_SUBSCRIBE']],
    [undefined, []],
  ])(
    'a session that is resumed, begun anew elsewhere: %s, is told what is lost: %j',
    (anew, types) => {
      awayAndWatching();
      desk.conversation.lost();
      desk.conversation.connected();
      desk.answer('RESUME_OK', { rooms: ['hall'], anew });
      const said: string[] = [];
      for (const _ of types) said.push(desk.answer('ACK').type);
      expect([said, desk.types()]).toEqual([types, []]);
    },
  );

  test('what a new session does not know is said to it before anything that waits', () => {
    awayAndWatching();
    say('one');
    desk.take();
    desk.conversation.lost();
    desk.conversation.connected();
    desk.answer('ERROR', { code: 'SESSION_EXPIRED', message: '', fatal: false });
    desk.answer('LOGIN_OK', { user: 'alice', node: 'n1' });
    const answers = ['JOIN_OK', 'ACK', 'PRESENCE_STATE', 'ACK'];
    const said = answers.map((type) => desk.answer(type, { room: 'hall', epoch: 9, seq: 0 }).type);
    expect(said).toEqual(['JOIN', 'PRESENCE_SET', 'PRESENCE_SUBSCRIBE', 'ROOM_MESSAGE']);
  });

  test('rooms of which the server knows nothing more are joined again', () => {
    desk.take();
    desk.conversation.lost();
    desk.conversation.connected();
    desk.answer('RESUME_OK', { rooms: [] });
    expect(desk.types()).toEqual(['JOIN']);
  });

  test('a session that another one has replaced is over', () => {
    desk.hear('ERROR', { code: 'SESSION_REPLACED', message: 'Elsewhere.', ref: null, fatal: true });
    expect(desk.ending).toMatchObject({ kind: 'refused', code: 'SESSION_REPLACED' });
  });

  test('a server that goes is called again when it says', () => {
    desk.hear('BYE', { code: 'SERVER_DRAINING', message: '', retry_after: 1 });
    expect([desk.calls, desk.ending]).toEqual([[1_000], undefined]);
  });
});

test('[PROC-CLIENT-5] heartbeats are answered, and asked for', () => {
  desk.enter();
  desk.hear('PING', {}, 'p1');
  expect(desk.take()).toMatchObject([{ type: 'PONG', payload: { ref: 'p1' } }]);
  expect(desk.conversation.isAwaiting).toBe(false);
  desk.conversation.ping();
  expect(desk.conversation.isAwaiting).toBe(true);
  desk.answer('PONG');
  expect(desk.conversation.isAwaiting).toBe(false);
});

test('what nobody knows is passed over', () => {
  desk.enter();
  desk.hear('X_FIREWORKS', { room: 'hall' });
  desk.hear('TYPING', { room: 'hall', from: 'bob', on: true });
  expect([desk.told, desk.types()]).toEqual([[], []]);
});

test('[PROC-CLIENT-4] [HP-RES-7] resumes with exactly what it has heard, and learns where else to go', () => {
  desk = new Desk();
  desk.enter();
  desk.room('m1', 1, { epoch: 7 });
  desk.hear('NOTICE', { code: 'SERVER_DRAINING', message: 'bye', servers: ['n2:7500', 7] });
  expect(desk.servers).toEqual(['n2:7500']);
  desk.take();
  desk.conversation.lost();
  desk.conversation.connected();
  const [resume] = desk.take();
  expect(resume?.payload['rooms']).toEqual({ hall: { epoch: 7, seq: 1 } });
});

test('[PROC-CLIENT-3] [HP-PRES-6] what a user is, is told when it changes, and not again behind RESUME', () => {
  desk = new Desk();
  desk.enter();
  const statuses = (): string[] =>
    desk.told.splice(0).flatMap((one) => (one.kind === 'presence' ? [one.status] : []));
  desk.hear('PRESENCE_EVENT', { user: 'bob', status: 'busy' });
  desk.hear('PRESENCE_EVENT', { user: 'carol', status: 'busy' });
  desk.hear('PRESENCE_EVENT', { user: 'bob', status: 'busy' });
  expect(statuses()).toEqual(['busy', 'busy']);
  desk.conversation.ask('PRESENCE_QUERY', { users: ['bob'] });
  desk.answer('PRESENCE_STATE', { users: [{ user: 'bob', status: 'away' }] });
  expect(statuses()).toEqual(['away']);
  desk.hear('PRESENCE_EVENT', { user: 'bob', status: 'busy', note: 'tea' });
  desk.hear('PRESENCE_EVENT', { user: 'bob', status: 'busy' });
  expect(statuses()).toEqual(['busy', 'busy']);
});
