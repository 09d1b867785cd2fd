// `hermod chat --plain` as processes: people in pipes who talk to each other and to somebody with `nc`, over wires that
// are cut and nodes that die.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { selfSigned } from '../support/certificates.ts';
import { ChatProcess, MAIN, Wire } from '../support/chat-process.ts';
import { type NodeProcess, startNode } from '../support/node-process.ts';
import { ProcessCluster } from '../support/process-cluster.ts';

const BEATS = { HERMOD_CHAT_PING_EVERY_MS: '500', HERMOD_CHAT_PING_TIMEOUT_MS: '5000' };
/** Each test starts several processes, and clients wait before they call again. */
const PATIENT = { timeout: 60_000 };
const closing: (() => unknown)[] = [];
let node: NodeProcess;
let rooms = 0;

const portOf = (of: NodeProcess): number => Number(of.doors['chat']?.split(':').at(-1));

beforeAll(async () => {
  node = await startNode(['--chat-port', '0', '--threads', '2'], BEATS);
});

afterAll(() => node.stop());

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A room of its own for each test. */
function freshRoom(): string {
  rooms += 1;
  return `room${rooms}`;
}

function chat(user: string, port: number, ...args: readonly string[]): ChatProcess {
  const one = new ChatProcess(['--plain', '--port', String(port), '--user', user, ...args]);
  closing.push(() => one.child.kill('SIGKILL'));
  return one;
}

async function wireTo(target: () => number): Promise<Wire> {
  const wire = await Wire.to(target);
  closing.push(() => wire.close());
  return wire;
}

/** Somebody who types HP. */
function byHand(port: number) {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  closing.push(() => socket.destroy());
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  let ids = 0;
  return {
    type(type: string, payload: object): void {
      ids += 1;
      const envelope = { version: '1.0', type, id: String(ids), timestamp: 1, source: 'client' };
      socket.write(`${JSON.stringify({ ...envelope, payload })}\n`);
    },
    async hears(text: string): Promise<string> {
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw new Error(`the connection ended before ${text}`);
        if (value.includes(text)) return value;
      }
    },
  };
}

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `line ${from + at}`);

describe('two and a third', () => {
  test('[PROC-CLIENT-6] talk with each other, and with somebody at nc', PATIENT, async () => {
    const room = freshRoom();
    const alice = chat('alice', portOf(node), '--room', room);
    await alice.heard(`joined ${room} 1`);
    const bob = chat('bob', portOf(node), '--room', room);
    await bob.heard(`joined ${room} 2`);
    const carol = byHand(portOf(node));
    carol.type('LOGIN', { user: 'carol' });
    carol.type('JOIN', { room });
    await alice.heard(`came ${room} carol 3`);
    alice.say('Is there tea?');
    await bob.heard(`message ${room} alice Is there tea?`);
    expect(await carol.hears('ROOM_MESSAGE')).toContain('"body":"Is there tea?"');
    carol.type('ROOM_MESSAGE', { room, body: 'Two\nlines, and a \u001b.' });
    const told = `message ${room} carol ${String.raw`Two\nlines, and a \u001b.`}`;
    await Promise.all([alice.heard(told), bob.heard(told)]);
    carol.type('DIRECT_MESSAGE', { to: 'bob', body: 'Just you.' });
    await bob.heard('direct carol Just you.');
    expect(await bob.end()).toBe(0);
    await alice.heard(`went ${room} bob 2`);
    expect(await alice.end()).toBe(0);
    expect(alice.of('message')).toHaveLength(1);
    expect(alice.of('sent')).toEqual([`${room} accepted Is there tea?`]);
  });

  test(
    '[PROC-CLIENT-2] everything typed is acknowledged before the client goes, faster than it may be said',
    PATIENT,
    async () => {
      const room = freshRoom();
      const bob = chat('bob', portOf(node), '--room', room);
      await bob.heard(`joined ${room} 1`);
      const alice = chat('alice', portOf(node), '--room', room);
      alice.say(...numbered(1, 30));
      expect(await alice.end()).toBe(0);
      await bob.heard(`message ${room} alice line 30`);
      expect(bob.of('message')).toEqual(numbered(1, 30).map((line) => `${room} alice ${line}`));
      expect(alice.of('sent')).toHaveLength(30);
    },
  );

  test(
    'a message to one who is away waits, and is told when the client comes',
    PATIENT,
    async () => {
      const alice = chat('alice', portOf(node), '--to', 'dora');
      alice.say('later');
      expect(await alice.end()).toBe(0);
      expect(alice.of('sent')).toEqual(['@dora queued later']);
      for (const expected of [['alice later'], []]) {
        const dora = chat('dora', portOf(node));
        expect(await dora.end()).toBe(0);
        expect(dora.of('direct')).toEqual(expected);
      }
    },
  );

  test('commands, where they are wanted', PATIENT, async () => {
    const room = freshRoom();
    const alice = chat('alice', portOf(node), '--commands');
    alice.say(
      `/join ${room}`,
      'here',
      '/who',
      '/history',
      '/presence erin',
      `/rooms ${room}`,
      '/away',
    );
    alice.say(`/msg erin see you`, '/leave');
    const erin = chat('erin', portOf(node));
    await erin.heard('direct alice see you');
    await alice.heard('presence erin online');
    expect(await alice.end()).toBe(0);
    expect(alice.lines.filter((line) => !/^(?:presence|sent)/.test(line))).toEqual([
      'entered alice n1',
      ...[`joined ${room} 1`, `members ${room} 1`, `member ${room} alice online`],
      ...[`past ${room} alice here`, 'rooms 1', `room ${room} 1`, 'done PRESENCE_SET'],
      `left ${room}`,
    ]);
  });
});

