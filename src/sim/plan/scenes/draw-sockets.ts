// WebSockets of a scene: what the origin says at once and in answer to each word, in messages and in instructions, and
// what is published meanwhile. Refuses to know what the client hears of it.

import type { GatewayOptions } from '../../../actors/gateway/gateway-options.ts';
import type { Prng } from '../../../actors/runtime/prng.ts';
import { drawFilters } from './draw-filters.ts';
import { drawBurst, drawItem, drawOrder, LONG_BYTES, LONG_QUEUE_BYTES } from './draw-items.ts';
import { oneOf } from './one-of.ts';
import {
  ACT_EVERY_MS,
  type Act,
  type ControlPlan,
  type Deed,
  IMPLICIT,
  type ItemPlan,
  type Scene,
  type Told,
  type Transport,
} from '../../records/scenes/scene.ts';
import { isPolling, WORD_BYTES_MAX } from '../../records/scenes/texts.ts';

type SocketPart = Pick<
  Scene,
  'route' | 'channels' | 'opening' | 'wordPrefix' | 'acts' | 'lastsMs' | 'meta' | 'isJson'
>;

export function drawSocket(
  chance: Prng,
  options: GatewayOptions,
  via: Transport | undefined,
): SocketPart & Pick<Scene, 'vanishes'> & Partial<Pick<Scene, 'way'>> {
  const isCrowded = chance.chance(1, 8);
  const channels = isCrowded ? options.connectionSubscriptionsMax + 1 : 2;
  const filters = drawFilters(chance);
  const isImplicit = !isCrowded && via === undefined && chance.chance(1, 4);
  const opening: Told[] = [
    ...USER.map((name): Told => ({ tells: 'control', control: { type: 'set-meta', ...name } })),
    ...Array.from({ length: isCrowded ? channels : chance.below(3) }, (_, channel): Told => ({
      tells: 'control',
      control: { type: 'subscribe', channel, filters },
    })),
    ...(isImplicit && chance.chance(1, 2)
      ? [{ tells: 'control', control: { type: 'subscribe', channel: IMPLICIT, filters } } as const]
      : []),
    ...(chance.chance(1, 2) ? [message(chance, 'welcome')] : []),
  ];
  const acts: Act[] = [];
  const count = 2 + chance.below(9);
  const choices = {
    shape: 'socket' as const,
    scene: { filters },
    mayPatch: false,
  };
  for (let at = 1; at <= count; at += 1) {
    const atMs = at * ACT_EVERY_MS;
    if (chance.chance(1, 2)) {
      const own = isCrowded ? channels - 1 - chance.below(2) : chance.below(2);
      const channel = isImplicit && chance.chance(1, 2) ? IMPLICIT : own;
      const item = drawItem(chance, choices, `i${at}`);
      acts.push({ atMs, deed: { does: 'publish', channel, item } });
    } else {
      const kinds =
        via === undefined
          ? (['text', 'text', 'text', 'text', 'binary', 'binary', 'ping', 'pong'] as const)
          : TEXTS;
      const kind = oneOf(chance, kinds);
      const answer = Array.from({ length: chance.below(3) }, (_, place) =>
        told(chance, `a${at}.${place}`, filters, isImplicit),
      );
      const isMessage = kind === 'text' || kind === 'binary';
      const isHalfTaken = isMessage && chance.chance(1, 6);
      const mayBeLong = isMessage && !isHalfTaken && via === undefined;
      const bytes = mayBeLong && chance.chance(1, 8) ? WORD_BYTES_MAX + chance.below(2) : undefined;
      acts.push({
        atMs,
        deed: { does: 'say', kind, answer: isHalfTaken ? [] : answer, isHalfTaken, bytes },
      });
    }
  }
  const order = chance.chance(1, 4) ? drawOrder(chance, choices, options) : [];
  for (const { atMs, item } of order)
    acts.push({
      atMs: (count + 1) * ACT_EVERY_MS + atMs,
      deed: { does: 'publish', channel: 0, item },
    });
  const ending = order.length === 0 && chance.chance(1, 2) ? drawEnding(chance, options, via) : [];
  for (const deed of ending) acts.push({ atMs: (count + 1) * ACT_EVERY_MS, deed });
  const lastMs = acts.at(-1)?.atMs ?? 0;
  const waitMs = order.length > 0 ? options.messageWaitMs + 1_500 : 2_600;
  return {
    route: isImplicit ? 'following' : 'plain',
    channels,
    opening,
    wordPrefix: oneOf(chance, ['m:', 'm:', 'm:', '', '>>', undefined]),
    acts,
    lastsMs: lastMs + waitMs,
    meta: [],
    isJson: false,
    vanishes: via === undefined && chance.chance(1, 2),
    // What is pulled comes in its order.
    ...(ending.length > 1 ? { way: oneOf(chance, ['json', 'tnetstring', 'bare']) } : {}),
  };
}

