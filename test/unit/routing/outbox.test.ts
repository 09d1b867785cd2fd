import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Outbox, type SlowPolicy } from '../../../src/actors/routing/outbox.ts';
import type { Gap, Publication } from '../../../src/actors/routing/publication.ts';
import {
  WINDOW_BYTES,
  WRITE_OVERHEAD_BYTES,
  writeCost,
} from '../../../src/actors/runtime/edges.ts';

const encoder = new TextEncoder();

function publication(offset: number, topic = 't', epoch = 'e'): Publication {
  return { topic, epoch, offset, id: undefined, data: new Uint8Array() };
}

/** An outbox, and what it hands to the edge, gaps as text. */
class Bench {
  readonly written: string[] = [];
  readonly gaps: Gap[] = [];
  readonly outbox: Outbox;
  /** Written and not yet receipted. */
  owed = 0;

  constructor(slowPolicy: SlowPolicy, queueBytesMax = 1_000) {
    this.outbox = new Outbox({ slowPolicy, queueBytesMax }, (gap) => {
      this.gaps.push(gap);
      return encoder.encode(`gap ${gap.topic} ${gap.from}-${gap.to ?? '?'} ${gap.reason}`);
    });
  }

  /** As the router does: straight through while nothing waits, else into the queue. */
  write(text: string, of?: Publication, size = 0): string {
    const payload = encoder.encode(text.padEnd(size, '.'));
    if (this.outbox.trySpend(writeCost(payload))) return this.#note(payload);
    this.outbox.offer(payload, of);
    this.flush();
    return this.outbox.enforce();
  }

  publish(offset: number, size = 0, topic = 't', epoch = 'e'): string {
    return this.write(`${topic}${offset}`, publication(offset, topic, epoch), size);
  }

  fill(slot: number, text: string): string {
    this.outbox.fill(slot, encoder.encode(text));
    this.flush();
    return this.outbox.enforce();
  }

  receipt(bytes = this.owed): void {
    this.owed -= bytes;
    this.outbox.receipt(bytes);
    this.flush();
  }

  flush(): void {
    this.outbox.flush((payload) => {
      this.#note(payload as Uint8Array);
    });
  }

  /** Uses the window up to the last byte. */
  fillWindow(): void {
    this.write('', undefined, WINDOW_BYTES - WRITE_OVERHEAD_BYTES);
    this.take();
  }

  take(): string[] {
    return this.written.splice(0);
  }

  #note(payload: Uint8Array): 'taken' {
    this.written.push(new TextDecoder().decode(payload).replace(/\.+$/, ''));
    this.owed += writeCost(payload);
    return 'taken';
  }
}

describe('the window', () => {
  test('lets payloads through until it is used up, and one may run it over', () => {
    const bench = new Bench('disconnect');
    bench.write('almost all', undefined, WINDOW_BYTES - WRITE_OVERHEAD_BYTES - 1);
    bench.publish(1, 500);
    expect(bench.take()).toEqual(['almost all', 't1']);
    expect(bench.outbox.isWaiting).toBe(false);
    bench.publish(2);
    expect(bench.take()).toEqual([]);
    expect([bench.outbox.isWaiting, bench.outbox.isStalled]).toEqual([true, true]);
  });

  test('opens with receipts, and what waited leaves in order', () => {
    const bench = new Bench('disconnect');
    bench.fillWindow();
    for (const offset of [1, 2, 3]) bench.publish(offset, 100);
    expect(bench.outbox.queuedBytes).toBe(3 * 132);
    bench.receipt(1);
    expect(bench.take()).toEqual(['t1']);
    bench.receipt();
    expect(bench.take()).toEqual(['t2', 't3']);
    expect([bench.outbox.queuedBytes, bench.outbox.isWaiting]).toEqual([0, false]);
    bench.publish(4);
    expect(bench.take()).toEqual(['t4']);
  });
});