describe('[PROC-CLIENT-4] a wire that is cut', () => {
  test('loses nothing and repeats nothing, however often', PATIENT, async () => {
    const room = freshRoom();
    const [toAlice, toBob] = [await wireTo(() => portOf(node)), await wireTo(() => portOf(node))];
    const bob = chat('bob', toBob.port, '--room', room);
    const alice = chat('alice', toAlice.port, '--room', room);
    await Promise.all([bob.heard(/^joined/), alice.heard(/^joined/)]);
    for (let round = 0; round < 5; round += 1) {
      alice.say(...numbered(round * 8 + 1, round * 8 + 8));
      // In the middle of it, once on one side and once on the other.
      await bob.until(() => bob.of('message').length > round * 8 + 2);
      if (round % 2 === 0) toAlice.blink();
      else toBob.blink();
    }
    expect(await alice.end()).toBe(0);
    await bob.heard(`message ${room} alice line 40`);
    expect(bob.of('message')).toEqual(numbered(1, 40).map((line) => `${room} alice ${line}`));
    expect([alice.of('resumed').length, bob.of('resumed').length]).not.toContain(0);
    expect(await bob.end()).toBe(0);
  });

  test(
    'what is typed meanwhile waits, and nobody hears that the client was away',
    PATIENT,
    async () => {
      const room = freshRoom();
      const wire = await wireTo(() => portOf(node));
      const bob = chat('bob', portOf(node), '--room', room);
      await bob.heard(/^joined/);
      const alice = chat('alice', wire.port, '--room', room);
      // Whoever is cut off with its JOIN unanswered may be out of the room.
      await Promise.all([alice.heard(/^joined/), bob.heard(/^came/)]);
      wire.cut();
      await alice.until(({ errors }) => errors.includes('calling again'));
      alice.say('from away');
      bob.say('are you there?');
      await bob.heard(/^sent/);
      wire.mend();
      await alice.heard(`message ${room} bob are you there?`);
      await bob.heard(`message ${room} alice from away`);
      expect(bob.lines.filter((line) => /^(?:came|went)/.test(line))).toEqual([
        `came ${room} alice 2`,
      ]);
    },
  );

  test('[PROC-CLIENT-5] a wire that dies without a word is found out', PATIENT, async () => {
    const room = freshRoom();
    const wire = await wireTo(() => portOf(node));
    const alice = chat('alice', wire.port, '--room', room);
    await alice.heard(/^joined/);
    wire.isSilent = true;
    alice.say('into the void');
    await alice.until(({ errors }) => errors.includes('says nothing any more'));
    wire.mend();
    await alice.heard(`sent ${room} accepted into the void`);
    expect(wire.calls).toBeGreaterThan(1);
  });
});

