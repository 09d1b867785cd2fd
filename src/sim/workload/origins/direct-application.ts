// The application's side of a WebSocket of its own: it has its client follow channels, sends each word back, answers
// pings and closes, and now and then has had enough. Refuses to know what goes wrong on the way, and who is behind the
// gateway. Its control messages are written from the protocol's text.

import type { Prng } from '../../../actors/runtime/prng.ts';
import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { MessageKind } from '../../../actors/runtime/gateway-edges.ts';
import type { Trace } from '../../trace.ts';
import type { Question } from './application.ts';
import { echoWords, filterOf, followingWords } from './ws-words.ts';

/** What it says to its end of the connection. */
export interface Speech {
  say(kind: MessageKind, payload: Uint8Array): void;
  close(code: number, reason: string): void;
}

export class DirectApplication {
  readonly #trace: Trace;
  readonly #chance: Prng;
  readonly #at: { readonly node: number; readonly client: number; readonly connection: number };
  readonly #beginning: readonly string[];
  #hasParted = false;
  #hasPoured = false;

  constructor(question: Question, chance: Prng, trace: Trace) {
    const { node, client, connection, channels } = question;
    this.#trace = trace;
    this.#chance = chance;
    this.#at = { node, client, connection };
    this.#beginning = followingWords(client, channels, filterOf(question));
    trace.add({ kind: 'originHeard', purpose: 'socket', ...this.#at });
  }

  greet(speech: Speech): void {
    for (const words of this.#beginning) speech.say('text', encodeText(words));
  }

  hear(kind: MessageKind, payload: Uint8Array, isSettling: boolean, speech: Speech): void {
    if (kind === 'ping') speech.say('pong', payload);
    if (kind !== 'text') return;
    const word = Number(decoder.decode(payload));
    this.#trace.add({ kind: 'wordTaken', word, ...this.#at });
    for (const words of echoWords(word)) speech.say('text', encodeText(words));
    // Drawn in any case: a world that settles draws what it would have drawn.
    const mood = this.#chance.below(60);
    if (mood < 4) speech.say('ping', encodeText(String(word)));
    if (mood > 50 && !isSettling) this.#pour(speech);
    if (mood === 5 && !isSettling) speech.close(4_000, 'enough');
  }

  /** More at once than a gateway takes for one client. */
  #pour(speech: Speech): void {
    if (this.#hasPoured) return;
    this.#hasPoured = true;
    for (let part = 0; part < POURED_PARTS; part += 1)
      speech.say('text', encodeText(`m:-${'x'.repeat(POURED_BYTES)}`));
  }

  /** The connection is over for it, by a close or by its end. */
  part(): void {
    if (this.#hasParted) return;
    this.#hasParted = true;
    this.#trace.add({ kind: 'partingTaken', ...this.#at });
  }
}

const decoder = new TextDecoder();
const POURED_PARTS = 5;
const POURED_BYTES = 60_000;
