// The body of an origin's answer: waits for somebody's word, in memory as far as there is room and else in the
// network; then it is told to its owner, or poured out to a reader, as fast as that one takes it.
// Refuses to know how it is carried on either side.

import { joined } from '../../actors/codecs/joined.ts';
import type { Address } from '../../actors/runtime/actor.ts';
import type { HeaderList, OriginEvent } from '../../actors/runtime/gateway-edges.ts';
import type { BodySink, Pouring } from './body-sink.ts';
import { Gathered } from './gathered.ts';

/** Whoever asked the origin: holds the body back, and tells what becomes of it. */
export interface BodySource {
  pause(): void;
  resume(): void;
  abort(): void;
  deliver(to: Address<OriginEvent>, message: OriginEvent): void;
  /** Nothing more can be asked about it. */
  done(): void;
}

export interface BodyOwner {
  readonly owner: Address<OriginEvent>;
  readonly ref: number;
}

/** What the origin said before its body, for whoever passes it on as it is. */
export interface WrittenHeaders {
  readonly headers: HeaderList;
  readonly lines: string | undefined;
}

/** Of a body that nobody has asked for yet. */
const WAITING_BYTES_MAX = 64 * 1_024;

export class OriginBody implements Pouring {
  readonly #of: BodyOwner;
  readonly #source: BodySource;
  readonly #written: WrittenHeaders | undefined;
  readonly #waiting = new Gathered();
  #state: 'open' | 'ended' | 'broken' = 'open';
  #isPaused = false;
  #collectBytesMax: number | undefined = undefined;
  #sink: BodySink | undefined = undefined;
  #isPouring = false;
  #isPourAwaited = false;
  #isOver = false;

  constructor(of: BodyOwner, source: BodySource, written?: WrittenHeaders) {
    this.#of = of;
    this.#source = source;
    this.#written = written;
  }

  /** These headers as the origin wrote them, when they are its own, untouched. */
  linesOf(headers: HeaderList): string | undefined {
    return this.#written?.headers === headers ? this.#written.lines : undefined;
  }

  received(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#waiting.add(bytes);
    if (this.#sink !== undefined) this.#pourSoon();
    else {
      this.#tellCollected();
      if (this.#waiting.byteLength > Math.max(WAITING_BYTES_MAX, this.#collectBytesMax ?? 0))
        this.#pause();
    }
  }

  ended(): void {
    this.#stopped('ended');
  }

  broken(): void {
    this.#stopped('broken');
  }

  /** Tells the owner the beginning of the body, when there is more than so much or no more: then nothing else follows. */
  collect(bytesMax: number): void {
    this.#collectBytesMax = bytesMax;
    this.#tellCollected();
    if (this.#collectBytesMax !== undefined) this.#resume();
  }

  /** Pours it out, from its first byte. */
  pourInto(sink: BodySink): void {
    this.#sink = sink;
    sink.pouring = this;
    this.#pour();
  }

  drained(): void {
    this.#isPouring = false;
    this.#pour();
  }

  gone(): void {
    this.#finish(false);
  }

  /** There is nobody who could be told. */
  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting.take();
    this.#source.abort();
    // What has begun and cannot be ended must not look whole.
    const sink = this.#sink;
    if (sink !== undefined) sink.broke();
  }

  #stopped(how: 'ended' | 'broken'): void {
    if (this.#isOver || this.#state !== 'open') return;
    this.#state = how;
    if (this.#sink !== undefined) this.#pourSoon();
    else this.#tellCollected();
  }

  /** What one read of the origin brought leaves in one write, and its end with it. */
  #pourSoon(): void {
    if (this.#isPourAwaited || this.#isPouring) return;
    this.#isPourAwaited = true;
    process.nextTick(() => {
      this.#isPourAwaited = false;
      this.#pour();
    });
  }

  #pour(): void {
    const sink = this.#sink;
    // Waiting for `drained` is pouring, too.
    if (sink === undefined || this.#isOver || this.#isPouring) return;
    const pieces = this.#waiting.take();
    const state = this.#state;
    const isLast = state === 'ended';
    const hasRoom = pieces.length === 0 && state === 'broken' ? true : sink.write(pieces, isLast);
    if (sink.isCut) this.#finish(false);
    else if (isLast) this.#finish(true);
    else if (state === 'broken') {
      sink.broke();
      this.#finish(false);
    } else if (hasRoom) this.#resume();
    else {
      this.#isPouring = true;
      this.#pause();
    }
  }

  #finish(isWhole: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting.take();
    if (this.#state === 'open') this.#source.abort();
    const { owner, ref } = this.#of;
    this.#source.done();
    this.#source.deliver(owner, { type: 'relayed', ref, isWhole, bytes: this.#sink?.bytes ?? 0 });
  }

  #tellCollected(): void {
    const most = this.#collectBytesMax;
    if (most === undefined) return;
    const { byteLength } = this.#waiting;
    if (this.#state === 'open' && byteLength <= most) return;
    this.#collectBytesMax = undefined;
    const { owner, ref } = this.#of;
    const all = joined(this.#waiting.take(), byteLength);
    if (byteLength > 0) this.#waiting.add(all);
    const isWhole = this.#state === 'ended' && all.byteLength <= most;
    const isBroken = this.#state === 'broken';
    // There is nothing left to ask about.
    if (isWhole || isBroken) {
      this.#isOver = true;
      this.#waiting.take();
      this.#source.done();
    }
    const body = all.subarray(0, most);
    this.#source.deliver(owner, { type: 'originBody', ref, body, isWhole, isBroken });
  }

  #pause(): void {
    if (this.#isPaused || this.#state !== 'open') return;
    this.#isPaused = true;
    this.#source.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#state === 'open') this.#source.resume();
  }
}
