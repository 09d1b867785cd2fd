// A stream that is held: how it begins, what is published to it, when its next link is asked, what keeps it alive, and
// what ends it. Written from spec/grip.md, "Stream holds", "Keep-alives", "Next links" and "Order".
// Refuses to know polls and WebSockets.

import { IMPLICIT, type ItemPlan } from '../../../records/scenes/scene.ts';
import { bodyOf, nextPath } from '../../../records/scenes/texts.ts';
import { bodyWords, headWords } from '../../../records/scenes/sounds.ts';
import { AliveModel } from './alive.ts';
import {
  dressed,
  shownHeaders,
  statusOf,
  UPDATE_EARLIEST_US,
  UPDATE_LATEST_US,
} from './answering.ts';
import { filtered, type Sequence, sequencesOf } from './filtering.ts';
import { ASKING_US, Debts, LATE_US, type SceneModel, type SceneOf } from './model.ts';

export class StreamModel implements SceneModel {
  readonly #of: SceneOf;
  readonly #alive: AliveModel;
  readonly #sequences: ReadonlyMap<number, Sequence>;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** Everybody was to look again, which may have to wait for a link that cannot be had. */
  #recoveredAt = Number.NEGATIVE_INFINITY;
  #isRecoverWaiting = false;
  /** The head, items and the end, in their order. */
  readonly #debts: Debts;
  /** Items that an answer may have left behind: it was asked for as they came. */
  readonly #mayHear = new Set<string>();
  /** What next links say, in their order: beside items, they may come in either. */
  readonly #links: Debts;
  #isOpen = false;
  #isOver = false;
  #asks = 0;
  /** Of the next link. */
  #hintedAt = Number.NEGATIVE_INFINITY;
  #quietSince = Number.POSITIVE_INFINITY;
  #failures = 0;
  #failedAt = 0;
  #firstFailedAt = 0;
  /** When the first subscriber's asking, which waited while the link could not be had, had its turn. */
  #updateAt = Number.NEGATIVE_INFINITY;
  #mustAskUntil: number | undefined = undefined;

