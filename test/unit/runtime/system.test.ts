import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  type Address,
  addressOf,
  type Context,
  secondsNow,
} from '../../../src/actors/runtime/actor.ts';
import { Prng } from '../../../src/actors/runtime/prng.ts';
import { System } from '../../../src/actors/runtime/system.ts';
import { echo, out, role, Watched, wordOf } from './acting.ts';

test('[HP-CLOCK-2] a turn knows when it is, by a clock that may be set', () => {
  const watched = new Watched();
  const actor = watched.system.spawn(
    role((_, context) => context.send(out, [context.now, context.wallMs, secondsNow(context)])),
    undefined,
    'actor',
  );
  watched.system.wallAtZeroMs = 1_700_000_000_250;
  watched.tell(actor, 'when');
  watched.system.run(1_000_000, 10);
  watched.system.wallAtZeroMs -= 3_600_000;
  watched.tell(actor, 'when');
  watched.system.run(2_000_000, 10);
  expect(watched.take()).toEqual([
    [1_000_000, 1_700_000_001_250, 1_700_000_001],
    [2_000_000, 1_699_996_402_250, 1_699_996_402],
  ]);
});

describe('sending', () => {
  test('reaches actors, edges and other shards, in order', () => {
    const watched = new Watched();
    const far = addressOf<string>(3, 'far');
    const relay = watched.system.spawn(
      role((message, context) => {
        context.send(out, `saw ${wordOf(message)}`);
        context.send(far, 'over there');
        context.send(near, 'next door');
      }),
      undefined,
      'relay',
    );
    const near = watched.system.spawn(echo, undefined, 'near');
    watched.tell(relay, 'hello');
    watched.run();
    expect(watched.take()).toEqual(['saw hello', 'next door']);
    expect(watched.crossed).toEqual([[3, '3/far', 'over there']]);
  });

  test('to nobody is counted', () => {
    const watched = new Watched();
    watched.tell(addressOf<string>(0, 'nobody'), 'hello', 'again');
    expect(watched.system.counters.get('messages.undeliverable')).toBe(2);
  });

  test('[RUN-2] is all or nothing: of a turn that fails nothing leaves', () => {
    const watched = new Watched();
    const actor = watched.system.spawn(
      role(
        (message, context) => {
          context.send(out, message);
          context.count('counted');
          context.after('timer', 1);
          context.spawn(echo, undefined, 'child');
          if (message === 'fail') throw new Error('a bug');
        },
        { onFailure: 'restart' },
      ),
      undefined,
      'actor',
    );
    watched.tell(actor, 'fail');
    watched.run();
    expect(watched.take()).toEqual([]);
    expect(watched.system.counters.has('counted')).toBe(false);
    expect(watched.system.nextTimerAt).toBeUndefined();
    expect(watched.system.actors).toBe(1);
    expect(watched.system.counters.get('actors.failures')).toBe(1);
    expect(watched.failures).toEqual([{ address: '0/actor', error: 'Error: a bug', ended: false }]);
    // The name that the failed turn wanted is free.
    watched.tell(actor, 'go on');
    watched.run();
    expect(watched.take()).toEqual(['go on']);
    expect(watched.system.actors).toBe(2);
  });

  test('finds a child that was born in the same turn', () => {
    const watched = new Watched();
    const parent = watched.system.spawn(
      role((message, context) => {
        const child = context.spawn(echo, undefined, 'child');
        context.send(child, `for the child: ${wordOf(message)}`);
      }),
      undefined,
      'parent',
    );
    watched.tell(parent, 'hello');
    watched.run();
    expect(watched.take()).toEqual(['for the child: hello']);
  });
});

