// Log lines: their forms, where they go, and the dam against floods.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Log } from '../../../src/actors/runtime/edges.ts';
import { createLogEdge } from '../../../src/transports/log.edge.ts';
import { humanLine } from '../../../src/transports/process/human-line.ts';
import { Output, type OutputOptions } from '../../../src/transports/process/output.ts';

const entry = (event: string, fields: Log['fields'] = {}): Log => ({
  type: 'log',
  level: 'info',
  event,
  fields,
});

describe('the dam', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('[PROC-LOG-2] of one event a hundred lines a second pass, then one that counts the others', () => {
    const written: Log[] = [];
    const log = createLogEdge((line) => written.push(line));
    for (let n = 0; n < 1_000; n += 1) log(entry('web.acceptFailed'));
    log(entry('shard.died'));
    expect(written).toHaveLength(101);
    expect(written.at(-1)?.event).toBe('shard.died');
    vi.advanceTimersByTime(1_000);
    expect(written.slice(101)).toEqual([
      {
        type: 'log',
        level: 'warn',
        event: 'log.suppressed',
        fields: { suppressed: 'web.acceptFailed', lines: 900 },
      },
    ]);
    for (let n = 0; n < 100; n += 1) log(entry('web.acceptFailed'));
    expect(written).toHaveLength(202);
    vi.advanceTimersByTime(10_000);
    expect(written).toHaveLength(202);
  });

  test('[PROC-LOG-2] a flood that goes on is counted every second', () => {
    const written: Log[] = [];
    const log = createLogEdge((line) => written.push(line));
    for (let ms = 0; ms < 3_000; ms += 1) {
      log(entry('a'));
      vi.advanceTimersByTime(1);
    }
    vi.advanceTimersByTime(2_000);
    const counted = written.map(({ event, fields }) =>
      event === 'log.suppressed' ? Number(fields['lines']) : 1,
    );
    expect(counted.reduce((sum, lines) => sum + lines, 0)).toBe(3_000);
    expect(written.length).toBeLessThanOrEqual(600);
  });

  test('[PROC-LOG-2] events without number are forgotten, not collected', () => {
    let lines = 0;
    const log = createLogEdge(() => (lines += 1));
    for (let n = 0; n < 10_000; n += 1) log(entry(`event.${n}`));
    expect(lines).toBe(10_000);
  });
});

describe('the forms', () => {
  const options: OutputOptions = { level: 'info', format: 'auto', json: false, isColoured: true };

  function output(changed: Partial<OutputOptions>, isTerminal = false) {
    const out: string[] = [];
    const errors: string[] = [];
    const made = new Output(
      { ...options, ...changed },
      { isTerminal, write: (text) => out.push(text) },
      { isTerminal, write: (text) => errors.push(text) },
    );
    return { made, out, errors };
  }

  test('[PROC-LOG-1] without a terminal each line is a JSON object on standard error', () => {
    const { made, out, errors } = output({});
    made.release();
    made.log({ ...entry('shard.died', { code: 1, level: 'odd', time: 'x' }), shard: 3 });
    expect(out).toEqual([]);
    const line = JSON.parse(errors.join('')) as Record<string, unknown>;
    expect(line).toMatchObject({
      level: 'info',
      event: 'shard.died',
      shard: 3,
      code: 1,
      level_: 'odd',
      time_: 'x',
    });
    expect(Date.parse(String(line['time']))).toBeGreaterThan(0);
    expect(errors.join('')).toMatch(/^[^\n]*\n$/);
  });

  test('[PROC-LOG-1] on a terminal lines are for people, unless JSON is asked for', () => {
    const human = output({}, true);
    human.made.release();
    human.made.log(entry('a.b', { topic: 'x y' }));
    expect(human.errors.join('')).toContain('a.b');
    expect(human.errors.join('')).toContain('"x y"');
    const json = output({ format: 'json' }, true);
    json.made.release();
    json.made.log(entry('a.b'));
    expect(JSON.parse(json.errors.join(''))).toMatchObject({ event: 'a.b' });
  });

  test('[PROC-LOG-1] with --json everything is on standard output', () => {
    const { made, out, errors } = output({ json: true, format: 'human' });
    made.announce('ready!', 'ready', { doors: { broker: '127.0.0.1:1' } });
    made.release();
    made.log(entry('a.b'));
    expect(errors).toEqual([]);
    expect(out[0]).toBe('{"event":"ready","doors":{"broker":"127.0.0.1:1"}}\n');
    expect(JSON.parse(out[1] ?? '')).toMatchObject({ event: 'a.b' });
  });

  test('[PROC-LOG-1] lines below the level are not written', () => {
    const { made, errors } = output({ level: 'warn' });
    made.release();
    made.log(entry('a.b'));
    made.log({ ...entry('c.d'), level: 'warn' });
    expect(errors).toHaveLength(1);
  });

  test('[PROC-READY-1] the announcement comes first: log lines wait for it, in order', () => {
    const { made, out } = output({ json: true });
    made.log(entry('first'));
    made.log(entry('second'));
    made.announce('moved', 'moved', {});
    made.release();
    const events = out.map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(['moved', 'first', 'second']);
  });

  test('[PROC-LOG-1] what strangers send can neither end a line nor steer the terminal', () => {
    const at = new Date(2_026, 10, 21, 4, 5, 6, 7);
    const line = (fields: Log['fields']): string =>
      humanLine({ at, level: 'warn', event: 'a', fields, shard: 0 }, false);
    expect(line({ n: 5, ok: true, empty: '' })).toBe(
      '04:05:06.007 warn  a shard=0 n=5 ok=true empty=""\n',
    );
    expect(line({ x: '\u001b[2Ja\rb\u009b\u202e' })).toBe(
      '04:05:06.007 warn  a shard=0 x=\\u001b[2Ja\\u000db\\u009b\\u202e\n',
    );
    expect(line({ error: 'Error: a\n  at b\n04:00:00 forged' })).toBe(
      '04:05:06.007 warn  a shard=0\n    Error: a\n      at b\n    04:00:00 forged\n',
    );
    const coloured = humanLine(
      { at, level: 'error', event: 'a', fields: {}, shard: undefined },
      true,
    );
    expect(coloured).toContain('\u001b[31merror\u001b[0m');
  });
});