  constructor(of: SceneOf) {
    this.#of = of;
    const { scene, limits, beganAt } = of;
    this.#alive = new AliveModel(of);
    this.#debts = new Debts(of, 'streams');
    this.#links = new Debts(of, 'streams');
    this.#sequences = sequencesOf(scene, limits.messageWaitMs);
    const { status, reason } = statusOf(scene.said);
    this.#debts.owe(
      `stream ${headWords(status, reason, dressed(scene, shownHeaders(scene)))}`,
      beganAt,
    );
    for (const line of linesIn(bodyOf(scene.said))) this.#debts.owe(`line ${line}`, beganAt);
  }

  acted(act: number, at: number): void {
    const { scene, limits } = this.#of;
    const deed = scene.acts[act]?.deed;
    if (deed?.does !== 'publish' || this.#isOver) return;
    const { channel, item } = deed;
    // [GRIP-INSTR-8]
    const isFollowed = channel < limits.subscriptionsMax;
    for (const out of this.#sequences.get(channel)?.take(item, at, isFollowed) ?? [])
      this.#deliver(out, channel, at, at + LATE_US);
    const isLast = act === scene.acts.length - 1;
    for (const { from, items } of (isLast && this.#sequences.get(channel)?.overdue()) || [])
      for (const out of items) this.#deliver(out, channel, from, from + 1_000_000 + LATE_US);
  }

  asked(purpose: string, words: string, at: number): void {
    if (purpose !== 'next') return;
    const { scene, complain } = this.#of;
    const { next } = scene;
    // [GRIP-NEXT-3]
    const failed = next?.answers.slice(0, this.#asks).filter((one) => !one).length ?? 0;
    const path = nextPath(this.#asks - failed);
    if (!words.startsWith(`GET ${path},`))
      complain('asking', `has its next link asked with '${words}', and not at ${path}`);
    this.#asks += 1;
    this.#alive.wish(undefined, at);
    if (next === undefined) {
      complain('asking', 'has a next link asked that nobody gave');
      return;
    }
    if (!this.#mayAsk(at)) complain('asking', 'has its next link asked, for no reason');
    this.#mustAskUntil = undefined;
    this.#askedAt = at;
    if (next.answers[this.#asks - 1] ?? true) {
      this.#links.owe(`line next ${this.#asks - 1}`, at);
      if (this.#failures > 0 && this.#heldUpUpdate(at)) this.#updateAt = at;
      this.#failures = 0;
      this.#quietSince = at;
      if (this.#isRecoverWaiting) this.#recoveredAt = at;
      this.#isRecoverWaiting = false;
      // [GRIP-SEQ-4] Whoever has forgotten all places suspects none.
      const isKnown = this.#recoveredAt === Number.NEGATIVE_INFINITY;
      const isBehind = next.isBehind && this.#asks === 1 && isKnown;
      this.#mustAskUntil = at + (isBehind ? BEHIND_US : next.timeoutS * 1_000_000) + LATE_US;
      this.#debts.allowUntil(at + LATE_US);
    } else {
      // [GRIP-KEEP-1] Nor is anybody asked until then.
      this.#alive.wish(scene.alive, at);
      if (this.#failures === 0) this.#firstFailedAt = at;
      this.#failures += 1;
      this.#failedAt = at;
      // [GRIP-NEXT-7]
      this.#mustAskUntil = at + this.#pauseUs + 1_000_000 + LATE_US;
      this.#debts.allowUntil(Number.POSITIVE_INFINITY);
    }
  }

  heard(sound: string, at: number): void {
    const { scene } = this.#of;
    this.#lapsed(at);
    if (sound === 'alive') {
      this.#alive.heard(at);
      return;
    }
    if (sound.startsWith('line next ')) {
      this.#links.heard(sound, at);
      this.#alive.wish(scene.alive, at);
      return;
    }
    if (this.#mayHear.delete(sound)) return;
    this.#debts.heard(sound, at);
    if (sound.startsWith('stream ')) {
      this.#isOpen = true;
      this.#quietSince = at;
      this.#alive.wish(scene.alive, at);
      if (scene.next !== undefined)
        this.#mustAskUntil =
          at +
          (this.#of.limits.isUpdating
            ? UPDATE_LATEST_US
            : scene.next.timeoutS * 1_000_000 + LATE_US);
    } else this.#alive.spoken(at);
    if (sound === 'end') {
      this.#isOver = true;
      this.#mustAskUntil = undefined;
      this.#alive.wish(undefined, at);
    }
  }

  /** [GRIP-CTRL-8] */
  recovered(at: number): void {
    this.#lapsed(at);
    for (const sequence of this.#sequences.values()) sequence.losePlace();
    this.#recoveredAt = at;
    this.#isRecoverWaiting = this.#failures > 0;
    const { next } = this.#of.scene;
    const isAsking = at - this.#askedAt < ASKING_US || this.#failures > 0;
    if (next === undefined || !this.#isOpen || this.#isOver) return;
    if (!isAsking) this.#mustAskUntil = Math.min(this.#mustAskUntil ?? Infinity, at + LATE_US);
    // [GRIP-SEQ-4] What is answered then is behind nothing that is still known.
    else if (next.isBehind && this.#asks === 1)
      this.#mustAskUntil = this.#askedAt + next.timeoutS * 1_000_000 + LATE_US;
  }

  ended(at: number): void {
    this.#lapsed(at);
  }

  #deliver(item: ItemPlan, channel: number, at: number, until: number): void {
    const { scene } = this.#of;
    if (!item.isForIt || this.#isOver) return;
    const mayWait = this.#failures > 0 ? Number.POSITIVE_INFINITY : until;
    if (item.action === 'hint') {
      this.#quietSince = Math.max(this.#quietSince, at);
      if (scene.next === undefined) return;
      this.#hintedAt = at;
      this.#mustAskUntil = Math.min(this.#mustAskUntil ?? Infinity, mayWait);
      return;
    }
    this.#noteActivity(at);
    if (item.action === 'refresh') return;
    if (item.action === 'close') {
      this.#debts.owe('end', at, mayWait);
      this.#isOver = true;
      this.#mustAskUntil = undefined;
      return;
    }
    // [GRIP-STREAM-7]
    const filters = channel === IMPLICIT ? [] : scene.filters;
    const { keptBytesMax: most } = this.#of.limits;
    const verdict = filtered({ filters, meta: new Map(scene.meta), most }, item, `${item.text}\n`);
    const isBlurred = scene.next?.isBehind === true && this.#recoveredAt > -Infinity;
    if (verdict.is === 'sent')
      for (const line of linesIn(verdict.text))
        if (isBlurred) this.#mayHear.add(`line ${line}`);
        else this.#debts.owe(`line ${line}`, at, mayWait);
    else if (verdict.is === 'failed') {
      // [GRIP-FILTER-4] [GRIP-FILTER-7]
      this.#debts.owe('end', at, mayWait);
      this.#isOver = true;
      this.#mustAskUntil = undefined;
    }
  }

  /** [GRIP-NEXT-4] */
  #noteActivity(at: number): void {
    const { limits, scene } = this.#of;
    const { next } = scene;
    this.#quietSince = Math.max(this.#quietSince, at);
    const isFirst = this.#asks === 0 && limits.isUpdating;
    if (next === undefined || this.#failures > 0 || isFirst) return;
    this.#mustAskUntil = at + next.timeoutS * 1_000_000 + LATE_US;
  }

  /** [GRIP-NEXT-4] [GRIP-NEXT-5] [GRIP-NEXT-7] [GRIP-NEXT-9] */
  #mayAsk(at: number): boolean {
    const { scene, limits, beganAt } = this.#of;
    const timeoutUs = (scene.next?.timeoutS ?? 0) * 1_000_000;
    if (this.#failures > 0) {
      const sinceUs = at - this.#failedAt;
      return sinceUs > this.#pauseUs - SOON_US && sinceUs < this.#pauseUs + 1_000_000 + LATE_US;
    }
    const lastWish = Math.max(this.#hintedAt, this.#recoveredAt, this.#updateAt);
    if (at - lastWish < LATE_US) return true;
    if (scene.next?.isBehind === true && this.#asks === 2) return true;
    const isFirst = limits.isUpdating && at - beganAt > UPDATE_EARLIEST_US;
    if (isFirst && at - beganAt < UPDATE_LATEST_US) return true;
    return at - this.#quietSince > timeoutUs - SOON_US;
  }

  /** [GRIP-NEXT-5] */
  #heldUpUpdate(at: number): boolean {
    const { limits, beganAt } = this.#of;
    const isBefore = this.#firstFailedAt - beganAt < UPDATE_LATEST_US;
    return limits.isUpdating && isBefore && at - beganAt > UPDATE_EARLIEST_US;
  }

  /** 1, 2, 4, 8 seconds, and up to one more. */
  get #pauseUs(): number {
    return 1_000_000 * 2 ** Math.max(0, this.#failures - 1);
  }

  #lapsed(at: number): void {
    this.#debts.lapsed(at);
    this.#links.lapsed(at);
    this.#alive.lapsed(at);
    if (this.#mustAskUntil === undefined || at <= this.#mustAskUntil || !this.#isOpen) return;
    this.#mustAskUntil = undefined;
    this.#of.complain('asking', 'does not have its next link asked in time');
  }
}

function linesIn(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map(bodyWords);
}

/** Until it is known that a place was left behind. */
const BEHIND_US = 200_000;
/** From an origin's ears to the client's. */
const SOON_US = 100_000;