describe('names', () => {
  test('are unique on a shard: whoever takes one twice has a bug', () => {
    const watched = new Watched();
    watched.system.spawn(echo, undefined, 'taken');
    expect(() => watched.system.spawn(echo, undefined, 'taken')).toThrow('is taken');
    const parent = watched.system.spawn(
      role((_, context) => {
        context.spawn(echo, undefined, 'taken');
      }),
      undefined,
      'parent',
    );
    watched.tell(parent, 'go');
    watched.run();
    expect(watched.failures).toMatchObject([{ address: '0/parent', ended: true }]);
  });

  test('[RUN-2] are unique within a turn as well: nothing of the turn happens', () => {
    const watched = new Watched();
    const parent = watched.system.spawn(
      role((_, context) => {
        context.send(out, 'never');
        context.spawn(echo, undefined, 'twin');
        context.spawn(echo, undefined, 'twin');
      }),
      undefined,
      'parent',
    );
    watched.tell(parent, 'go');
    watched.run();
    expect(watched.failures).toMatchObject([{ error: expect.stringContaining('is taken') }]);
    expect(watched.take()).toEqual([]);
    expect(watched.system.actors).toBe(0);
  });

  test('are free again when their actor has ended', () => {
    const watched = new Watched();
    const actor = watched.system.spawn(
      role((_, context) => context.stop()),
      undefined,
      'actor',
    );
    watched.tell(actor, 'end');
    watched.run();
    watched.system.spawn(echo, undefined, 'actor');
    watched.tell(actor, 'hello');
    watched.run();
    expect(watched.take()).toEqual(['hello']);
  });
});

describe('stopping', () => {
  const parentOf = (name: string) =>
    role((message, context) => {
      if (message === 'birth') context.spawn(parentOf('grandchild'), undefined, name);
      else if (message === 'stop child') context.stop(addressOf(0, name));
      else if (message === 'stop') context.stop();
      else context.send(out, message);
    });

  test('a child is told to its parent', () => {
    const watched = new Watched();
    const parent = watched.system.spawn(parentOf('child'), undefined, 'parent');
    watched.tell(parent, 'birth', 'stop child');
    watched.run();
    expect(watched.take()).toEqual([{ type: 'childStopped', child: '0/child', failed: false }]);
    expect(watched.system.actors).toBe(1);
  });

  test('an actor stops its children, and theirs', () => {
    const watched = new Watched();
    const parent = watched.system.spawn(parentOf('child'), undefined, 'parent');
    watched.tell(parent, 'birth');
    watched.tell(addressOf(0, 'child'), 'not yet born');
    watched.run();
    watched.tell(addressOf(0, 'child'), 'birth');
    watched.run();
    expect(watched.system.actors).toBe(3);
    watched.tell(parent, 'stop');
    watched.run();
    expect(watched.system.actors).toBe(0);
    expect(watched.take()).toEqual([]);
  });

  test('is for oneself and one’s own children only', () => {
    const watched = new Watched();
    const stranger = watched.system.spawn(echo, undefined, 'stranger');
    const actor = watched.system.spawn(
      role((_, context) => context.stop(stranger)),
      undefined,
      'actor',
    );
    watched.tell(actor, 'go');
    watched.run();
    expect(watched.failures).toMatchObject([{ address: '0/actor' }]);
    watched.tell(stranger, 'still here');
    watched.run();
    expect(watched.take()).toEqual(['still here']);
  });

  test('disarms the timers of the actor and of its children', () => {
    const watched = new Watched();
    const parent = watched.system.spawn(
      role((message, context) => {
        if (message === 'arm') {
          context.after('own', 5);
          const child = role((_, inner) => inner.after('its own', 5));
          context.send(context.spawn(child, undefined, 'child'), 'arm');
        } else context.stop();
      }),
      undefined,
      'parent',
    );
    watched.tell(parent, 'arm');
    watched.run();
    expect(watched.system.nextTimerAt).toBe(5_000);
    watched.tell(parent, 'stop');
    watched.run();
    expect(watched.system.nextTimerAt).toBeUndefined();
    expect(watched.run(10_000)).toBe(0);
  });

  test('leaves no child and no timer behind that the same turn asked for afterwards', () => {
    const watched = new Watched();
    const actor = watched.system.spawn(
      role((_, context) => {
        context.stop();
        context.after('never', 1);
        context.spawn(echo, undefined, 'orphan');
        context.send(out, 'the last word');
      }),
      undefined,
      'actor',
    );
    watched.tell(actor, 'end');
    watched.run();
    expect(watched.take()).toEqual(['the last word']);
    expect(watched.system.actors).toBe(0);
    expect(watched.system.nextTimerAt).toBeUndefined();
  });

  test('drops what still waits in the mailbox', () => {
    const watched = new Watched();
    const actor = watched.system.spawn(
      role((message, context) => {
        context.send(out, message);
        context.stop();
      }),
      undefined,
      'actor',
    );
    watched.tell(actor, 'one', 'two');
    watched.run();
    expect(watched.take()).toEqual(['one']);
    expect(watched.system.waiting).toBe(0);
  });
});

