// The password file of the chat: what its lines must be, that a written line is understood, and how guesses are judged.

import { describe, expect, test } from 'vitest';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import type { PasswordVerdict } from '../../../src/actors/runtime/tcp/tcp-edges.ts';
import {
  createPasswordEdge,
  readPasswordBook,
  writePasswordLine,
} from '../../../src/transports/auth/password-book.ts';

const replyTo = addressOf<PasswordVerdict>(0, 'chat/1');

/** An edge with one user, whose verdicts are awaited one by one. */
async function edgeOf(user: string, password: string, now: () => number = () => 0) {
  const waiting: ((verdict: PasswordVerdict) => void)[] = [];
  const edge = createPasswordEdge(
    { file: 'absent', text: await writePasswordLine(user, password) },
    (_, verdict) => waiting.shift()?.(verdict),
    { now, log: () => {}, guessesMax: 5 },
  );
  return (name: string, guess: string, remote = '192.0.2.1'): Promise<PasswordVerdict> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      edge({ type: 'verifyPassword', user: name, password: guess, remote, ref: 1, replyTo });
    });
}

describe('the file', () => {
  test('comments and blank lines are no users', async () => {
    const line = await writePasswordLine('Alice', 'x');
    const reading = readPasswordBook(`# users\n\n${line}\r\n`);
    expect(reading.ok && [...reading.entries.keys()]).toEqual(['alice']);
  });

  test.each([
    'alice:plain',
    'alice',
    ':scrypt$16384$8$1$aa$bb',
    'a b:scrypt$16384$8$1$aa$bb',
    'alice:scrypt$3$8$1$aa$bb',
  ])('a line that is none is told by its number: %s', (line) => {
    expect(readPasswordBook(`# one\n${line}`)).toMatchObject({ ok: false, line: 2 });
  });

  test.each(['65536$1$1', '16384$0$1', '16384$8$0', '1024$0$0'])(
    '[PROC-CHAT-1] numbers that no hash can be made with are a mistake, and not the end of whoever logs in: %s',
    async (numbers) => {
      const line = (await writePasswordLine('alice', 'x')).replace('16384$8$1', numbers);
      expect(readPasswordBook(line)).toMatchObject({ ok: false, line: 1 });
    },
  );

  test('a user has one password', async () => {
    const line = await writePasswordLine('alice', 'x');
    expect(readPasswordBook(`${line}\n${line.replace('alice', 'ALICE')}`)).toMatchObject({
      ok: false,
      line: 2,
    });
  });
});

describe('guesses', () => {
  test('[HP-LOGIN-3] the right one is told with the name as it is written; all others alike', async () => {
    const ask = await edgeOf('Alice', 'correct horse');
    expect(await ask('alice', 'correct horse')).toEqual({
      type: 'passwordVerified',
      ref: 1,
      user: 'Alice',
    });
    const refused = { type: 'passwordRefused', ref: 1, retryAfterSeconds: undefined };
    expect(await ask('alice', 'wrong')).toEqual(refused);
    expect(await ask('nobody', 'wrong')).toEqual(refused);
  });

  test('[HP-LOGIN-8] after five wrong ones within a minute none is looked at', async () => {
    let now = 0;
    const ask = await edgeOf('alice', 'right', () => now);
    for (let i = 0; i < 5; i += 1) await ask('alice', 'wrong');
    expect(await ask('Alice', 'right')).toMatchObject({
      type: 'passwordRefused',
      retryAfterSeconds: 60,
    });
    expect(await ask('alice', 'right', '192.0.2.2')).toMatchObject({ type: 'passwordVerified' });
    now = 60_001;
    expect(await ask('alice', 'right')).toMatchObject({ type: 'passwordVerified' });
  });

  test('[HP-LOGIN-8] whoever has one address of IPv6 has all that begin like it', async () => {
    const ask = await edgeOf('alice', 'right');
    for (let i = 1; i <= 5; i += 1) await ask('alice', 'wrong', `2001:db8:0:1::${i}`);
    expect(await ask('alice', 'right', '2001:db8:0:1::6')).toMatchObject({ retryAfterSeconds: 60 });
    expect(await ask('alice', 'right', '2001:db8:0:2::1')).toMatchObject({
      type: 'passwordVerified',
    });
  });

  test('[HP-LOGIN-8] nor are those that came at the same time, but for the two that are under way', async () => {
    const ask = await edgeOf('alice', 'right');
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => ask('alice', 'wrong')));
    const looked = verdicts.filter(
      (verdict) => verdict.type === 'passwordRefused' && verdict.retryAfterSeconds === undefined,
    );
    expect(looked.length).toBeGreaterThanOrEqual(5);
    expect(looked.length).toBeLessThanOrEqual(6);
  });
});