describe('[PROC-CLIENT-4] a node that is started again', () => {
  test('has forgotten everybody, who come back and go on', PATIENT, async () => {
    let mine = await startNode(['--chat-port', '0', '--threads', '1']);
    closing.push(() => mine.child.kill('SIGKILL'));
    const wire = await wireTo(() => portOf(mine));
    const alice = chat('alice', wire.port, '--room', 'hall', '--room', 'kitchen');
    const bob = chat('bob', wire.port, '--room', 'kitchen');
    await Promise.all([alice.heard(/^joined kitchen/), bob.heard(/^joined kitchen/)]);
    alice.say('before');
    await bob.heard('message kitchen alice before');
    mine.child.kill('SIGKILL');
    await mine.exited;
    await Promise.all(
      [alice, bob].map((one) => one.until(({ errors }) => errors.includes('calling again'))),
    );
    alice.say('meanwhile 1', 'meanwhile 2');
    mine = await startNode(['--chat-port', '0', '--threads', '1']);
    await bob.heard('message kitchen alice meanwhile 2');
    bob.say('and back');
    await alice.heard('message kitchen bob and back');
    expect(await alice.end()).toBe(0);
    expect(bob.of('message')).toEqual(
      ['before', 'meanwhile 1', 'meanwhile 2'].map((body) => `kitchen alice ${body}`),
    );
    expect(alice.of('entered')).toHaveLength(2);
    expect(new Set(alice.of('joined').map((one) => one.split(' ')[0]))).toEqual(
      new Set(['hall', 'kitchen']),
    );
  });

  test('a node that goes by itself is come back to when it is there again', PATIENT, async () => {
    let mine = await startNode(['--chat-port', '0', '--threads', '1'], {
      HERMOD_DRAIN_SPREAD_MS: '200',
    });
    closing.push(() => mine.child.kill('SIGKILL'));
    const wire = await wireTo(() => portOf(mine));
    const alice = chat('alice', wire.port, '--room', 'hall');
    await alice.heard(/^joined/);
    expect(await mine.stop()).toBe(0);
    expect(alice.errors).toContain('SERVER_DRAINING');
    mine = await startNode(['--chat-port', '0', '--threads', '1']);
    await alice.until(() => alice.of('joined').length === 2);
    expect(await alice.end()).toBe(0);
  });
});

describe('[PROC-CLIENT-5] a cluster', () => {
  test(
    'of which a node dies, and its clients go on at another one',
    { timeout: 90_000 },
    async () => {
      const cluster = new ProcessCluster();
      closing.push(() => cluster.end());
      await cluster.begin();
      const at = (name: string): string => cluster.nodes.get(name)?.doors['chat'] ?? '';
      const port = (name: string): number => Number(at(name).split(':').at(-1));
      const bob = chat('bob', port('n2'), '--room', 'hall');
      await bob.heard(/^joined/);
      const others = ['--also', at('n2'), '--also', at('n3')];
      const alice = chat('alice', port('n1'), '--room', 'hall', ...others);
      await bob.heard(/^came hall alice/);
      alice.say(...numbered(1, 3));
      await bob.heard('message hall alice line 3');
      cluster.nodes.get('n1')?.child.kill('SIGKILL');
      await alice.until(({ errors }) => errors.includes('calling again'));
      alice.say(...numbered(4, 6));
      bob.say('are you there?');
      await bob.heard('message hall alice line 6');
      await alice.heard('message hall bob are you there?');
      expect(await alice.end()).toBe(0);
      expect(bob.of('message')).toEqual(numbered(1, 6).map((line) => `hall alice ${line}`));
      expect(alice.of('message')).toEqual(['hall bob are you there?']);
    },
  );
});

describe('[PROC-CLIENT-2] /quit', () => {
  test(
    'what was typed before it is said, however much; what comes behind it is not',
    PATIENT,
    async () => {
      const [alice, room] = [chat('alice', portOf(node), '--commands'), freshRoom()];
      alice.say(`/join ${room}`, ...numbered(1, 150), '/quit', 'too late');
      expect(await alice.exited).toBe(0);
      expect(alice.of('sent')).toEqual(numbered(1, 150).map((line) => `${room} accepted ${line}`));
      expect(alice.errors).toBe('');
    },
  );
});