describe('timers', () => {
  test('come due once, in order, and not before their time', () => {
    const watched = new Watched();
    const actor = watched.system.spawn(
      role((message, context) => {
        if (message === 'arm') {
          context.after('late', 20);
          context.after('soon', 10);
          context.after('never', 5);
          context.cancel('never');
          context.after('late', 30);
        } else context.send(out, message);
      }),
      undefined,
      'actor',
    );
    watched.tell(actor, 'arm');
    watched.run(1_000);
    watched.run(10_999);
    expect(watched.take()).toEqual([]);
    watched.run(11_000);
    expect(watched.take()).toEqual([{ type: 'timedOut', name: 'soon' }]);
    watched.run(21_000);
    expect(watched.take()).toEqual([]);
    watched.run(31_000);
    expect(watched.take()).toEqual([{ type: 'timedOut', name: 'late' }]);
    expect(watched.system.nextTimerAt).toBeUndefined();
  });

  test('of broken milliseconds are a bug', () => {
    const watched = new Watched();
    for (const [index, delayMs] of [-1, 0.5, Number.NaN, Infinity].entries()) {
      const actor = role((_, context) => context.after('timer', delayMs));
      watched.tell(watched.system.spawn(actor, undefined, `a${index}`), 'go');
    }
    watched.run();
    expect(watched.failures).toHaveLength(4);
  });
});

describe('failing', () => {
  const failing = role(
    (message, context) => {
      if (message === 'fail') throw new Error('a bug');
      context.send(out, message);
    },
    { lastWords: (_, context) => context.send(out, 'last words') },
  );

  const over = (child: typeof failing, onFailure: 'stop' | 'restart' | 'escalate' = 'escalate') =>
    role(
      (message, context) => {
        if (message === 'birth') context.spawn(child, undefined, 'child');
        else context.send(out, message);
      },
      { onFailure },
    );

  test('[RUN-3] an actor whose rule is stop ends, and its parent hears of it', () => {
    const watched = new Watched();
    watched.tell(watched.system.spawn(over(failing), undefined, 'parent'), 'birth');
    watched.run();
    watched.tell(addressOf(0, 'child'), 'fail', 'unheard');
    watched.run();
    expect(watched.take()).toEqual([
      'last words',
      { type: 'childStopped', child: '0/child', failed: true },
    ]);
    expect(watched.failures).toEqual([{ address: '0/child', error: 'Error: a bug', ended: true }]);
    expect(watched.collapses).toEqual([]);
  });

  test('last words that stop the actor do not hide that it failed', () => {
    const watched = new Watched();
    const child = {
      ...failing,
      lastWords: (_: unknown, context: Context<string>) => context.stop(),
    };
    watched.tell(watched.system.spawn(over(child), undefined, 'parent'), 'birth');
    watched.run();
    watched.tell(addressOf(0, 'child'), 'fail');
    watched.run();
    expect(watched.take()).toEqual([{ type: 'childStopped', child: '0/child', failed: true }]);
  });

  test('last words with a bug of their own say nothing', () => {
    const watched = new Watched();
    const child = {
      ...failing,
      lastWords: (_: unknown, context: Context<string>) => {
        context.send(out, 'half a word');
        throw new Error('another bug');
      },
    };
    watched.tell(watched.system.spawn(over(child), undefined, 'parent'), 'birth');
    watched.run();
    watched.tell(addressOf(0, 'child'), 'fail');
    watched.run();
    expect(watched.take()).toEqual([{ type: 'childStopped', child: '0/child', failed: true }]);
    expect(watched.failures).toHaveLength(1);
  });

  test('[RUN-3] an actor whose rule is restart starts afresh, with what waits and without its children and timers', () => {
    const watched = new Watched();
    let starts = 0;
    const restarting = role(
      (message, context) => {
        if (message === 'fail') throw new Error('a bug');
        if (message === 'grow') {
          context.after('timer', 1);
          context.spawn(echo, undefined, 'grandchild');
        } else context.send(out, message);
      },
      {
        onFailure: 'restart',
        start: (args) => {
          starts += 1;
          expect(args).toBe('the args');
          return starts;
        },
      },
    );
    const actor = watched.system.spawn(restarting, 'the args', 'actor');
    watched.tell(actor, 'grow', 'fail', 'after');
    watched.run();
    expect(watched.take()).toEqual(['after']);
    expect(starts).toBe(2);
    expect(watched.system.actors).toBe(1);
    expect(watched.system.nextTimerAt).toBeUndefined();
  });

  test('[RUN-3] the sixth failure within a minute is the parent’s', () => {
    const watched = new Watched();
    const restarting = { ...failing, onFailure: 'restart' as const };
    watched.tell(watched.system.spawn(over(restarting, 'stop'), undefined, 'parent'), 'birth');
    watched.run();
    const child = addressOf<string>(0, 'child');
    watched.tell(child, 'fail', 'fail', 'fail', 'fail', 'fail', 'still here');
    watched.run();
    expect(watched.take()).toEqual(['still here']);
    watched.tell(child, 'fail');
    watched.run();
    expect(watched.failures.at(-1)).toMatchObject({ address: '0/parent', ended: true });
    expect(watched.system.actors).toBe(0);
    expect(watched.collapses).toEqual([]);
  });

  test('[RUN-3] a failure that reaches the root ends the shard', () => {
    const watched = new Watched();
    const child = { ...failing, onFailure: 'escalate' as const };
    const parent = watched.system.spawn(over(child), undefined, 'parent');
    const bystander = watched.system.spawn(echo, undefined, 'bystander');
    watched.tell(parent, 'birth');
    watched.run();
    watched.tell(addressOf(0, 'child'), 'fail');
    watched.tell(bystander, 'unheard');
    watched.run();
    expect(watched.collapses).toEqual(['0/parent']);
    expect(watched.take()).toEqual(['last words']);
    expect(watched.run()).toBe(0);
  });

  test('[RUN-2] an actor that fails as it starts has said nothing', () => {
    const watched = new Watched();
    const child = role(() => {}, {
      start: (_, context) => {
        context.send(out, 'never');
        throw new Error('no start');
      },
      lastWords: (_, context) => context.send(out, 'there is no state to speak of'),
    });
    watched.tell(watched.system.spawn(over(child), undefined, 'parent'), 'birth');
    watched.run();
    expect(watched.take()).toEqual([{ type: 'childStopped', child: '0/child', failed: true }]);
  });
});

