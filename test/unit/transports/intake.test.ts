// Who is read next: a socket that pours is stopped until the loop has come round, and under pressure all who speak.

import type { Socket } from 'node:net';
import { setImmediate as nextRound } from 'node:timers/promises';
import { expect, test } from 'vitest';

import { Intake } from '../../../src/transports/sockets/intake.ts';

const KiB = 1_024;

test('much from many runs the actors at once, little does not', () => {
  const { intake, ran, scheduled } = makeIntake();
  intake.took(makeSocket(), 60 * KiB);
  expect([ran(), scheduled()]).toEqual([0, 1]);
  intake.took(makeSocket(), 10 * KiB);
  expect(ran()).toBe(1);
  intake.took(makeSocket(), 60 * KiB);
  intake.endTurn();
  intake.took(makeSocket(), 60 * KiB);
  expect(ran()).toBe(1);
});

test('one socket gets 128 KiB in one round of the loop, and goes on in the next', async () => {
  const { intake } = makeIntake();
  const [pouring, other] = [makeSocket(), makeSocket()];
  intake.took(pouring, 64 * KiB);
  expect(pouring.isStopped).toBe(false);
  // Turns in between are not rounds.
  intake.endTurn();
  intake.took(pouring, 64 * KiB);
  expect(pouring.isStopped).toBe(true);
  intake.took(other, 100 * KiB);
  expect(other.isStopped).toBe(false);
  await nextRound();
  expect(pouring.isStopped).toBe(false);
});

test('[SHARD-4] under pressure whoever speaks is stopped until it is over', async () => {
  const { intake } = makeIntake();
  const [one, two, gone, silent] = [makeSocket(), makeSocket(), makeSocket(), makeSocket()];
  intake.press(true);
  for (const socket of [one, two, gone]) intake.took(socket, 1);
  intake.forget(gone);
  await nextRound();
  expect([one, two, silent].map(({ isStopped }) => isStopped)).toEqual([true, true, false]);
  intake.press(false);
  expect([one, two].map(({ isStopped }) => isStopped)).toEqual([false, false]);
  expect(gone.isStopped).toBe(true);
});

type StubSocket = Socket & { readonly isStopped: boolean };

function makeSocket(): StubSocket {
  const stub = {
    isStopped: false,
    pause: () => (stub.isStopped = true),
    resume: () => (stub.isStopped = false),
  };
  return stub as unknown as StubSocket;
}

function makeIntake(): {
  readonly intake: Intake;
  readonly ran: () => number;
  readonly scheduled: () => number;
} {
  let [ran, scheduled] = [0, 0];
  const intake = new Intake({ runNow: () => (ran += 1), schedule: () => (scheduled += 1) });
  return { intake, ran: () => ran, scheduled: () => scheduled };
}
