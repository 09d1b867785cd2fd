// Which item of each channel a client has come to, where its origin tells places: every item that follows moves it on,
// whomever it is for. Written from spec/grip.md, "Recovery". Refuses to know what becomes of items.

import { channelName, type Header, type ItemPlan } from '../../../records/scenes/scene.ts';
import { ASKING_US, type SceneOf } from './model.ts';

export class Places {
  readonly #of: SceneOf;
  readonly #places: string[];
  /** Until lately. */
  #before: readonly string[] = [];
  #movedAt = Number.NEGATIVE_INFINITY;

  constructor(of: SceneOf) {
    this.#of = of;
    this.#places = Array.from({ length: of.scene.channels }, () => '0');
  }

  took(channel: number, { id }: ItemPlan, at: number): void {
    if (this.#of.scene.isPlaced !== true || id === undefined) return;
    this.#before = [...this.#places];
    this.#movedAt = at;
    this.#places[channel] = id;
  }

  /** [GRIP-SEQ-5] What a question may tell its origin of them: the first one tells nothing. */
  told(asks: number, at: number): readonly (readonly Header[])[] {
    const { scene, place } = this.#of;
    if (scene.isPlaced !== true || asks === 1) return [[]];
    const words = (ids: readonly string[]): readonly Header[] =>
      ids.map((id, channel) => [
        'Grip-Last',
        `${channelName(place.client, place.number, channel)}; last-id=${id}`,
      ]);
    // It may have been on its way.
    return at - this.#movedAt < ASKING_US
      ? [words(this.#places), words(this.#before)]
      : [words(this.#places)];
  }
}