describe('[PROC-CLIENT-1] the exit code', () => {
  test('1: nobody is there', PATIENT, async () => {
    const wire = await wireTo(() => 1);
    const { port } = wire;
    wire.close();
    const alice = chat('alice', port, '--room', 'hall');
    alice.say('hello');
    expect(await alice.end()).toBe(1);
    expect(alice.errors).toMatch(/^hermod: .*ECONNREFUSED.*\n$/);
    expect(alice.lines).toEqual([]);
  });

  test('1: nobody is there, and more is typed than may wait', PATIENT, async () => {
    const wire = await wireTo(() => 1);
    const { port } = wire;
    wire.close();
    const alice = chat('alice', port, '--room', 'hall');
    alice.say(...numbered(1, 500));
    expect(await alice.end()).toBe(1);
  });

  test('1: a server that is gone for too long', PATIENT, async () => {
    const wire = await wireTo(() => portOf(node));
    const alice = chat('alice', wire.port, '--room', freshRoom(), '--give-up-after', '1');
    await alice.heard(/^joined/);
    wire.cut();
    alice.say('hello');
    expect(await alice.end()).toBe(1);
  });

  test('141: nobody reads the output any more, and more may be typed', PATIENT, async () => {
    const room = freshRoom();
    const [alice, bob] = [
      chat('alice', portOf(node), '--room', room),
      chat('bob', portOf(node), '--room', room),
    ];
    await Promise.all([alice.heard(/^joined/), bob.heard(/^joined/)]);
    bob.child.stdout?.destroy();
    alice.say('hello');
    expect(await bob.exited).toBe(141);
    await alice.heard(`went ${room} bob 1`);
  });

  test('0: nobody reads the output any more, and nothing is left to say', PATIENT, async () => {
    const room = freshRoom();
    const [alice, listener] = [
      chat('alice', portOf(node), '--room', room),
      chat('carol', portOf(node), '--room', room, '--listen'),
    ];
    for (const one of [alice, listener]) await one.heard(/^joined/);
    // The last to come: it is told of nobody's coming, which it could not print any more.
    const bob = chat('bob', portOf(node), '--room', room);
    await bob.heard(/^joined/);
    bob.child.stdout?.destroy();
    bob.say('last words');
    expect(await bob.end()).toBe(0);
    await alice.heard(`message ${room} bob last words`);
    listener.child.stdout?.destroy();
    alice.say('hello');
    expect(await listener.exited).toBe(0);
  });

  test('0: nobody reads the complaints', PATIENT, async () => {
    const wire = await wireTo(() => portOf(node));
    const alice = chat('alice', wire.port, '--room', freshRoom());
    await alice.heard(/^joined/);
    alice.child.stderr?.destroy();
    wire.blink();
    await alice.heard(/^resumed/);
    expect(await alice.end()).toBe(0);
  });

  test('1: something that does not speak HP', PATIENT, async () => {
    const broker = Number(node.doors['broker']?.split(':').at(-1));
    const alice = chat('alice', broker, '--give-up-after', '1');
    expect(await alice.end()).toBe(1);
    expect(alice.errors).toContain('does not speak HP');
  });

  test.each<[string[], RegExp]>([
    [['--port', 'x'], /port is a number/],
    [['--room', 'Hall'], /small letters/],
    [['--user', 'a b'], /letters, digits/],
    [['--password-file', 'there/is/none'], /cannot be read \(ENOENT\)/],
    [['--token-file', 'package.json', '--password-file', 'package.json'], /not both/],
    [['--frobnicate'], /unknown option/],
    [['--also', 'there'], /HOST:PORT/],
  ])('2: %j', (args, message) => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'chat', ...args], {
      encoding: 'utf8',
    });
    expect([status, message.test(stderr)]).toEqual([2, true]);
  });

  test('4: some of it was refused, and the rest was said', PATIENT, async () => {
    const alice = chat('alice', portOf(node), '--room', freshRoom());
    alice.say('x'.repeat(16_385), 'short');
    expect(await alice.end()).toBe(4);
    expect(alice.errors).toMatch(/BODY_TOO_LONG/);
    expect(alice.of('sent')).toHaveLength(1);
  });

  test('143: SIGTERM says goodbye first', PATIENT, async () => {
    const room = freshRoom();
    const bob = chat('bob', portOf(node), '--room', room);
    await bob.heard(/^joined/);
    const alice = chat('alice', portOf(node), '--room', room, '--listen');
    await bob.heard(/^came/);
    alice.child.kill('SIGTERM');
    expect(await alice.exited).toBe(143);
    // At once, and not after the time for coming back.
    await bob.heard(`went ${room} alice 1`);
  });
});