describe('[BROKER-REQ-4] a slot', () => {
  test('keeps the place of an answer: what comes later waits behind it', () => {
    const bench = new Bench('disconnect');
    bench.outbox.openSlot(1);
    bench.outbox.openSlot(2);
    bench.publish(1);
    bench.fill(2, 'second');
    expect(bench.take()).toEqual([]);
    expect(bench.outbox.isStalled).toBe(false);
    bench.fill(1, 'first');
    expect(bench.take()).toEqual(['first', 'second', 't1']);
    expect(bench.outbox.isWaiting).toBe(false);
  });

  test('counts 32 bytes until its answer is there', () => {
    const bench = new Bench('disconnect');
    bench.outbox.openSlot(1);
    expect(bench.outbox.queuedBytes).toBe(32);
    expect(bench.outbox.roomBytes).toBe(968);
    bench.outbox.openSlot(2);
    bench.fill(2, '12345');
    expect(bench.outbox.queuedBytes).toBe(69);
    bench.fill(1, '');
    expect(bench.outbox.queuedBytes).toBe(0);
  });

  test.each(['disconnect', 'drop-oldest'] as const)(
    '[BROKER-SLOW-6] holds back what the window would take, and that is no sign of a slow reader (%s)',
    (slowPolicy) => {
      const bench = new Bench(slowPolicy);
      bench.outbox.openSlot(1);
      const size = 10_000;
      const fits = Math.floor((WINDOW_BYTES + 1_000 - 32) / (size + 32));
      for (let offset = 1; offset <= fits; offset += 1)
        expect(bench.publish(offset, size)).toBe('taken');
      expect(bench.gaps).toEqual([]);
      expect(bench.publish(fits + 1, size)).toBe(
        slowPolicy === 'disconnect' ? 'overflow' : 'taken',
      );
      bench.fill(1, 'answer');
      expect(bench.take().slice(0, 2)).toEqual([
        'answer',
        slowPolicy === 'disconnect' ? 't1' : 'gap t 1-1 slow',
      ]);
    },
  );

  test('[BROKER-SLOW-6] does not make the queue of a full window greater', () => {
    const bench = new Bench('disconnect');
    bench.fillWindow();
    bench.outbox.openSlot(1);
    expect(bench.publish(1, 600)).toBe('taken');
    expect(bench.publish(2, 600)).toBe('overflow');
  });

  test('that nobody opened is answered at the end', () => {
    const bench = new Bench('disconnect');
    bench.outbox.openSlot(1);
    bench.fill(7, 'unasked');
    bench.fill(1, 'asked');
    expect(bench.take()).toEqual(['asked', 'unasked']);
  });

  test(
    '[BROKER-ISO-1] is found at once behind all the answers that somebody does not read',
    { timeout: 10_000 },
    () => {
      const bench = new Bench('disconnect', 16 * 1_048_576);
      bench.fillWindow();
      let asked = 0;
      // To look through them for each answer would take minutes.
      for (let verdict = 'taken'; verdict === 'taken'; asked += 1) {
        bench.outbox.openSlot(asked);
        verdict = bench.fill(asked, 'x'.repeat(40));
      }
      expect(asked).toBe(Math.floor((16 * 1_048_576) / 72) + 1);
    },
  );

  test('waits for the window like everything else', () => {
    const bench = new Bench('disconnect');
    bench.fillWindow();
    bench.outbox.openSlot(1);
    bench.fill(1, 'answer');
    expect([bench.take(), bench.outbox.isStalled]).toEqual([[], true]);
    bench.receipt();
    expect(bench.take()).toEqual(['answer']);
  });
});

