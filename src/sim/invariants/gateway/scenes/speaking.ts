// A WebSocket whose origin is asked over HTTP: what its client hears of the origin's words and of what is published, and
// what its origin hears. Written from spec/websocket-over-http.md, "Control messages" and "Publishing".
// Refuses to know holds. Acts are so far apart that one is over before the next.

import {
  type ControlPlan,
  type Header,
  IMPLICIT,
  type ItemPlan,
  type MessageName,
  type Told,
} from '../../../records/scenes/scene.ts';
import { bodyWords, headerWords } from '../../../records/scenes/sounds.ts';
import {
  ABSENCE_MS,
  controlText,
  isPolling,
  WORD_BYTES_MAX,
  wordOf,
} from '../../../records/scenes/texts.ts';
import { AliveModel } from './alive.ts';
import { FEATURES, forwarded, OF_THE_WAY } from './answering.ts';
import { filtered, type Sequence, sequencesOf } from './filtering.ts';
import { Debts, LATE_US, type Sayer, type SceneModel, type SceneOf } from './model.ts';

export class SocketModel implements SceneModel {
  readonly #of: SceneOf;
  readonly #debts: Debts;
  /** What its origin must hear. */
  readonly #questions: Debts;
  readonly #alive: AliveModel;
  #aliveSound = '';
  #aliveBefore = { sound: '', until: 0 };
  readonly #sequences: ReadonlyMap<number, Sequence>;
  /** Of a word that was taken in half. */
  #left: { readonly words: string; readonly bytes: number } | undefined = undefined;
  /** The filters of each channel that is followed. */
  readonly #followed = new Map<number, readonly string[]>();
  readonly #meta = new Map<string, string>();
  #delayed:
    | { readonly kind: MessageName; readonly text: string; readonly due: number }
    | undefined = undefined;
  #isDetached = false;
  #isClosed = false;

  constructor(of: SceneOf) {
    this.#of = of;
    const { scene, limits, beganAt } = of;
    this.#alive = new AliveModel(of);
    this.#debts = new Debts(of, 'sockets');
    this.#questions = new Debts(of, 'asking');
    this.#sequences = sequencesOf(scene, limits.messageWaitMs);
    // [WOH-GRIP-16]
    if (scene.route === 'following') this.#followed.set(IMPLICIT, []);
    const shown = scene.said.headers.filter(([name]) => name.toLowerCase() !== 'keep-alive');
    // [SOCKJS-6] [SOCKJS-17] A page hears of no headers.
    const heads = scene.via === undefined ? headerWords(shown).join(' | ') : '';
    this.#debts.owe(`upgraded ${heads}`.trim(), beganAt);
    this.#questions.owe(`OPEN | ${this.#reminders(false)}`, beganAt);
    this.#tell(scene.opening, beganAt);
  }

