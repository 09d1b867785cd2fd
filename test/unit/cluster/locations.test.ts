// Owners and their copies: whatever is lost, doubled or late on the way, a copy is what its owner was, and then what it is.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { OwnerOp, SessionTold } from '../../../src/actors/codecs/hp-peer/peer-messages.ts';
import { type Difference, OwnerCopy } from '../../../src/actors/cluster/locations/owner-copy.ts';
import { OwnerLog, Sessions } from '../../../src/actors/cluster/locations/owner-log.ts';

function told(session: string, status: SessionTold['status'] = 'online'): SessionTold {
  return { session, user: `u${session}`, status, note: undefined, lamport: 1, since: 7 };
}

const op: fc.Arbitrary<OwnerOp> = fc.oneof(
  fc
    .record({ session: fc.nat(9).map(String), status: fc.constantFrom('online', 'away', 'busy') })
    .map(({ session, status }): OwnerOp => ({ op: 'up', ...told(session, status) })),
  fc
    .record({ session: fc.nat(9).map(String), status: fc.constantFrom('online', 'away', 'busy') })
    .map(({ session, status }): OwnerOp => ({ op: 'set', session, status, note: 'n' })),
  fc
    .nat(9)
    .map((session): OwnerOp => ({ op: 'down', session: String(session), reason: undefined })),
);

describe('copies', () => {
  test('[HP-REPL-2] the digest follows from the sessions, in whatever order they came', () => {
    fc.assert(
      fc.property(fc.array(op), (ops) => {
        const sessions = new Sessions();
        for (const one of ops) sessions.obey(one);
        const again = new Sessions();
        for (const one of sessions.all.toReversed()) again.put(one);
        expect(again.digest).toBe(sessions.digest);
        for (const { session } of sessions.all)
          again.obey({ op: 'down', session, reason: undefined });
        expect(again.digest).toBe('0'.repeat(16));
      }),
    );
  });

  test('[HP-REPL-3] a copy takes what is new to it, and nothing behind a gap', () => {
    const log = new OwnerLog();
    for (const session of ['a', 'b', 'c', 'd']) log.append({ op: 'up', ...told(session) });
    const copy = new OwnerCopy(1);
    const ops = log.since(0) ?? [];
    expect(copy.take(2, 4, ops.slice(2))).toBe('gap');
    expect(copy.ver).toBe(0);
    for (const [from, to] of [
      [0, 2],
      [0, 2],
      [1, 4],
    ] as const)
      expect(copy.take(from, to, ops.slice(from, to))).not.toBe('gap');
    expect([copy.ver, copy.digest]).toEqual([4, log.sessions.digest]);
  });

  test('[HP-REPL-3] [HP-REPL-4] whatever is lost or doubled, a copy that has asked is what its owner is', () => {
    const step = fc.record({
      ops: fc.array(op, { maxLength: 5 }),
      fate: fc.constantFrom('come', 'lost', 'twice'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const log = new OwnerLog();
        const copy = new OwnerCopy(1);
        const digests = [log.sessions.digest];
        for (const { ops, fate } of steps) {
          const from = log.ver;
          for (const one of ops) {
            log.append(one);
            digests.push(log.sessions.digest);
          }
          if (fate !== 'lost') copy.take(from, log.ver, ops);
          if (fate === 'twice') copy.take(from, log.ver, ops);
          // A copy is always something that its owner was.
          expect(copy.digest).toBe(digests[copy.ver]);
        }
        const missing = log.since(copy.ver);
        expect(missing).toBeDefined();
        copy.take(copy.ver, log.ver, missing ?? []);
        expect(copy.digest).toBe(log.sessions.digest);
        expect(copy.show().up).toHaveLength(log.sessions.size);
      }),
    );
  });

  test('[HP-REPL-1] keepers are told every difference, once, whenever a copy is shown', () => {
    const step = fc.record({
      ops: fc.array(op, { maxLength: 5 }),
      afterwards: fc.constantFrom('nothing', 'lost', 'synced', 'whole', 'hidden'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const log = new OwnerLog();
        const copy = new OwnerCopy(1);
        const keeper = new Map<string, SessionTold>();
        const hear = ({ up, down }: Difference): void => {
          for (const { session } of down) expect(keeper.delete(session)).toBe(true);
          for (const one of up) {
            expect(keeper.get(one.session)).not.toBe(one);
            keeper.set(one.session, one);
          }
        };
        for (const { ops, afterwards } of steps) {
          const from = log.ver;
          for (const one of ops) log.append(one);
          const known = [...keeper.values()];
          const heard = copy.take(from, log.ver, ops);
          if (!copy.isSynced) expect(heard).toMatchObject({ up: [], down: [] });
          if (heard === 'gap') throw new Error('nothing was lost');
          hear(heard);
          if (!copy.isSynced) expect([...keeper.values()]).toEqual(known);
          if (afterwards === 'lost') copy.isSynced = false;
          else if (afterwards === 'whole') copy.takeChunk(log.ver, 0, 1, log.sessions.all);
          else if (afterwards === 'hidden') {
            hear(copy.hide());
            expect(keeper.size).toBe(0);
          }
          if (afterwards === 'synced' || afterwards === 'whole') {
            copy.isSynced = true;
            hear(copy.show());
          }
          if (copy.isSynced) expect(new Set(keeper.values())).toEqual(new Set(log.sessions.all));
        }
      }),
    );
  });

  test('[HP-REPL-4] what is not remembered any more is told as a whole', () => {
    const log = new OwnerLog();
    for (let at = 0; at < 25_000; at += 1)
      log.append({ op: 'set', session: 'a', status: 'away', note: undefined });
    expect(log.since(log.ver - 10_000)).toHaveLength(10_000);
    expect(log.since(log.ver - 20_001)).toBeUndefined();
    expect(log.since(log.ver + 1)).toBeUndefined();
  });

  test('[HP-REPL-7] pieces take the place of a copy with the last one, in their order alone', () => {
    const copy = new OwnerCopy(1);
    copy.take(0, 1, [{ op: 'up', ...told('old') }]);
    copy.show();
    expect(copy.takeChunk(9, 0, 3, [told('a')])).toBe(true);
    expect(copy.takeChunk(9, 2, 3, [told('c')])).toBe(false);
    expect([copy.ver, copy.show().up.length]).toEqual([1, 0]);
    expect([0, 1, 2].map((chunk) => copy.takeChunk(9, chunk, 3, [told(`s${chunk}`)]))).toEqual([
      true,
      true,
      true,
    ]);
    const { up, down } = copy.show();
    expect(up.map(({ session }) => session)).toEqual(['s0', 's1', 's2']);
    expect(down).toMatchObject([{ session: 'old' }]);
    expect(copy.ver).toBe(9);
  });

  test('[HP-REPL-6] [HP-REPL-9] what a former life had is shown until it is replaced; what is hidden comes back', () => {
    const copy = new OwnerCopy(1);
    copy.take(0, 2, [
      { op: 'up', ...told('a') },
      { op: 'up', ...told('b') },
    ]);
    copy.show();
    copy.begin(2);
    expect(copy.shown).toHaveLength(2);
    copy.take(0, 1, [{ op: 'up', ...told('c') }]);
    expect(copy.show()).toMatchObject({
      up: [{ session: 'c' }],
      down: [{ session: 'a' }, { session: 'b' }],
    });
    expect(copy.hide().down).toHaveLength(1);
    expect(copy.show().up).toHaveLength(1);
  });
});