describe('a reader that is too slow', () => {
  test('[BROKER-SLOW-2] under disconnect: one byte beyond the queue is the end', () => {
    const bench = new Bench('disconnect', 264);
    bench.fillWindow();
    expect([bench.publish(1, 100), bench.publish(2, 100)]).toEqual(['taken', 'taken']);
    expect(bench.publish(3)).toBe('overflow');
    expect(bench.outbox.takeDropped()).toBe(0);
    const over = new Bench('disconnect', 263);
    over.fillWindow();
    expect([over.publish(1, 100), over.publish(2, 100)]).toEqual(['taken', 'overflow']);
  });

  test('[BROKER-SLOW-3] under drop-oldest: the oldest go until the queue is at three quarters', () => {
    const bench = new Bench('drop-oldest', 1_000);
    bench.fillWindow();
    for (let offset = 1; offset <= 10; offset += 1) bench.publish(offset, 68);
    expect([bench.outbox.queuedBytes, bench.outbox.takeDropped()]).toEqual([1_000, 0]);
    expect(bench.publish(11, 68)).toBe('taken');
    expect(bench.outbox.queuedBytes).toBe(700);
    expect([bench.outbox.takeDropped(), bench.outbox.takeDropped()]).toEqual([4, 0]);
    bench.receipt();
    expect(bench.take()).toEqual(['gap t 1-4 slow', 't5', 't6', 't7', 't8', 't9', 't10', 't11']);
  });

  test('[BROKER-SLOW-3] under latest-per-topic: the newest of each topic stays', () => {
    const bench = new Bench('latest-per-topic');
    bench.fillWindow();
    bench.publish(1, 10, 'a');
    bench.publish(1, 10, 'b');
    bench.publish(2, 10, 'a');
    bench.publish(3, 10, 'a');
    expect(bench.outbox.queuedBytes).toBe(2 * 42);
    bench.receipt();
    expect(bench.take()).toEqual(['b1', 'gap a 1-2 conflated', 'a3']);
  });

  test('[BROKER-SLOW-3] under latest-per-topic: beyond the queue the oldest go as well', () => {
    const bench = new Bench('latest-per-topic', 400);
    bench.fillWindow();
    for (const topic of ['a', 'b', 'c', 'd', 'e']) bench.publish(1, 68, topic);
    expect(bench.outbox.takeDropped()).toBe(2);
    bench.receipt();
    expect(bench.take()).toEqual(['gap a 1-1 slow', 'gap b 1-1 slow', 'c1', 'd1', 'e1']);
  });

  test('[BROKER-SLOW-3] under latest-per-topic: what waits for an answer only is kept', () => {
    const bench = new Bench('latest-per-topic');
    bench.outbox.openSlot(1);
    for (const offset of [1, 2, 3]) bench.publish(offset);
    bench.fill(1, 'answer');
    expect(bench.take()).toEqual(['answer', 't1', 't2', 't3']);
  });

  test.each<SlowPolicy>(['drop-oldest', 'latest-per-topic', 'disconnect'])(
    '[BROKER-SLOW-3] under %s: answers are never dropped, and too many are the end',
    (policy) => {
      const bench = new Bench(policy, 300);
      bench.fillWindow();
      bench.outbox.openSlot(1);
      expect(bench.write('own words', undefined, 100)).toBe('taken');
      expect(bench.fill(1, 'x'.repeat(136))).toBe('taken');
      expect(bench.outbox.queuedBytes).toBe(300);
      expect(bench.write('', undefined, 1)).toBe('overflow');
    },
  );

  test('[BROKER-SLOW-3] one payload larger than the queue finds a place, and is the first to go', () => {
    const bench = new Bench('drop-oldest', 300);
    bench.fillWindow();
    expect(bench.publish(1, 400)).toBe('taken');
    expect(bench.outbox.takeDropped()).toBe(0);
    bench.publish(2);
    expect(bench.outbox.takeDropped()).toBe(1);
    bench.receipt();
    expect(bench.take()).toEqual(['gap t 1-1 slow', 't2']);
  });

  test('that was given up is given nothing more', () => {
    const bench = new Bench('disconnect', 100);
    bench.fillWindow();
    bench.outbox.openSlot(1);
    bench.publish(1, 200);
    expect(bench.publish(2)).toBe('overflow');
    bench.outbox.end();
    expect(bench.outbox.queuedBytes).toBe(0);
    expect([bench.publish(2, 200), bench.fill(1, 'late'), bench.write('more')]).toEqual([
      'taken',
      'taken',
      'taken',
    ]);
    bench.receipt();
    expect([bench.take(), bench.outbox.isWaiting, bench.outbox.isStalled]).toEqual([
      [],
      false,
      false,
    ]);
  });
});