  acted(act: number, at: number): void {
    const { scene } = this.#of;
    const deed = scene.acts[act]?.deed;
    if (deed?.does !== 'say' && deed?.does !== 'publish' && deed?.does !== 'leave') return;
    this.#comeDue(at);
    if (deed.does === 'leave') {
      this.#leaves(deed, at);
      return;
    }
    if (deed.does === 'say') {
      if (this.#isClosed || this.#isDetached) return;
      const kind = deed.kind.toUpperCase();
      if ((deed.bytes ?? 0) > WORD_BYTES_MAX) {
        this.#breaks(at);
        return;
      }
      // What was left has no room beside it.
      if (deed.bytes !== undefined && this.#left !== undefined) this.#ask('', at);
      this.#ask(`${kind} ${bodyWords(wordOf(act, deed.bytes))}`, at);
      // [WOH-REQ-9]
      if (deed.isHalfTaken) this.#left = { words: `${kind} ${act}`, bytes: `${act}`.length };
      this.#tell(deed.answer, at);
      return;
    }
    const { channel, item } = deed;
    const sequence = this.#sequences.get(channel);
    for (const out of sequence?.take(item, at, this.#followed.has(channel)) ?? [])
      this.#deliver(out, channel, at, at + LATE_US);
    const isLast = act === scene.acts.length - 1;
    for (const { from, items } of (isLast && sequence?.overdue()) || [])
      for (const out of items)
        this.#deliver(out, channel, from, from + 1_000_000 + LATE_US, 'sequencer');
  }

  asked(purpose: string, words: string, at: number): void {
    if (purpose !== 'events') return;
    this.#questions.heard(words, at);
  }

  heard(sound: string, at: number): void {
    this.#comeDue(at);
    this.#lapsed(at);
    if (sound === this.#aliveSound && this.#aliveSound !== '') {
      this.#alive.heard(at);
      return;
    }
    if (sound === this.#aliveBefore.sound && sound !== '' && at < this.#aliveBefore.until) return;
    this.#debts.heard(sound, at);
    this.#alive.spoken(at);
    if (sound.startsWith('close ')) this.#alive.wish(undefined, at);
  }

  /** [GRIP-CTRL-8] */
  recovered(): void {
    for (const sequence of this.#sequences.values()) sequence.losePlace();
  }

  /** [WOH-CLOSE-4] */
  ended(at: number): void {
    this.#comeDue(at);
    this.#lapsed(at);
    if (this.#isClosed || this.#isDetached) return;
    this.#left = undefined;
    // [SOCKJS-12]
    const absenceUs = isPolling(this.#of.scene) ? ABSENCE_MS * 1_000 : 0;
    this.#ask('DISCONNECT', at, at + absenceUs + this.#lateUs);
  }

  settled(at: number): void {
    // Its origin takes it the second time.
    if (this.#of.scene.isFlaky !== true) this.#questions.lapsed(at);
  }

  /** [WOH-CLOSE-1] [WOH-CLOSE-2] The origin says the close back; [WOH-GRIP-14] whoever is detached is answered 1000. */
  #leaves({ code, reason }: { readonly code: number; readonly reason: string }, at: number): void {
    if (this.#isClosed) return;
    const words = `${code} ${reason}`.trim();
    this.#debts.owe(`close ${this.#isDetached ? '1000' : words}`, at);
    if (!this.#isDetached) this.#ask(`CLOSE ${words}`, at);
    this.#isClosed = true;
    this.#delayed = undefined;
    this.#alive.wish(undefined, at);
  }

  /** [WOH-REQ-6] [WOH-FRAME-4] */
  #breaks(at: number): void {
    this.#debts.owe('close 1009 message too big', at);
    this.#left = undefined;
    this.#ask('DISCONNECT', at);
    this.#isClosed = true;
    this.#delayed = undefined;
    this.#alive.wish(undefined, at);
  }

  /** The origin's words, in their order. */
  #tell(words: readonly Told[], at: number): void {
    const { scene, place } = this.#of;
    const { wordPrefix } = scene;
    for (const told of words) {
      if (this.#isClosed) return;
      switch (told.tells) {
        case 'message':
          this.#hears(told.kind, told.text, at);
          break;
        case 'bare':
          // [WOH-GRIP-1] [WOH-GRIP-2]
          if (wordPrefix === undefined || wordPrefix === '') this.#hears('text', told.text, at);
          break;
        case 'control':
          if (wordPrefix === undefined) this.#hears('text', controlText(told.control, place), at);
          else this.#obey(told.control, at);
          break;
        case 'close':
          if (!this.#isDetached)
            this.#closes(told.code, told.code === 0 ? '' : told.reason, at, true);
          break;
        default:
          told satisfies never;
      }
    }
  }

  #obey(control: ControlPlan, at: number): void {
    switch (control.type) {
      case 'subscribe': {
        const { channel, filters } = control;
        // [WOH-GRIP-7]
        const isRoom = this.#followed.size < this.#of.limits.subscriptionsMax;
        if (this.#followed.has(channel) || isRoom) this.#followed.set(channel, filters);
        return;
      }
      case 'unsubscribe':
        if (control.channel === IMPLICIT) return;
        this.#followed.delete(control.channel);
        this.#sequences.get(control.channel)?.forget();
        return;
      case 'set-meta':
        if (control.value === undefined) this.#meta.delete(control.name);
        else this.#meta.set(control.name, control.value);
        return;
      case 'keep-alive': {
        const { text, kind = 'text' } = control;
        const heard = this.#heardAs(kind);
        const isHeard = text !== undefined && heard !== undefined;
        // One of them may be on its way.
        this.#aliveBefore = { sound: this.#aliveSound, until: at + LATE_US };
        this.#aliveSound = isHeard ? `${heard} ${text}` : '';
        this.#alive.wish(isHeard ? control : undefined, at);
        return;
      }
      case 'send-delayed': {
        const { text, kind = 'text', timeoutS } = control;
        this.#flush(at);
        const due = at + Math.max(1, timeoutS) * 1_000_000;
        this.#delayed = { kind, text, due };
        return;
      }
      case 'flush-delayed':
        this.#flush(at);
        return;
      case 'detach':
        if (!this.#isDetached) this.#ask('CLOSE', at);
        this.#isDetached = true;
        return;
      case 'dance':
        return;
      default:
        control satisfies never;
    }
  }

  #deliver(item: ItemPlan, channel: number, at: number, until: number, by?: Sayer): void {
    const filters = this.#followed.get(channel);
    if (filters === undefined || !item.isForIt || item.action === 'hint' || this.#isClosed) return;
    const { action, code, reason, isBinary, kind } = item;
    const text = action === 'send' ? item.text : '';
    const verdict = filtered({ filters, meta: this.#meta, most: MODIFIED_BYTES_MAX }, item, text);
    // [WOH-FILTER-2]
    if (verdict.is !== 'sent') return;
    if (action === 'send')
      this.#hears(kind ?? (isBinary ? 'binary' : 'text'), verdict.text, at, until, by);
    else if (action === 'close') this.#closes(code, code === 0 ? '' : reason, at, false);
    // [WOH-PUB-6]
    else if (!this.#isDetached) this.#ask('', at);
  }

  /** [WOH-RETRY-1] After a second, and a little chance. */
  get #lateUs(): number {
    return this.#of.scene.isFlaky === true ? RETRIED_US + LATE_US : LATE_US;
  }

  /** [GRIP-ORDER-2] What is due by a clock comes when it likes, before or behind what the origin says later. */
  #hears(
    kind: MessageName,
    text: string,
    at: number,
    until = at + this.#lateUs,
    by: Sayer = 'anybody',
  ): void {
    // [WOH-EVENT-8] Of what fits into no such frame the beginning.
    const isShort = kind === 'ping' || kind === 'pong';
    const heard = this.#heardAs(kind);
    const sound = `${heard} ${isShort ? beginningOf(text) : bodyWords(text)}`.trim();
    if (heard !== undefined) this.#debts.owe(sound, at, until, by);
    else if (by !== 'anybody') this.#alive.maySpeak(until);
    else this.#alive.spoken(at);
  }

  /** [SOCKJS-9] What a client hears as a message of this kind; undefined: nothing. */
  #heardAs(kind: MessageName): MessageName | undefined {
    if (this.#of.scene.via === undefined) return kind;
    return kind === 'ping' || kind === 'pong' ? undefined : 'text';
  }

  /** [WOH-PUB-4] [WOH-CLOSE-5] */
  #closes(code: number, reason: string, at: number, isByOrigin: boolean): void {
    this.#owesClose(code, reason, at);
    this.#isClosed = true;
    this.#delayed = undefined;
    this.#alive.wish(undefined, at);
    if (this.#isDetached) return;
    const { scene } = this.#of;
    if (isByOrigin && scene.vanishes === true) {
      this.#left = undefined;
      this.#ask('DISCONNECT', at);
      return;
    }
    // The client says it back, or the origin is told without its words; nobody answers for a page.
    const words =
      isByOrigin && !isPolling(scene)
        ? `CLOSE ${code === 0 ? 1_000 : code} ${reason}`.trim()
        : 'CLOSE';
    this.#ask(words, at);
  }

  #owesClose(code: number, reason: string, at: number): void {
    if (!isPolling(this.#of.scene)) {
      this.#debts.owe(`close ${code === 0 ? 1_000 : code} ${reason}`.trim(), at);
      return;
    }
    // [SOCKJS-13] And it is told again.
    const hasCode = (code !== 0 && code !== 1_000) || reason !== '';
    const words = hasCode ? `close ${code} ${reason}`.trim() : 'close 0 Connection closed';
    for (let times = 0; times < 2; times += 1) this.#debts.owe(words, at);
  }

  #ask(events: string, at: number, until = at + this.#lateUs): void {
    const left = this.#left;
    this.#left = undefined;
    const all = [...(left === undefined ? [] : [left.words]), ...(events === '' ? [] : [events])];
    const words = `${all.join(', ')} | ${this.#reminders(true, left?.bytes)}`;
    this.#questions.owe(words, at, until);
  }

  /** [WOH-OPEN-2] [WOH-OPEN-3] [WOH-META-1] Headers of a question, as far as they can be known. */
  #reminders(isReminded: boolean, replayedBytes?: number): string {
    const headers = forwarded(this.#of);
    const told: readonly Header[] = [
      ...headers.filter(([name]) => /^x-/i.test(name) && !OF_THE_WAY.test(name)),
      ['Grip-Feature', FEATURES],
      ['Accept', EVENTS],
      ['Content-Type', EVENTS],
      ...(isReminded ? [['Meta-Colour', 'red'] as const] : []),
      ...(replayedBytes === undefined
        ? []
        : [['Content-Bytes-Replayed', String(replayedBytes)] as const]),
    ];
    return headerWords(told).join(' | ');
  }

  #flush(at: number): void {
    const delayed = this.#delayed;
    if (delayed === undefined) return;
    this.#delayed = undefined;
    this.#hears(delayed.kind, delayed.text, at);
  }

  /** What was to come later is owed by now. */
  #comeDue(at: number): void {
    if (this.#delayed !== undefined && this.#delayed.due <= at) {
      const { kind, text, due } = this.#delayed;
      this.#delayed = undefined;
      this.#hears(kind, text, due, due + this.#lateUs, 'delay');
    }
  }

  #lapsed(at: number): void {
    this.#debts.lapsed(at);
    this.#questions.lapsed(at);
    this.#alive.lapsed(at);
  }
}

/** What a control frame can hold; whole characters of what scenes say. */
function beginningOf(text: string): string {
  const bytes = new TextEncoder().encode(text).subarray(0, CONTROL_BYTES_MAX);
  return new TextDecoder().decode(bytes);
}

const CONTROL_BYTES_MAX = 125;
/** [GRIP-FILTER-8] */
const MODIFIED_BYTES_MAX = 100_000;
/** The longest time until a question is asked again. */
const RETRIED_US = 2_000_000;
const EVENTS = 'application/websocket-events';
