// One origin server: the way to it, its application, and what goes wrong: it is slow, refuses, breaks off, answers with
// errors, contradicts itself, or is away for a while and takes what it was doing with it.
// Refuses to know who asks. Everything is drawn from a stream of its own.

import { Prng } from '../../../actors/runtime/prng.ts';
import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { AskedOrigin, OriginHearing } from '../../edges/gateway.edge.ts';
import type { OriginLine, SocketHearing } from '../../edges/gateway/origin-socket.ts';
import type { OriginPlan, Outage } from '../../plan/gateway-plan.ts';
import type { Application, OriginAnswer } from './application.ts';
import { Line } from './line.ts';

/** What an origin needs of its world. */
export interface OriginWorld {
  readonly now: number;
  /** Faults are over. */
  readonly isSettling: boolean;
  later(delayUs: number, act: () => void): void;
  mark(name: string): void;
}

interface Exchange {
  readonly hearing: OriginHearing;
  hasHead: boolean;
  isOver: boolean;
  /** Once it is a WebSocket. */
  line: Line | undefined;
}

export class Origin {
  readonly #plan: OriginPlan;
  readonly #application: Application;
  readonly #world: OriginWorld;
  readonly #chance: Prng;
  readonly #open = new Set<Exchange>();
  #outage: Outage['kind'] | undefined = undefined;

  constructor(plan: OriginPlan, application: Application, world: OriginWorld, seed: number) {
    this.#plan = plan;
    this.#application = application;
    this.#world = world;
    this.#chance = new Prng(seed, `origin ${plan.host}`);
    for (const outage of plan.outages) {
      world.later(outage.at, () => {
        if (!world.isSettling) this.#fall(outage.kind);
      });
      world.later(outage.at + outage.durationUs, () => this.rise());
    }
  }

  ask(asked: AskedOrigin, hearing: OriginHearing): () => void {
    const exchange = this.#begin(hearing);
    this.#step(exchange, this.#wayUs(), () => this.#arrived(asked, exchange));
    return () => this.#over(exchange);
  }

  /** Is asked for a WebSocket; a refusal is an answer. */
  connect(asked: AskedOrigin, hearing: OriginHearing & SocketHearing): OriginLine {
    const exchange = this.#begin(hearing);
    this.#step(exchange, this.#wayUs(), () => this.#called(asked, exchange, hearing));
    return {
      say: (kind, payload) => exchange.line?.say(kind, payload),
      close: (code, reason) => exchange.line?.close(code, reason),
      cut: () => {
        if (exchange.line === undefined) this.#over(exchange);
        else exchange.line.cut();
      },
    };
  }

  /** It is there again, and knows nothing of what it was asked before. */
  rise(): void {
    if (this.#outage === 'silent') this.#breakAll();
    this.#outage = undefined;
  }

  #fall(kind: Outage['kind']): void {
    this.#world.mark(`origin ${kind}`);
    this.#outage = kind;
    if (kind !== 'silent') this.#breakAll();
  }