describe('[PROC-CLIENT-8] with a password, over TLS', () => {
  let guarded: NodeProcess;
  let folder: string;
  let args: (password: string) => string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chat-'));
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    const { cert, key } = selfSigned();
    const { stdout } = spawnSync(process.execPath, [MAIN, 'hash-password', 'alice'], {
      input: 'tea\n',
      encoding: 'utf8',
    });
    guarded = await startNode(['--chat-port', '0', '--threads', '1'], {
      HERMOD_CHAT_AUTH: 'password',
      HERMOD_CHAT_PASSWORD_FILE: file('passwords', stdout),
      HERMOD_CHAT_TLS_CERT_FILE: file('cert.pem', cert),
      HERMOD_CHAT_TLS_KEY_FILE: file('key.pem', key),
    });
    args = (password) => [
      ...['--host', 'localhost', '--ca-file', join(folder, 'cert.pem')],
      ...['--password-file', file(`pw-${password}`, `${password}\n`)],
    ];
  });

  afterAll(async () => {
    await guarded.stop();
    rmSync(folder, { recursive: true });
  });

  test('the right one lets in', PATIENT, async () => {
    const alice = chat('alice', portOf(guarded), ...args('tea'), '--room', 'hall');
    alice.say('hello');
    expect([await alice.end(), alice.errors]).toEqual([0, '']);
  });

  test('[PROC-CLIENT-1] a wrong one does not: exit code 3', PATIENT, async () => {
    const alice = chat('alice', portOf(guarded), ...args('coffee'), '--room', 'hall');
    alice.say('hello');
    expect(await alice.end()).toBe(3);
    expect(alice.errors).toMatch(/^hermod: AUTH_FAILED: /);
  });

  test('[PROC-CHAT-3] the file of passwords is read again when it changes', PATIENT, async () => {
    const file = join(folder, 'passwords');
    const before = readFileSync(file, 'utf8');
    const told = async (event: string): Promise<void> =>
      await expect
        .poll(() => guarded.lines.some((line) => line.includes(`"event":"${event}"`)), {
          timeout: 15_000,
        })
        .toBe(true);
    writeFileSync(file, `${before}${before.replace('alice:', 'bob:')}`);
    await told('chat.passwordsReloaded');
    expect(await chat('bob', portOf(guarded), ...args('tea')).end()).toBe(0);
    writeFileSync(file, 'alice:tea\n');
    await told('chat.passwordsBroken');
    expect(await chat('alice', portOf(guarded), ...args('tea')).end()).toBe(0);
    writeFileSync(file, before);
  });

  test('and none at all neither', PATIENT, async () => {
    const alice = chat('alice', portOf(guarded), ...args('tea').slice(0, 4));
    expect(await alice.end()).toBe(3);
    expect(alice.errors).toContain('AUTH_REQUIRED');
  });
});

test('[PROC-CHAT-1] a line is made as soon as the password is there, whoever holds the input open', async () => {
  const hashing = spawn(process.execPath, [MAIN, 'hash-password', 'alice'], { stdio: 'pipe' });
  hashing.stdin.write('tea\nmilk');
  const [line] = (await once(hashing.stdout, 'data')) as [Buffer];
  expect(line.toString()).toMatch(/^alice:scrypt\$/);
  expect(await once(hashing, 'exit')).toEqual([0, null]);
});

test('[PROC-CHAT-1] no line is made for a name that no user can have', () => {
  for (const name of ['a:b', 'a b', 'a\nbob', '', 'x'.repeat(33)]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'hash-password', name], {
      input: 'tea\n',
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('is no name of a user');
  }
});
