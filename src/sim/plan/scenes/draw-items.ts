// What is published in a scene: items of every action, for its client or for others, with everything that an item may
// say of itself; and short histories of items that come out of order, again, or never.
// Refuses to know what becomes of them.

import type { GatewayOptions } from '../../../actors/gateway/gateway-options.ts';
import type { Prng } from '../../../actors/runtime/prng.ts';
import {
  ACT_EVERY_MS,
  type Header,
  type ItemPlan,
  patches,
  type SceneShape,
} from '../../records/scenes/scene.ts';
import { CONTENT_FILTERS } from '../../records/scenes/texts.ts';
import { drawTemplate } from './draw-filters.ts';
import { oneOf } from './one-of.ts';

export interface ItemChoices {
  readonly shape: SceneShape;
  readonly scene: { readonly filters: readonly string[] };
  readonly mayPatch: boolean;
}

export function drawItem(
  chance: Prng,
  { shape, scene: { filters }, mayPatch }: ItemChoices,
  name: string,
): ItemPlan {
  const action = oneOf<ItemPlan['action']>(chance, ACTIONS[shape]);
  return {
    action,
    text: textOf(chance, name, filters),
    isBinary: chance.chance(1, 4),
    id: undefined,
    prevId: undefined,
    isNoSeq: chance.chance(1, 6),
    meta: METAS.filter(() => chance.chance(1, 3)),
    isForIt: chance.chance(5, 6),
    ...wordsOf(chance, shape, action),
    headers: shape === 'poll' ? ITEM_HEADERS.filter(() => chance.chance(1, 3)) : [],
    areHeadersListed: chance.chance(1, 2),
    patch: mayPatch && chance.chance(2, 3) ? chance.below(patches.length) : undefined,
    kind: shape === 'socket' ? oneOf(chance, [undefined, undefined, ...KINDS]) : undefined,
    contentFilters: contentFiltersOf(chance, filters),
  };
}

const ACTIONS: Readonly<Record<SceneShape, readonly ItemPlan['action'][]>> = {
  plain: ['send'],
  poll: ['send', 'send', 'send', 'hint', 'close', 'refresh'],
  stream: ['send', 'send', 'send', 'send', 'send', 'hint', 'refresh', 'close'],
  socket: ['send', 'send', 'send', 'send', 'send', 'hint', 'refresh', 'refresh', 'close'],
};

const KINDS = ['text', 'binary', 'ping', 'pong'] as const;

function textOf(chance: Prng, name: string, filters: readonly string[]): string {
  const template = drawTemplate(chance, name, filters);
  return template ?? oneOf(chance, [name, `${name} käse 🧀`, `${name}${'.'.repeat(300)}`]);
}

function wordsOf(
  chance: Prng,
  shape: SceneShape,
  action: ItemPlan['action'],
): Pick<ItemPlan, 'code' | 'reason'> {
  const none = { code: 0, reason: '' };
  const reason = oneOf(chance, ['', 'why not']);
  if (shape === 'poll' && action === 'send')
    return { code: oneOf(chance, [0, 0, 201, 299, 404]), reason };
  if (shape === 'socket' && action === 'close')
    return { code: oneOf(chance, [0, 1001, 4001, 4999]), reason };
  return none;
}

/** What a publisher may know of its subscribers' filters; seldom wrongly. */
function contentFiltersOf(chance: Prng, filters: readonly string[]): readonly string[] | undefined {
  if (!chance.chance(1, 6)) return undefined;
  const right = filters.filter((name) => CONTENT_FILTERS.includes(name));
  return chance.chance(3, 4) ? right : ['var-subst', 'build-id'];
}

const METAS: readonly Header[] = [
  ['sender', 'ann'],
  ['skip_users', 'bob, ann'],
  ['require_sub', 'elsewhere'],
];

const ITEM_HEADERS: readonly Header[] = [
  ['X-one', 'published'],
  ['X-Two', 'p'],
  ['x-two', 'q'],
  ['X-Four', '4'],
  ['Set-Cookie', 'c=3'],
  ['content-encoding', 'x-published'],
  ['Grip-Hold', 'stream'],
  ['Grip-Expose-Headers', 'X-THREE, x-four'],
];

export interface Ordered {
  readonly atMs: number;
  readonly item: ItemPlan;
}

/** Each step: its id, the one before it, whether it waits for nobody. The last one may be overdue in the end. */
const HISTORIES: readonly (readonly (readonly [string, (string | undefined)?, 'no-seq'?])[])[] = [
  [['1'], ['3', '2'], ['2', '1']],
  [['1'], ['3', '2', 'no-seq'], ['2', '1']],
  [['1'], ['1'], ['2', '1'], ['2', '1']],
  [['1'], ['2', '1'], ['1', undefined, 'no-seq'], ['3', '2']],
  [['1'], ['3', '2']],
  [['1'], ['4', '3'], ['3', '2']],
  [
    ['2', '1'],
    ['4', '3'],
  ],
];
/** Where whoever waits is patient. */
const LONG_HISTORIES: typeof HISTORIES = [
  ...HISTORIES,
  [['1'], ['4', '3'], ['3', '2'], ['2', '1']],
  [['1'], ['3', '2'], ['3', '2', 'no-seq'], ['2', '1']],
];

export function drawOrder(
  chance: Prng,
  choices: ItemChoices,
  { messageWaitMs }: Pick<GatewayOptions, 'messageWaitMs'>,
): readonly Ordered[] {
  const histories = messageWaitMs > ACT_EVERY_MS * 4 ? LONG_HISTORIES : HISTORIES;
  return oneOf(chance, histories).map(([id, prevId, how], at) => ({
    atMs: at * ACT_EVERY_MS,
    item: {
      ...drawItem(chance, choices, `o${at}`),
      action: 'send',
      isForIt: true,
      contentFilters: undefined,
      meta: [],
      id,
      prevId,
      isNoSeq: how === 'no-seq',
    },
  }));
}

/** More, at once, than goes out before the client's end has taken some of it; and then the end. */
export function drawBurst(chance: Prng, shape: 'stream' | 'socket'): readonly ItemPlan[] {
  const choices: ItemChoices = { shape, scene: { filters: [] }, mayPatch: false };
  const bytes = oneOf(chance, LONG_BYTES);
  const plain = { isForIt: true, contentFilters: undefined, meta: [], code: 0, reason: '' };
  const items = Array.from({ length: chance.between(2, 5) }, (_, at): ItemPlan => {
    const item = drawItem(chance, choices, `b${at}`);
    return { ...item, ...plain, action: 'send', text: `b${at}`.padEnd(bytes, '.') };
  });
  return [...items, { ...drawItem(chance, choices, 'end'), ...plain, action: 'close' }];
}

/** Of words and items where somebody says much at once. */
export const LONG_BYTES = [10, 6_000, 95_000, 95_000, 95_000];
/** What may wait for a client then. */
export const LONG_QUEUE_BYTES = 1_000_000;