  #breakAll(): void {
    for (const exchange of this.#open) {
      this.#over(exchange);
      if (exchange.line !== undefined) {
        exchange.line.break();
        continue;
      }
      if (exchange.hasHead) exchange.hearing.ended(false);
      else exchange.hearing.failed('broken', true);
    }
  }

  #arrived(asked: AskedOrigin, exchange: Exchange): void {
    if (this.#isAway(exchange)) return;
    const { brokenPercent, errorPercent, lyingPercent, thinkUs } = this.#plan;
    // Drawn in any case: a world that heals draws what it would have drawn.
    const isBroken = this.#strikes(brokenPercent, 'broken');
    const isError = this.#strikes(errorPercent, 'error');
    const isLying = this.#strikes(lyingPercent, 'lying');
    const thoughtUs = this.#chance.below(Math.max(1, thinkUs)) + this.#wayUs();
    if (isBroken) {
      // It may have taken what it was told, and be unable to say so.
      if (this.#chance.below(2) === 0) this.#application.answer(asked, this.#chance, false);
      this.#step(exchange, thoughtUs, () => {
        this.#over(exchange);
        exchange.hearing.failed('broken', true);
      });
      return;
    }
    const answer = isError ? ERROR : this.#application.answer(asked, this.#chance, isLying);
    this.#step(exchange, thoughtUs, () => this.#say(exchange, answer));
  }

  #called(asked: AskedOrigin, exchange: Exchange, hearing: SocketHearing): void {
    if (this.#isAway(exchange)) return;
    const { brokenPercent, errorPercent, thinkUs } = this.#plan;
    const isBroken = this.#strikes(brokenPercent, 'broken');
    const isError = this.#strikes(errorPercent, 'error');
    const thoughtUs = this.#chance.below(Math.max(1, thinkUs)) + this.#wayUs();
    this.#step(exchange, thoughtUs, () => {
      if (isError) this.#say(exchange, ERROR);
      else if (isBroken) {
        this.#over(exchange);
        exchange.hearing.failed('broken', true);
      } else this.#accept(asked, exchange, hearing);
    });
  }

  #accept(asked: AskedOrigin, exchange: Exchange, hearing: SocketHearing): void {
    const { brokenPercent, thinkUs } = this.#plan;
    const line = new Line(this.#world, {
      hearing,
      application: this.#application.connect(asked, this.#chance),
      chance: this.#chance,
      thinkUs: thinkUs >> 4,
      isSilent: () => this.#outage === 'silent',
      isStruck: () => this.#strikes(brokenPercent >> 3, 'broken'),
      over: () => this.#over(exchange),
    });
    exchange.line = line;
    line.accept([['Sec-WebSocket-Extensions', 'grip']]);
  }

  /** True when nothing of it is heard; then its asker learns so, or never. */
  #isAway(exchange: Exchange): boolean {
    if (this.#outage === undefined) return false;
    if (this.#outage === 'silent') return true;
    const why = this.#outage === 'refused' ? 'refused' : 'connectTimeout';
    this.#step(exchange, why === 'refused' ? this.#wayUs() : CONNECT_TIMEOUT_US, () => {
      this.#over(exchange);
      exchange.hearing.failed(why, false);
    });
    return true;
  }

  #begin(hearing: OriginHearing): Exchange {
    const exchange: Exchange = { hearing, hasHead: false, isOver: false, line: undefined };
    this.#open.add(exchange);
    return exchange;
  }

  #say(exchange: Exchange, { status, headers, body }: OriginAnswer): void {
    exchange.hasHead = true;
    exchange.hearing.answered({ status, reason: status === 200 ? 'OK' : 'Error', headers });
    const isTruncated = this.#strikes(this.#plan.truncatedPercent, 'truncated');
    const length = isTruncated ? this.#chance.below(body.byteLength + 1) : body.byteLength;
    this.#carry(exchange, body.subarray(0, length), !isTruncated);
  }

  /** The body in pieces, each a moment after the one before. */
  #carry(exchange: Exchange, rest: Uint8Array, isWhole: boolean): void {
    const bytes = 1 + this.#chance.below(this.#plan.pieceBytes);
    this.#step(exchange, this.#chance.below(PIECE_US), () => {
      if (rest.byteLength > 0) exchange.hearing.carried(rest.slice(0, bytes));
      if (exchange.isOver) return;
      if (rest.byteLength > bytes) this.#carry(exchange, rest.subarray(bytes), isWhole);
      else {
        this.#over(exchange);
        exchange.hearing.ended(isWhole);
      }
    });
  }

  #step(exchange: Exchange, delayUs: number, act: () => void): void {
    this.#world.later(delayUs, () => {
      if (!exchange.isOver) act();
    });
  }

  #over(exchange: Exchange): void {
    exchange.isOver = true;
    this.#open.delete(exchange);
  }

  #strikes(percent: number, what: string): boolean {
    const isStruck = this.#chance.below(100) < percent && !this.#world.isSettling;
    if (isStruck) this.#world.mark(`origin ${what}`);
    return isStruck;
  }

  #wayUs(): number {
    return 100 + this.#chance.below(3_000);
  }
}

const ERROR: OriginAnswer = {
  status: 500,
  headers: [['Content-Type', 'text/plain']],
  body: encodeText('-out of order\n'),
};
const CONNECT_TIMEOUT_US = 1_000_000;
const PIECE_US = 2_000;
