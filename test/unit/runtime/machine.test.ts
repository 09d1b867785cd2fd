import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { initialTransition, transition } from 'xstate';

import {
  type SessionEvent,
  sessionLife,
  sessionMachine,
} from '../../../src/actors/broker/broker.machine.ts';
import { createMachine, lifeOf } from '../../../src/actors/runtime/machine.ts';

describe('a life', () => {
  test('[BROKER-SESS-1] is its machine, transition for transition, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...sessionLife.events)), (events) => {
        let [snapshot] = initialTransition(sessionMachine);
        let state = sessionLife.initial;
        expect(snapshot.value).toBe(state);
        for (const type of events) {
          const isExpected = snapshot.status !== 'done' && snapshot.can({ type });
          const next = sessionLife.next(state, type);
          expect(next !== undefined).toBe(isExpected);
          [snapshot] = transition(sessionMachine, snapshot, { type });
          state = next ?? state;
          expect(snapshot.value).toBe(state);
          expect(sessionLife.isFinal(state)).toBe(snapshot.status === 'done');
        }
      }),
    );
  });

  test('[BROKER-SESS-1] of a session has these transitions and no others', () => {
    const found: string[] = [];
    for (const state of sessionLife.states) {
      for (const event of sessionLife.events) {
        const next = sessionLife.next(state, event);
        if (next !== undefined) found.push(`${state} ${event} ${next}`);
      }
    }
    expect(found).toEqual([
      'verifying admitted open',
      'verifying refused ended',
      'verifying closed ended',
      'open gaveUp closing',
      'open closed ended',
      'closing closed ended',
    ]);
    expect(sessionLife.initial).toBe('verifying');
  });

  test('does not begin when the machine has a state that is not listed', () => {
    const machine = createMachine({
      initial: 'a',
      states: { a: { on: { go: 'b' } }, b: {} },
    });
    expect(() => lifeOf(machine, ['a'], ['go'])).toThrow("a state 'b'");
    expect(() => lifeOf(machine, ['b'], ['go'])).toThrow("a state 'a'");
    expect(lifeOf(machine, ['a', 'b'], ['go']).next('a', 'go')).toBe('b');
  });

  test('is flat', () => {
    const nested = createMachine({
      initial: 'a',
      states: { a: { initial: 'b', states: { b: {} } } },
    });
    expect(() => lifeOf(nested, ['a'], ['go'])).toThrow('flat machine');
  });

  test('goes round where its machine does', () => {
    const ring = createMachine({
      initial: 'a',
      states: { a: { on: { go: 'b', stay: 'a' } }, b: { on: { go: 'a' } } },
    });
    const life = lifeOf(ring, ['a', 'b'], ['go', 'stay']);
    expect([life.next('a', 'stay'), life.next('b', 'go'), life.next('b', 'stay')]).toEqual([
      'a',
      'a',
      undefined,
    ]);
    expect(life.isFinal('a')).toBe(false);
  });

  test('knows the events of its machine by name', () => {
    const events: readonly SessionEvent[] = sessionLife.events;
    expect(events).toEqual(['admitted', 'refused', 'gaveUp', 'closed']);
  });
});
