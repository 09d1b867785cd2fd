// What a model of a scene says of it: what must be heard next and until when, and what is wrong with what was.
// Refuses to know scenes of any kind.

import type { SceneLimits } from '../../../records/scenes/scene-records.ts';
import type { Scene } from '../../../records/scenes/scene.ts';
import type { Place } from '../../../records/scenes/texts.ts';

/** What a lie may be about; each is a property of its own. */
export type Aspect = 'answers' | 'streams' | 'sockets' | 'asking' | 'alive';

export interface SceneOf {
  readonly scene: Scene;
  readonly place: Place;
  readonly limits: SceneLimits;
  readonly beganAt: number;
  readonly complain: (aspect: Aspect, sentence: string) => void;
}

/** Follows a scene while it lasts. */
export interface SceneModel {
  acted(act: number, at: number): void;
  asked(purpose: 'request' | 'next' | 'filter' | 'events', words: string, at: number): void;
  heard(sound: string, at: number): void;
  /** Everybody on its node is to look again. */
  recovered(at: number): void;
  /** It is over, by whomever. */
  ended(at: number): void;
  /** What its origin was still to be asked has been asked. */
  settled?(at: number): void;
}

interface Debt {
  readonly sound: string;
  readonly from: number;
  until: number;
  readonly by: Sayer;
}

/** Who says it; what comes when a time is up comes before or behind what others say. */
export type Sayer = 'anybody' | 'sequencer' | 'delay';

/** Sounds that must come one after the other, each in its time: those of one sayer. */
export class Debts {
  readonly #of: SceneOf;
  readonly #aspect: Aspect;
  readonly #open: Debt[] = [];

  constructor(of: SceneOf, aspect: Aspect) {
    this.#of = of;
    this.#aspect = aspect;
  }

  owe(sound: string, from: number, until = from + LATE_US, by: Sayer = 'anybody'): void {
    this.#open.push({ sound, from, until, by });
  }

  /** Whatever is owed has time until then. */
  allowUntil(until: number): void {
    for (const debt of this.#open) debt.until = Math.max(debt.until, until);
  }

  forget(): void {
    this.#open.length = 0;
  }

  heard(sound: string, at: number): void {
    this.lapsed(at);
    const next = new Map(this.#open.toReversed().map((debt) => [debt.by, debt]));
    const debt = [...next.values()].find((one) => one.sound === sound) ?? this.#open[0];
    if (debt !== undefined) this.#open.splice(this.#open.indexOf(debt), 1);
    if (debt === undefined) this.#complain(`hears '${sound}', which nobody said to it`);
    else if (debt.sound !== sound) this.#complain(`hears '${sound}', and not '${debt.sound}'`);
    else if (at < debt.from - EARLY_US)
      this.#complain(`hears '${sound}' ${debt.from - at} µs before its time`);
  }

  /** Says so when something should have come by now. */
  lapsed(at: number): void {
    const late = this.#open.find(({ until }) => until < at);
    if (late === undefined) return;
    this.#open.splice(this.#open.indexOf(late), 1);
    this.#complain(`did not hear '${late.sound}' in its time`);
  }

  #complain(sentence: string): void {
    this.#of.complain(this.#aspect, sentence);
  }
}

/** A question and its answer. */
export const ASKING_US = 50_000;
/** From what happens to what is heard of it, in a world that is well. */
export const LATE_US = 300_000;
/** Instants of the trace are those of the ends. */
const EARLY_US = 2_000;
