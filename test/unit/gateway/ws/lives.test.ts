import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnyStateMachine, initialTransition, transition } from 'xstate';

import {
  type ClientEvent,
  clientLife,
  clientMachine,
  type ClientState,
} from '../../../../src/actors/gateway/ws/client.machine.ts';
import {
  type WohEvent,
  wohLife,
  wohMachine,
  type WohState,
} from '../../../../src/actors/gateway/ws/origins/woh.machine.ts';
import type { Life } from '../../../../src/actors/runtime/machine.ts';
import { closing, control, RAW, type Spoken, WsStage } from './ws-stage.ts';

describe('the lives', () => {
  test('of a connection over HTTP and of its client have these transitions and no others', () => {
    expect(transitionsOf<WohState, WohEvent>(wohLife)).toEqual([
      'opening accepted open',
      'opening refused ended',
      'opening clientLeft leaving',
      'open closeAsked closing',
      'open clientLeft leaving',
      'open lost ended',
      'closing closed ended',
      'closing clientLeft leaving',
      'closing lost ended',
      'leaving closed ended',
      'leaving told ended',
      'leaving lost ended',
    ]);
    expect(transitionsOf<ClientState, ClientEvent>(clientLife)).toEqual([
      'waiting upgraded open',
      'waiting refused gone',
      'waiting left gone',
      'open dismissed closing',
      'open left gone',
      'closing left gone',
    ]);
  });

  test('are their machines, transition for transition', () => {
    isMachine(wohLife, wohMachine);
    isMachine(clientLife, clientMachine);
  });
});

/** What can happen to a session, as far as its life is concerned. */
const happenings = [
  'well',
  'close',
  'disconnect',
  'bad',
  'garbage',
  'break',
  'say',
  'clientClose',
  'leave',
] as const;
type Happening = (typeof happenings)[number];

test('a connection over HTTP lives as its machine does', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...happenings), { maxLength: 12 }), (story) => {
      const stage = new WsStage();
      const model = new Model();
      for (const happening of story) {
        const told = stage.told;
        if (isAnswer(happening) && told === undefined) continue;
        model.happen(happening, told ?? []);
        happen(stage, happening, model.before);
        const now = stage.told;
        switch (model.state) {
          case 'opening':
            expect(now).toEqual(['OPEN']);
            break;
          case 'open':
            expect(now?.every((event) => event.startsWith('TEXT')) ?? true).toBe(true);
            break;
          case 'closing':
            expect(now).toBeDefined();
            break;
          case 'leaving':
            expect(now).toBeDefined();
            if (isAnswer(happening)) expect(now).toEqual(['DISCONNECT']);
            break;
          default:
            expect(now).toBeUndefined();
            expect(stage.isOver).toBe(true);
        }
        expect(stage.failures).toEqual([]);
      }
    }),
    { numRuns: 1_000 },
  );
});

/** The machine, and how what happens outside becomes its events. */
class Model {
  before: WohState = 'opening';
  #snapshot = initialTransition(wohMachine)[0];
  #isClientHere = true;
  #hasOriginClosed = false;

  get state(): WohState {
    return this.#snapshot.value as WohState;
  }

  happen(happening: Happening, told: readonly string[]): void {
    this.before = this.state;
    for (const type of this.#eventsOf(happening, told))
      [this.#snapshot] = transition(wohMachine, this.#snapshot, { type });
    if (this.state === 'ended') this.#isClientHere = false;
  }

  #eventsOf(happening: Happening, told: readonly string[]): readonly WohEvent[] {
    const isOpening = this.state === 'opening';
    const isCloseTold = told.some((event) => event.startsWith('CLOSE'));
    switch (happening) {
      case 'say':
        return [];
      case 'clientClose':
        return this.#isClientHere ? ['closeAsked'] : [];
      case 'leave': {
        const wasHere = this.#isClientHere;
        this.#isClientHere = false;
        return wasHere ? ['clientLeft'] : [];
      }
      case 'bad':
      case 'garbage':
      case 'break':
        if (told[0] === 'DISCONNECT' && happening === 'garbage') return ['told'];
        return isOpening ? ['refused'] : ['lost'];
      case 'disconnect':
        if (told[0] === 'DISCONNECT') return ['told'];
        return isOpening ? ['accepted', 'lost'] : ['lost', 'closed'];
      case 'well':
      case 'close':
        break;
    }
    if (told[0] === 'DISCONNECT') return ['told'];
    const isClosed = happening === 'close';
    if (isCloseTold) return isClosed || this.#hasOriginClosed ? ['closed'] : this.#lostOrClosed();
    // The client of the stage answers a close at once.
    if (isClosed && this.#isClientHere) {
      this.#hasOriginClosed = true;
      this.#isClientHere = false;
      return isOpening ? ['accepted', 'closeAsked'] : ['closeAsked'];
    }
    return isOpening ? ['accepted'] : [];
  }

  #lostOrClosed(): readonly WohEvent[] {
    return this.state === 'leaving' ? ['closed'] : ['lost'];
  }
}

function isAnswer(happening: Happening): boolean {
  return !['say', 'clientClose', 'leave'].includes(happening);
}