describe('[BROKER-SLOW-4] a gap', () => {
  test('is told before the next publication of its topic, and other topics do not wait', () => {
    const bench = new Bench('drop-oldest', 400);
    bench.fillWindow();
    bench.publish(1, 100, 'a');
    bench.publish(1, 100, 'b');
    bench.publish(2, 100, 'b');
    bench.publish(2, 100, 'a');
    bench.publish(3, 0, 'b');
    bench.receipt();
    expect(bench.take()).toEqual(['gap a 1-1 slow', 'gap b 1-1 slow', 'b2', 'a2', 'b3']);
  });

  test('tells what was dropped and not what the reader did not follow in between', () => {
    const bench = new Bench('drop-oldest', 400);
    bench.fillWindow();
    bench.publish(1, 68);
    bench.publish(2, 68);
    // Unsubscribed while 3 to 6 were published.
    bench.publish(7, 68);
    bench.publish(8, 200);
    bench.publish(9);
    bench.receipt();
    expect(bench.take()).toEqual(['gap t 1-2 slow', 'gap t 7-7 slow', 't8', 't9']);
  });

  test('[BROKER-SUB-2] is told where the publications were, before an answer that came after them', () => {
    const bench = new Bench('latest-per-topic');
    bench.fillWindow();
    bench.publish(1, 0, 'a');
    bench.publish(2, 0, 'a');
    bench.outbox.openSlot(1);
    bench.fill(1, 'ack_unsubscribe');
    bench.publish(5, 0, 'a');
    bench.receipt();
    expect(bench.take()).toEqual(['gap a 1-2 conflated', 'ack_unsubscribe', 'a5']);
  });

  test('of an older epoch is not lost when the topic begins anew', () => {
    const bench = new Bench('latest-per-topic');
    bench.fillWindow();
    bench.publish(4, 0, 't', 'old');
    bench.publish(1, 0, 't', 'new');
    bench.publish(2, 0, 't', 'new');
    bench.receipt();
    expect(bench.take()).toEqual(['gap t 4-4 conflated', 'gap t 1-1 conflated', 't2']);
    expect(bench.gaps.map(({ epoch }) => epoch)).toEqual(['old', 'new']);
  });
});

test('[BROKER-ORD-2] whatever comes in whatever order: writes and gaps tell of each publication once, in order', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('publish' as const),
        topic: fc.constantFrom('a', 'b'),
        size: fc.nat(90_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('say' as const), size: fc.nat(3_000) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('ask' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('answer' as const), which: fc.nat(9) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('receipt' as const),
        parts: fc.integer({ min: 1, max: 4 }),
      }),
    },
  );
  const policy = fc.constantFrom<SlowPolicy>('disconnect', 'drop-oldest', 'latest-per-topic');
  fc.assert(
    fc.property(policy, fc.array(step, { minLength: 20, maxLength: 120 }), (slowPolicy, steps) => {
      const queueBytesMax = 200_000;
      const bench = new Bench(slowPolicy, queueBytesMax);
      const offsets = new Map([
        ['a', 0],
        ['b', 0],
      ]);
      const open: number[] = [];
      const answers: string[] = [];
      let asked = 0;
      let hasOverflowed = false;
      for (const [index, one] of steps.entries()) {
        let verdict = 'taken';
        if (one.kind === 'publish') {
          const offset = (offsets.get(one.topic) ?? 0) + 1;
          offsets.set(one.topic, offset);
          verdict = bench.publish(offset, one.size, one.topic);
        } else if (one.kind === 'say') {
          verdict = bench.write(`own${index}`, undefined, one.size);
          answers.push(`own${index}`);
        } else if (one.kind === 'ask') {
          asked += 1;
          bench.outbox.openSlot(asked);
          open.push(asked);
          answers.push(`answer${asked}`);
        } else if (one.kind === 'answer') {
          const [slot] = open.splice(one.which % (open.length || 1), 1);
          if (slot !== undefined) verdict = bench.fill(slot, `answer${slot}`);
        } else bench.receipt(Math.floor(bench.owed / one.parts));
        if (verdict === 'overflow') {
          hasOverflowed = true;
          break;
        }
        const room = Math.max(0, WINDOW_BYTES - bench.owed);
        expect(bench.outbox.queuedBytes).toBeLessThanOrEqual(queueBytesMax + room);
        expect(bench.outbox.queuedBytes).toBeGreaterThanOrEqual(0);
      }
      if (hasOverflowed) return;
      for (const slot of open) bench.fill(slot, `answer${slot}`);
      for (let rounds = 0; bench.outbox.isWaiting && rounds < 1_000; rounds += 1) bench.receipt();
      expect([bench.outbox.queuedBytes, bench.outbox.isWaiting]).toEqual([0, false]);
      const written = bench.take();
      expect(written.filter((text) => /^(own|answer)/.test(text))).toEqual(answers);
      for (const [topic, last] of offsets) {
        const told: number[] = [];
        for (const text of written) {
          const plain = new RegExp(`^${topic}(\\d+)$`).exec(text);
          const gap = new RegExp(`^gap ${topic} (\\d+)-(\\d+)`).exec(text);
          if (plain !== null) told.push(Number(plain[1]));
          for (let at = Number(gap?.[1] ?? 1); at <= Number(gap?.[2] ?? 0); at += 1) told.push(at);
        }
        expect(told).toEqual(Array.from({ length: last }, (_, index) => index + 1));
      }
    }),
    { numRuns: 300 },
  );
});
