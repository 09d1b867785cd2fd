import { array, assert, nat, property, record, boolean } from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Idleness, type Idler, NOWHERE } from '../../../src/transports/gateway/idleness.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const TIMEOUT_MS = 80;
const MOST = 6;

/** Leaves as whoever idles out does, and takes another one along where it is told to. */
class Guest implements Idler {
  activeAt = 0;
  idlePlace = NOWHERE;
  hasIdledOut = false;
  readonly #idleness: Idleness;
  readonly #along: () => Guest | undefined;

  constructor(idleness: Idleness, along: () => Guest | undefined) {
    this.#idleness = idleness;
    this.#along = along;
    idleness.add(this);
  }

  idledOut(): void {
    this.hasIdledOut = true;
    this.#idleness.delete(this);
    const along = this.#along();
    if (along !== undefined) this.#idleness.delete(along);
  }
}

test('whoever is silent for too long is told once, whatever comes and goes beside it', () => {
  const step = record({ speaks: array(nat(MOST - 1)), leaves: nat(MOST * 2), comes: boolean() });
  assert(
    property(array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      const idleness = new Idleness(TIMEOUT_MS);
      const here = new Map<Guest, { silentMs: number }>();
      for (const { speaks, leaves, comes } of steps) {
        const guests = [...here.keys()];
        if (comes && here.size < MOST)
          here.set(new Guest(idleness, () => undefined), { silentMs: 0 });
        for (const at of speaks) {
          const guest = guests[at];
          const silence = guest && here.get(guest);
          if (guest === undefined || silence === undefined) continue;
          guest.activeAt = idleness.tick;
          silence.silentMs = 0;
        }
        const leaving = guests[leaves];
        if (leaving !== undefined) {
          idleness.delete(leaving);
          here.delete(leaving);
        }
        vi.advanceTimersByTime(TIMEOUT_MS / 8);
        for (const [guest, silence] of here) {
          silence.silentMs += TIMEOUT_MS / 8;
          if (guest.hasIdledOut) {
            expect(silence.silentMs).toBeGreaterThanOrEqual(TIMEOUT_MS);
            here.delete(guest);
          } else expect(silence.silentMs).toBeLessThanOrEqual(TIMEOUT_MS * 1.25);
        }
      }
    }),
  );
});

test('one that idles out may take others along in the middle of the look', () => {
  for (let taken = 0; taken < MOST; taken += 1) {
    const idleness = new Idleness(TIMEOUT_MS);
    const guests: Guest[] = [];
    for (let at = 0; at < MOST; at += 1)
      guests.push(new Guest(idleness, () => (at === 3 ? guests[taken] : undefined)));
    vi.advanceTimersByTime(TIMEOUT_MS * 2);
    const left = guests.filter(({ idlePlace }) => idlePlace !== NOWHERE);
    expect(left).toEqual([]);
    for (const [at, { hasIdledOut }] of guests.entries())
      if (at !== taken) expect(hasIdledOut, `${at} beside ${taken}`).toBe(true);
  }
});