function happen(stage: WsStage, happening: Happening, state: WohState): void {
  const isOpening = stage.told?.[0] === 'OPEN';
  const first: Spoken[] = isOpening ? [['OPEN']] : [];
  switch (happening) {
    case 'well':
      stage.answer(first, RAW);
      return;
    case 'close':
      stage.answer([...first, closing(1_000)], RAW);
      return;
    case 'disconnect':
      stage.answer([...first, ['DISCONNECT']], RAW);
      return;
    case 'bad':
      stage.answer([], [], { status: 500 });
      return;
    case 'garbage':
      stage.answer(new TextEncoder().encode('garbage'));
      return;
    case 'break':
      stage.fail('broken', true);
      return;
    case 'say':
      stage.say('x');
      return;
    case 'clientClose':
      // Before the handshake is answered there is nothing to close.
      if (state !== 'opening') stage.close(1_000);
      return;
    case 'leave':
      stage.leave();
      return;
    default:
      happening satisfies never;
  }
}

/** Everything that the world can do, in any order. */
const deed = fc.oneof(
  fc.record({ do: fc.constant('say' as const), text: fc.string({ maxLength: 4 }) }),
  fc.record({ do: fc.constantFrom('ping', 'clientClose', 'leave', 'refresh', 'stall', 'resume') }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 30_000 }) }),
  fc.record({
    do: fc.constant('answer' as const),
    events: fc.array(
      fc.constantFrom<Spoken>(
        ['TEXT', 'x'],
        ['TEXT', 'y'.repeat(120_000)],
        ['PING'],
        ['CLOSE'],
        ['DISCONNECT'],
        ['OPEN'],
        control({ type: 'subscribe', channel: 'a' }),
        control({ type: 'subscribe', channel: 'b', filters: ['var-subst'] }),
        control({ type: 'detach' }),
        control({ type: 'send-delayed', content: 'd' }),
        control({ type: 'keep-alive', content: 'k', timeout: 1 }),
      ),
      { maxLength: 4 },
    ),
    accepted: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
    interval: fc.option(fc.constantFrom('20', '0'), { nil: undefined }),
    status: fc.constantFrom(200, 200, 200, 200, 500),
  }),
  fc.record({
    do: fc.constant('fail' as const),
    why: fc.constantFrom('refused' as const, 'broken' as const, 'blocked' as const),
    wasSent: fc.boolean(),
  }),
  fc.record({
    do: fc.constant('publish' as const),
    channel: fc.constantFrom('a', 'b'),
    action: fc.constantFrom('send' as const, 'close' as const, 'refresh' as const),
  }),
);

test('whatever happens in whatever order: nothing throws, one request is under way, and a session ends with its client', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 40 }), fc.boolean(), (deeds, isOneEvent) => {
      const stage = new WsStage({
        route: `* 127.0.0.1:80,over_http${isOneEvent ? ',one_event' : ''}`,
      });
      for (const now of deeds) {
        const isOpening = stage.told?.[0] === 'OPEN';
        if (now.do === 'say' && 'text' in now) stage.say(now.text);
        else if (now.do === 'pass' && 'ms' in now) stage.pass(now.ms);
        else if (now.do === 'publish' && 'channel' in now)
          stage.publish(now.channel, { action: now.action, text: 'p' });
        else if (now.do === 'fail' && 'why' in now) {
          if (stage.open !== undefined) stage.fail(now.why, now.wasSent);
        } else if (now.do === 'answer' && 'events' in now) {
          if (stage.open === undefined) continue;
          const headers = [
            ...RAW,
            ...(now.accepted === undefined
              ? []
              : [['Content-Bytes-Accepted', String(now.accepted)] as const]),
            ...(now.interval === undefined ? [] : [['Keep-Alive-Interval', now.interval] as const]),
          ];
          const events: readonly Spoken[] = isOpening ? [['OPEN'], ...now.events] : now.events;
          stage.answer(events, headers, { status: now.status });
        } else if (now.do === 'ping') stage.ping();
        else if (now.do === 'clientClose') stage.close(1_000);
        else if (now.do === 'leave') stage.leave();
        else if (now.do === 'refresh') stage.tell({ type: 'refresh' });
        else if (now.do === 'stall') stage.isStalled = true;
        else stage.resume();
        expect(stage.failures).toEqual([]);
        expect(stage.asked.length).toBeLessThanOrEqual(1);
      }
      stage.resume();
      stage.leave();
      for (let n = 0; n < 20 && !stage.isOver; n += 1) {
        if (stage.open === undefined) stage.pass(30_000);
        else stage.answer(stage.told?.[0] === 'OPEN' ? [['OPEN']] : [['CLOSE']]);
      }
      expect(stage.isOver).toBe(true);
      const balance = new Map<string, number>();
      for (const kept of stage.kept) {
        if (!('mode' in kept)) continue;
        const change = kept.type === 'follow' ? 1 : -1;
        balance.set(kept.channel, (balance.get(kept.channel) ?? 0) + change);
      }
      expect([...balance.values()].every((count) => count === 0)).toBe(true);
      expect(stage.failures).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

function transitionsOf<State extends string, Event extends string>(
  life: Life<State, Event>,
): string[] {
  return life.states.flatMap((state) =>
    life.events.flatMap((event) => {
      const next = life.next(state, event);
      return next === undefined ? [] : [`${state} ${event} ${next}`];
    }),
  );
}

function isMachine<State extends string, Event extends string>(
  life: Life<State, Event>,
  machine: AnyStateMachine,
): void {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...life.events)), (events) => {
      let [snapshot] = initialTransition(machine);
      let state = life.initial;
      for (const type of events) {
        [snapshot] = transition(machine, snapshot, { type });
        state = life.next(state, type) ?? state;
        expect(snapshot.value).toBe(state);
        expect(life.isFinal(state)).toBe(snapshot.status === 'done');
      }
    }),
  );
}