/** Its client goes, its origin sends it away, or whoever publishes does. */
function drawEnding(chance: Prng, options: GatewayOptions, via: Transport | undefined): Deed[] {
  if (!isPolling({ via }) && chance.chance(1, 2)) return [leaving(chance)];
  // What is framed for a page is not held back by a window.
  const mayBeLong = via !== 'framed' && options.queueBytesMax > LONG_QUEUE_BYTES;
  if (!mayBeLong || chance.chance(2, 3)) return [sendingAway(chance, mayBeLong)];
  const items = drawBurst(chance, 'socket');
  return items.map((item) => ({ does: 'publish', channel: 0, item }));
}

function leaving(chance: Prng): Deed {
  const code = oneOf(chance, [1_000, 4_003]);
  return { does: 'leave', code, reason: oneOf(chance, ['', 'bye']) };
}

/** The origin has some last words. */
function sendingAway(chance: Prng, mayBeLong: boolean): Deed {
  const bytes = mayBeLong ? oneOf(chance, LONG_BYTES) : 0;
  const words = Array.from({ length: chance.between(2, 5) }, (_, at) =>
    message(chance, `last ${at}`.padEnd(bytes, '.')),
  );
  return { does: 'say', kind: 'text', answer: [...words, close(chance)], isHalfTaken: false };
}

/** A reader leaves a channel and comes back while its publisher goes on, who says twice what he is not sure of. */
export function drawReturning(chance: Prng, { messageWaitMs }: GatewayOptions): SocketPart {
  const isPatient = messageWaitMs > (RETURNING_ACTS + 1) * ACT_EVERY_MS;
  const choices = { shape: 'socket' as const, scene: { filters: [] }, mayPatch: false };
  const items = Array.from({ length: RETURNING_ACTS + 1 }, (_, at): ItemPlan => {
    const item = drawItem(chance, choices, `n${at}`);
    const place = { id: `n${at}`, prevId: at === 0 ? undefined : `n${at - 1}`, isNoSeq: false };
    return { ...item, ...place, action: 'send', code: 0, reason: '' };
  });
  let isFollowed = chance.chance(1, 2);
  let next = 0;
  const opening: readonly Told[] = isFollowed ? [moved(true)] : [];
  const acts = Array.from({ length: RETURNING_ACTS }, (_, at): Act => {
    const atMs = (at + 1) * ACT_EVERY_MS;
    if (chance.chance(1, 3)) {
      isFollowed = !isFollowed;
      const answer = [moved(isFollowed)];
      return { atMs, deed: { does: 'say', kind: 'text', answer, isHalfTaken: false } };
    }
    // The one before comes again, or the one after overtakes it.
    const isAgain = next > 0 && chance.chance(1, 3);
    const isEarly = !isAgain && isPatient && chance.chance(1, 5);
    const item = items[isAgain ? next - 1 : isEarly ? next + 1 : next] ?? items[0];
    if (!isAgain && !isEarly) next += 1;
    if (item === undefined) throw new Error('nothing is published');
    return { atMs, deed: { does: 'publish', channel: 0, item } };
  });
  return {
    ...{ route: 'plain', channels: 1, opening, wordPrefix: 'm:', meta: [], isJson: false },
    ...{ acts, lastsMs: (RETURNING_ACTS + 2) * ACT_EVERY_MS },
  };
}