describe('a mailbox that is full', () => {
  const small = role(() => {}, { mailboxMax: 4, onFailure: 'restart' });
  const flood = (to: Address<string>, count: number) =>
    role((_, context) => {
      for (let i = 0; i < count; i += 1) context.send(to, 'flood');
      context.send(out, 'the sender does not notice');
    });

  test('[RUN-1] fails the receiver, not the sender', () => {
    const watched = new Watched();
    const receiver = watched.system.spawn({ ...small, onFailure: 'stop' }, undefined, 'receiver');
    const sender = watched.system.spawn(flood(receiver, 5), undefined, 'sender');
    watched.run();
    watched.tell(sender, 'go');
    watched.run();
    expect(watched.take()).toEqual(['the sender does not notice']);
    expect(watched.failures).toMatchObject([{ address: '0/receiver', ended: true }]);
    expect(watched.failures[0]?.error).toContain('a mailbox is full (4 messages)');
    expect(watched.system.counters.get('mailbox.overflows')).toBe(1);
    watched.tell(sender, 'again');
    watched.run();
    expect(watched.system.counters.get('messages.undeliverable')).toBe(5);
  });

  test('[RUN-1] is one failure, however many messages did not fit', () => {
    const watched = new Watched();
    const receiver = watched.system.spawn(small, undefined, 'receiver');
    const sender = watched.system.spawn(flood(receiver, 40), undefined, 'sender');
    watched.run();
    watched.tell(sender, 'go');
    watched.run();
    expect(watched.failures).toMatchObject([{ address: '0/receiver', ended: false }]);
    expect(watched.system.counters.get('mailbox.overflows')).toBe(36);
    expect(watched.collapses).toEqual([]);
  });

  test('[RUN-1] fails also who floods itself, and whom the world floods', () => {
    const watched = new Watched();
    const self = watched.system.spawn(
      {
        ...role((_, context) => {
          for (let i = 0; i < 9; i += 1) context.send(context.self, 'more');
        }),
        mailboxMax: 4,
      },
      undefined,
      'self',
    );
    watched.tell(self, 'go');
    watched.run();
    const other = watched.system.spawn({ ...small, onFailure: 'stop' }, undefined, 'other');
    watched.tell(other, 'a', 'b', 'c', 'd', 'e');
    watched.run();
    expect(watched.failures.map(({ address }) => address)).toEqual(['0/self', '0/other']);
    expect(watched.system.actors).toBe(0);
  });
});

