// A WebSocket at the origin of an errand: says what is written down, in its order, and tells what it hears.
// Refuses to know what should be heard.

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { MessageKind } from '../../../actors/runtime/gateway-edges.ts';
import { costOf, type OriginLine, type SocketHearing } from '../../edges/gateway/origin-socket.ts';
import type { Line } from '../../records/errands/errand.ts';
import { bodyWords } from '../../records/scenes/sounds.ts';

export interface LineHost {
  later(delayUs: number, act: () => void): void;
  /** It heard so. */
  told(words: string): void;
}

export class ErrandLine implements OriginLine {
  readonly #line: Line;
  readonly #hearing: SocketHearing;
  readonly #host: LineHost;
  #heard = 0;
  #hasClosed = false;
  #isOver = false;

  constructor(line: Line, hearing: SocketHearing, host: LineHost) {
    this.#line = line;
    this.#hearing = hearing;
    this.#host = host;
    this.#down(() => hearing.upgraded(line.headers));
    this.#answer();
  }

  say(kind: MessageKind, payload: Uint8Array): void {
    this.#down(() => {
      this.#hearing.left(costOf(payload));
      this.#host.told(`${kind} ${bodyWords(new TextDecoder().decode(payload))}`.trim());
      this.#answer();
    });
  }

  close(code: number, reason: string): void {
    this.#down(() => {
      this.#host.told(`close ${code} ${reason}`.trim());
      this.#answer();
      if (this.#line.isMute !== true && !this.#hasClosed) this.#close(code, reason);
    });
  }

  cut(): void {
    this.#down(() => {
      this.#isOver = true;
      this.#host.told('cut');
    });
  }

  #answer(): void {
    for (const words of this.#line.says[this.#heard] ?? []) this.#say(words);
    this.#heard += 1;
  }

  #say(words: string): void {
    const [kind = '', first = '', ...rest] = words.split(' ');
    if (kind === 'cut') {
      this.#down(() => {
        this.#isOver = true;
        this.#hearing.closed(WITHOUT_CLOSE, '');
      });
    } else if (kind === 'close') this.#close(Number(first), rest.join(' '));
    else {
      const payload = encodeText([first, ...rest].join(' '));
      this.#down(() => this.#hearing.said(kind as MessageKind, payload));
    }
  }

  #close(code: number, reason: string): void {
    this.#hasClosed = true;
    this.#down(() => this.#hearing.closed(code, reason));
  }

  /** In its order. */
  #down(act: () => void): void {
    this.#host.later(WAY_US, () => {
      if (!this.#isOver) act();
    });
  }
}

const WITHOUT_CLOSE = 1_006;
const WAY_US = 1_000;