function moved(isFollowed: boolean): Told {
  if (!isFollowed) return { tells: 'control', control: { type: 'unsubscribe', channel: 0 } };
  return { tells: 'control', control: { type: 'subscribe', channel: 0, filters: [] } };
}

/** [WOH-GRIP-16] What the route follows an origin follows and leaves itself, and the client goes on following it. */
export function followedTwice(chance: Prng, scene: Scene): Scene {
  if (scene.route !== 'following' || chance.chance(1, 4)) return scene;
  const opening: Told[] = [
    { tells: 'control', control: { type: 'subscribe', channel: IMPLICIT, filters: [] } },
    { tells: 'control', control: { type: 'unsubscribe', channel: IMPLICIT } },
  ];
  return { ...scene, opening: [...opening, ...scene.opening] };
}

/** What is said has to be told to the origin twice, and is answered before the next word. */
export function drawFlaky(chance: Prng): SocketPart & Pick<Scene, 'isFlaky'> {
  return {
    ...{ route: 'plain', channels: 1, opening: [], wordPrefix: 'm:', meta: [], isJson: false },
    acts: [1, 2, 3].map((at) => ({
      atMs: (at - 1) * FLAKY_EVERY_MS + ACT_EVERY_MS,
      deed: { does: 'say', kind: 'text', answer: [message(chance, `a${at}`)], isHalfTaken: false },
    })),
    lastsMs: 3 * FLAKY_EVERY_MS + ACT_EVERY_MS,
    isFlaky: true,
  };
}

const RETURNING_ACTS = 9;
/** Of a page. */
const TEXTS = ['text'] as const;
const FLAKY_EVERY_MS = 2_500;
const USER = [
  { name: 'user', value: 'ann' },
  { name: 'id_format', value: 'no-id' },
  { name: 'url', value: '/filter' },
];

function message(chance: Prng, text: string): Told {
  const kind = oneOf(chance, ['text', 'text', 'binary', 'ping', 'pong'] as const);
  return { tells: 'message', kind, text };
}

function close(chance: Prng): Told {
  const code = oneOf(chance, [0, 1000, 4002]);
  return { tells: 'close', code, reason: oneOf(chance, ['', 'enough']) };
}

function told(chance: Prng, text: string, filters: readonly string[], isImplicit: boolean): Told {
  const drawn = chance.below(12);
  if (drawn < 4) return message(chance, text);
  if (drawn === 4) return { tells: 'bare', text: `no ${text}` };
  if (drawn === 5 && chance.chance(1, 3)) return close(chance);
  return { tells: 'control', control: control(chance, text, filters, isImplicit) };
}

function control(
  chance: Prng,
  text: string,
  filters: readonly string[],
  isImplicit: boolean,
): ControlPlan {
  // What the route follows the origin may follow, too, and cannot take back.
  const channel = isImplicit && chance.chance(3, 4) ? IMPLICIT : chance.below(2);
  const kind = oneOf(chance, [undefined, undefined, 'binary', 'ping'] as const);
  switch (chance.below(9)) {
    case 0:
    case 1:
      return { type: 'subscribe', channel, filters };
    case 2:
    case 3:
      return { type: 'unsubscribe', channel };
    case 4:
      return {
        type: 'keep-alive',
        text: chance.chance(1, 4) ? undefined : '~alive',
        isBinary: chance.chance(1, 3),
        kind,
        timeoutS: oneOf(chance, [1, 2]),
        isInterval: chance.chance(1, 2),
      };
    case 5:
      return {
        type: 'send-delayed',
        text: `later ${text}`,
        kind,
        timeoutS: oneOf(chance, [0, 1, 2]),
      };
    case 6:
      return { type: 'flush-delayed' };
    case 7:
      return chance.chance(1, 3)
        ? { type: 'detach' }
        : { type: 'set-meta', name: 'user', value: oneOf(chance, [undefined, 'ann', 'bob']) };
    default:
      return { type: 'dance' };
  }
}
