// How the process ends, apart from the process: signals in, exit codes out. And the alarm that shards sleep by.

import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Alarm, nowUs } from '../../../src/transports/process/clock.ts';
import { Departure } from '../../../src/transports/process/departure.ts';
import { type DoorAttempt, doorRefusal } from '../../../src/transports/process/door-refusal.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('[HP-MEMBER-4] [PROC-CONF-1] systemd does not start again whose name is lost, or whose settings are wrong', () => {
  const unit = readFileSync(new URL('../../../packaging/hermod.service', import.meta.url), 'utf8');
  expect(/^RestartPreventExitStatus=(.*)$/m.exec(unit)?.[1]).toBe('2 3');
});

describe('departure', () => {
  function leaving(drain: () => Promise<void>) {
    const codes: number[] = [];
    const events: string[] = [];
    const departure = new Departure({
      drain,
      deadlineMs: 10_000,
      log: ({ event }) => events.push(event),
      exit: (code) => codes.push(code),
    });
    return { departure, codes, events };
  }

  const never = (): Promise<void> => new Promise(() => {});

  test('[PROC-DRAIN-1] a drained node ends with 0', async () => {
    const { departure, codes, events } = leaving(() => Promise.resolve());
    expect(departure.isLeaving).toBe(false);
    departure.signalled('SIGTERM');
    expect(departure.isLeaving).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    expect([codes, events]).toEqual([[0], ['process.draining', 'process.drained']]);
  });

  test('[PROC-DRAIN-1] a drain that does not end is cut short at the deadline, with 0', async () => {
    const { departure, codes, events } = leaving(never);
    departure.signalled('SIGTERM');
    await vi.advanceTimersByTimeAsync(9_999);
    expect(codes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect([codes, events.at(-1)]).toEqual([[0], 'process.drainTooSlow']);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('[PROC-DRAIN-2] a second %s ends it at once with %d', (signal, code) => {
    const { departure, codes } = leaving(never);
    departure.signalled('SIGTERM');
    vi.advanceTimersByTime(300);
    departure.signalled(signal);
    expect(codes).toEqual([code]);
  });

  test('[PROC-DRAIN-2] one Ctrl-C that arrives twice, by the terminal and by npm, is one', () => {
    const { departure, codes } = leaving(never);
    departure.signalled('SIGINT');
    departure.signalled('SIGINT');
    expect(codes).toEqual([]);
    vi.advanceTimersByTime(300);
    departure.signalled('SIGINT');
    expect(codes).toEqual([130]);
  });

  test('[PROC-DRAIN-1] a bug ends it with 70, while it drains too', async () => {
    const failed = leaving(never);
    failed.departure.failed(new Error('x'));
    expect([failed.codes, failed.events]).toEqual([[70], ['process.failed']]);
    const broken = leaving(() => Promise.reject(new Error('x')));
    broken.departure.signalled('SIGTERM');
    await vi.advanceTimersByTimeAsync(0);
    expect(broken.codes).toEqual([70]);
  });
});

describe('the alarm', () => {
  test('now is in whole microseconds and does not go back', () => {
    const [first, second] = [nowUs(), nowUs()];
    expect(Number.isInteger(first)).toBe(true);
    expect(second).toBeGreaterThanOrEqual(first);
  });

  test('rings once at the instant, not before, and may be set again', () => {
    let rung = 0;
    const alarm = new Alarm(() => (rung += 1));
    const start = nowUs();
    alarm.wakeAt(start + 10_000);
    alarm.wakeAt(start + 5_500);
    vi.advanceTimersByTime(5);
    expect(rung).toBe(0);
    vi.advanceTimersByTime(1);
    expect(rung).toBe(1);
    vi.advanceTimersByTime(100);
    expect(rung).toBe(1);
    alarm.wakeAt(nowUs() + 1_000);
    alarm.cancel();
    vi.advanceTimersByTime(100);
    alarm.wakeAt(nowUs() - 1);
    vi.advanceTimersByTime(1);
    expect(rung).toBe(2);
  });

  test('an instant that is months away is slept to in parts', () => {
    let rung = 0;
    const alarm = new Alarm(() => (rung += 1));
    alarm.wakeAt(nowUs() + 90 * 86_400_000_000);
    vi.advanceTimersByTime(86_400_000);
    expect(rung).toBe(0);
    vi.advanceTimersByTime(30 * 86_400_000);
    expect(rung).toBe(1);
  });
});

describe('a door that cannot be opened', () => {
  const attempt: DoorAttempt = {
    door: 'broker',
    host: '127.0.0.1',
    port: 443,
    portSetting: 'WS_PORT or --port',
    hostSetting: 'HERMOD_HOST or --host',
    code: 'EACCES',
    message: 'listen EACCES',
  };

  test.each<[Partial<DoorAttempt>, RegExp]>([
    [{}, /broker door cannot listen on 127\.0\.0\.1:443: no permission .*\(EACCES\)\. .*WS_PORT/],
    [{ code: 'EADDRINUSE' }, /in use already \(EADDRINUSE\)\. .*WS_PORT or --port/],
    [{ code: 'EADDRNOTAVAIL', host: '::2' }, /\[::2\]:443: .*no such address .*HERMOD_HOST/],
    [{ code: 'ENOTFOUND' }, /no such host name .*HERMOD_HOST/],
    [{ code: 'EMFILE' }, /ulimit/],
    [{ code: 'EODD', message: 'listen EODD' }, /listen EODD \(EODD\)\. Set WS_PORT/],
  ])('[PROC-PORT-2] is one line with a way out: %o', (changed, sentence) => {
    const line = doorRefusal({ ...attempt, ...changed });
    expect(line).toMatch(sentence);
    expect(line).not.toContain('\n');
  });
});
