// A WebSocket at its origin: what is said takes its way in each direction, in order, and the application takes its time
// for it; closes are answered. Refuses to know what is said, and what is wrong with the origin.

import type { Prng } from '../../../actors/runtime/prng.ts';
import type { HeaderList, MessageKind } from '../../../actors/runtime/gateway-edges.ts';
import { costOf, type OriginLine, type SocketHearing } from '../../edges/gateway/origin-socket.ts';
import type { DirectApplication, Speech } from './direct-application.ts';

export interface LineWorld {
  readonly now: number;
  readonly isSettling: boolean;
  later(delayUs: number, act: () => void): void;
}

export interface LineEnds {
  readonly hearing: SocketHearing;
  readonly application: DirectApplication;
  readonly chance: Prng;
  /** The longest that a word takes. */
  readonly thinkUs: number;
  /** The origin hears nothing now. */
  isSilent(): boolean;
  /** It breaks off at this word. */
  isStruck(): boolean;
  /** It is over for both. */
  over(): void;
}

export class Line implements OriginLine {
  readonly #world: LineWorld;
  readonly #ends: LineEnds;
  /** When what was sent last arrives, up and down. */
  #upAt = 0;
  #downAt = 0;
  #hasClosed = false;
  #isOver = false;

  constructor(world: LineWorld, ends: LineEnds) {
    this.#world = world;
    this.#ends = ends;
  }

  accept(headers: HeaderList): void {
    this.#down(() => this.#ends.hearing.upgraded(headers));
    this.#ends.application.greet(this.#answers);
  }

  /** What the gateway says. */
  say(kind: MessageKind, payload: Uint8Array): void {
    this.#up(() => {
      const { hearing, application } = this.#ends;
      hearing.left(costOf(payload));
      if (this.#ends.isStruck()) this.break();
      else if (!this.#hasClosed)
        application.hear(kind, payload, this.#world.isSettling, this.#answers);
    });
  }

  /** The gateway's close. */
  close(code: number, reason: string): void {
    this.#up(() => {
      this.#ends.application.part();
      if (!this.#hasClosed) this.#down(() => this.#ends.hearing.closed(code, reason));
      this.#down(() => this.#over());
    });
  }

  /** The gateway's end without a word. */
  cut(): void {
    this.#up(() => {
      this.#ends.application.part();
      this.#over();
    });
  }

  /** The origin is gone, and what was on its way is lost. */
  break(): void {
    if (this.#isOver) return;
    this.#over();
    this.#ends.hearing.closed(1_006, '');
  }

  readonly #answers: Speech = {
    say: (kind, payload) => {
      if (!this.#hasClosed) this.#down(() => this.#ends.hearing.said(kind, payload));
    },
    close: (code, reason) => {
      if (this.#hasClosed) return;
      this.#hasClosed = true;
      this.#down(() => this.#ends.hearing.closed(code, reason));
    },
  };

  #up(act: () => void): void {
    const { chance, thinkUs } = this.#ends;
    const think = this.#world.isSettling ? 1 : chance.below(Math.max(1, thinkUs));
    this.#upAt = Math.max(this.#upAt, this.#world.now + this.#wayUs()) + think;
    this.#at(this.#upAt, () => {
      // What comes while an origin is silent stays where it is, and is lost with it.
      if (!this.#ends.isSilent()) act();
    });
  }

  #down(act: () => void): void {
    this.#downAt = Math.max(this.#downAt, this.#world.now + this.#wayUs());
    this.#at(this.#downAt, act);
  }

  #at(at: number, act: () => void): void {
    this.#world.later(at - this.#world.now, () => {
      if (!this.#isOver) act();
    });
  }

  #over(): void {
    this.#isOver = true;
    this.#ends.over();
  }

  #wayUs(): number {
    return 100 + this.#ends.chance.below(3_000);
  }
}