describe('turns', () => {
  const recorder = (name: string) =>
    role((message, context) => context.send(out, `${name} ${wordOf(message)}`));

  test('a run takes the messages it may, no more, and says how many', () => {
    const watched = new Watched();
    const actor = watched.system.spawn(recorder('a'), undefined, 'a');
    watched.tell(actor, ...Array.from({ length: 10 }, (_, index) => `${index}`));
    expect(watched.system.run(0, 3)).toBe(3);
    expect(watched.take()).toHaveLength(3);
    expect(watched.system.waiting).toBe(7);
    expect(watched.system.readyActors).toBe(1);
    expect(watched.system.run(0, 100)).toBe(7);
    expect(watched.system.readyActors).toBe(0);
  });

  test('a busy actor gives way after a slice', () => {
    const watched = new Watched();
    const busy = watched.system.spawn(recorder('busy'), undefined, 'busy');
    const other = watched.system.spawn(recorder('other'), undefined, 'other');
    for (let i = 0; i < 90; i += 1) watched.tell(busy, `${i}`);
    watched.tell(other, '0');
    watched.run();
    expect(watched.take().indexOf('other 0')).toBe(64);
  });

  test('whoever is chosen, nobody is starved and each actor’s messages keep their order', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 6 }), (seed, actors) => {
        const watched = new Watched();
        const chance = new Prng(seed, 'choose');
        for (let actor = 0; actor < actors; actor += 1) {
          const address = watched.system.spawn(recorder(`${actor}`), undefined, `${actor}`);
          watched.tell(address, '0', '1', '2');
        }
        let taken = 0;
        while (watched.system.readyActors > 0) {
          taken += watched.system.run(0, 1, (ready) => chance.below(ready));
        }
        expect(taken).toBe(actors * 3);
        for (let actor = 0; actor < actors; actor += 1) {
          const own = watched.said.filter((said) => String(said).startsWith(`${actor} `));
          expect(own).toEqual([`${actor} 0`, `${actor} 1`, `${actor} 2`]);
        }
      }),
    );
  });

  test('the same seed and the same inputs give the same outputs', () => {
    const gossip = role(
      (message, context) => {
        const drawn = context.random();
        context.send(out, `${context.self} ${context.now} ${drawn}`);
        if (typeof message === 'string' && drawn % 4 !== 0) {
          context.send(addressOf<string>(0, `${drawn % 5}`), 'pass it on');
        }
        if (drawn % 3 === 0) context.after('later', drawn % 7);
        if (drawn % 11 === 0) throw new Error('by chance');
      },
      { onFailure: 'restart' },
    );
    const history = (seed: number): unknown[] => {
      const watched = new Watched(seed);
      const chance = new Prng(seed, 'choose');
      for (let i = 0; i < 5; i += 1) watched.tell(watched.system.spawn(gossip, 0, `${i}`), 'go');
      for (let now = 0; now < 60_000; now += 1_000) {
        watched.system.run(now, 10, (ready) => chance.below(ready));
      }
      return [watched.said, watched.failures, [...watched.system.counters]];
    };
    expect(history(11)).toEqual(history(11));
    expect(history(11)).not.toEqual(history(12));
  });

  test('a tap sees what is received and sent', () => {
    const seen: string[] = [];
    const system = new System({
      shard: 0,
      seed: 1,
      crossing: () => {},
      onFailure: () => {},
      onCollapse: () => {},
      tap: {
        received: (address, message, now) => seen.push(`${now} ${address} < ${String(message)}`),
        sent: (from, to, message) => seen.push(`${from} > ${to} ${String(message)}`),
      },
    });
    system.bind(out, () => {});
    system.deliver(system.spawn(echo, undefined, 'a'), 'hello');
    system.run(7, 10);
    expect(seen).toEqual(['7 0/a < hello', '0/a > 0/out hello']);
  });

  test('a context is of no use after its turn', () => {
    const watched = new Watched();
    let kept: Context<string> | undefined;
    const actor = role((_, context) => {
      kept = context;
    });
    watched.tell(watched.system.spawn(actor, undefined, 'a'), 'go');
    watched.run();
    expect(() => kept?.self).toThrow('within its own turn');
    expect(() => kept?.random()).toThrow('within its own turn');
  });
});
