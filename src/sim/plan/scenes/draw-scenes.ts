// Which scenes are played, drawn from the seed: a few players, each with scenes until its time is over. What is drawn
// keeps apart in time what could otherwise come in either order.
// Refuses to know what comes of a scene. Each player has a stream of its own.

import type { GatewayOptions } from '../../../actors/gateway/gateway-options.ts';
import { Prng } from '../../../actors/runtime/prng.ts';
import { plainLink } from '../simpler.ts';
import { flawNames } from './flaws.ts';
import { drawFilters, metaFor } from './draw-filters.ts';
import {
  drawBurst,
  drawItem,
  drawOrder,
  type ItemChoices,
  LONG_QUEUE_BYTES,
} from './draw-items.ts';
import { oneOf } from './one-of.ts';
import { drawFlaky, drawReturning, drawSocket, followedTwice } from './draw-sockets.ts';
import {
  ACT_EVERY_MS,
  type Act,
  type Alive,
  type Asked,
  type Header,
  IMPLICIT,
  type ItemPlan,
  PATCHED_BODY,
  type PlayerPlan,
  type Said,
  type Scene,
  type SceneShape,
} from '../../records/scenes/scene.ts';
import { ABSENCE_MS, isPolling } from '../../records/scenes/texts.ts';

export interface SceneChoices {
  readonly seed: number;
  readonly nodes: number;
  /** The number of the first player. */
  readonly from: number;
  readonly options: GatewayOptions;
}

export function drawPlayers({ seed, nodes, from, options }: SceneChoices): PlayerPlan[] {
  const chance = new Prng(seed, 'players');
  return Array.from({ length: chance.between(9, 14) }, (_, rank) => ({
    client: from + rank,
    node: rank % nodes,
    link: plainLink,
    scenes: scenesOf(new Prng(seed, `player ${rank}`), options).map((scene, place) =>
      followedTwice(new Prng(seed, `player ${rank} twice ${place}`), scene),
    ),
  }));
}

function scenesOf(chance: Prng, options: GatewayOptions): Scene[] {
  const scenes: Scene[] = [];
  for (let leftMs = PLAYED_MS; ;) {
    const scene = drawScene(chance, options);
    leftMs -= scene.lastsMs + betweenMs(scene);
    if (leftMs < 0) return scenes;
    const before = scenes.at(-1);
    // Whoever asks several things asks them alike, often.
    const isAlike = before !== undefined && scene.via === undefined && chance.chance(2, 3);
    const headers = isAlike ? before.asked.headers : scene.asked.headers;
    scenes.push({ ...scene, asked: { ...scene.asked, headers } });
  }
}

function drawScene(chance: Prng, options: GatewayOptions): Scene {
  const shape = oneOf<SceneShape>(chance, [
    'plain',
    'poll',
    'poll',
    'stream',
    'stream',
    'socket',
    'socket',
  ]);
  switch (shape) {
    case 'plain':
      return plain(chance, options);
    case 'poll':
      return poll(chance, options);
    case 'stream':
      return stream(chance, options);
    case 'socket':
      return {
        ...drawFrame(chance, 'socket'),
        ...drawSession(chance, options),
      };
    default:
      return shape satisfies never;
  }
}

function drawSession(chance: Prng, options: GatewayOptions): Partial<Scene> {
  if (chance.chance(1, 10)) return drawFlaky(chance);
  const via = oneOf(chance, VIAS);
  if (chance.chance(1, 6)) return { ...drawReturning(chance, options), via };
  return { ...drawSocket(chance, options, via), via };
}

const VIAS = [undefined, undefined, undefined, undefined, 'framed', 'xhr', 'jsonp'] as const;
const ROUTES = ['plain', 'plain', 'rewriting', 'crossOrigin'] as const;

/** What all scenes have, and what most have not. */
function drawFrame(chance: Prng, shape: SceneShape): Scene {
  return {
    shape,
    route: shape === 'socket' ? 'plain' : oneOf(chance, ROUTES),
    isRound: chance.chance(1, 6),
    asked: asked(chance),
    said: said(chance),
    isJson: chance.chance(1, 3),
    flaw: undefined,
    channels: 1,
    filters: [],
    meta: [],
    timeoutS: 5,
    alive: undefined,
    next: undefined,
    opening: [],
    wordPrefix: 'm:',
    way: oneOf(chance, ['http', 'http', 'json', 'tnetstring', 'bare']),
    acts: [],
    lastsMs: 600,
  };
}

function plain(chance: Prng, { keptBodyBytesMax }: GatewayOptions): Scene {
  const frame = drawFrame(chance, 'plain');
  const flaw = chance.chance(1, 3) ? oneOf(chance, flawNames) : undefined;
  const bodyBytes = flaw === undefined ? nearLimit(chance, keptBodyBytesMax) : 0;
  return { ...frame, flaw, asked: { ...frame.asked, bodyBytes } };
}

function poll(chance: Prng, options: GatewayOptions): Scene {
  const frame = drawFrame(chance, 'poll');
  const { keptBodyBytesMax: most } = options;
  const patch = chance.chance(1, 5);
  const filters = drawFilters(chance);
  const isHeld = chance.chance(1, 3);
  const base = {
    ...frame,
    channels: oneOf(chance, [1, 1, 2]),
    filters,
    meta: metaFor(filters),
    timeoutS: oneOf(chance, [5, 5, 6]),
    said: { ...frame.said, ...(patch ? { body: PATCHED_BODY } : {}) },
  };
  // A poll that is as large as may be, or larger.
  if (chance.chance(1, 6)) {
    const isAsked = chance.chance(1, 2);
    const bytes = most + chance.below(2);
    if (isAsked)
      return {
        ...base,
        lastsMs: pollMs(base),
        asked: { ...base.asked, method: 'POST', bodyBytes: bytes },
      };
    return {
      ...base,
      isJson: false,
      lastsMs: pollMs(base),
      said: { ...base.said, padBytes: bytes },
    };
  }
  const acts: Act[] = [];
  const choices: ItemChoices = { shape: 'poll', scene: base, mayPatch: patch };
  for (let at = 1; at <= 4; at += 1) {
    if (isHeld && at > 2) break;
    const item = drawItem(chance, choices, `i${at}`);
    const isQuiet = item.action === 'close' || item.action === 'refresh' || !item.isForIt;
    if (isHeld && !isQuiet) continue;
    acts.push({
      atMs: at * ACT_EVERY_MS,
      deed: { does: 'publish', channel: chance.below(base.channels), item },
    });
  }
  const lastsMs = pollMs(base);
  if (!chance.chance(1, 3)) return { ...base, acts, lastsMs };
  return { ...base, isPlaced: true, acts: inPlaces(acts), lastsMs };
}

/** Each item says which one of its channel it follows, whomever it is for. */
function inPlaces(acts: readonly Act[]): Act[] {
  const places = new Map<number, number>();
  return acts.map(({ atMs, deed }) => {
    if (deed.does !== 'publish') return { atMs, deed };
    const before = places.get(deed.channel) ?? 0;
    places.set(deed.channel, before + 1);
    const ids = { id: String(before + 1), prevId: String(before), isNoSeq: false };
    return { atMs, deed: { ...deed, item: { ...deed.item, ...ids } } };
  });
}

/** Its time begins anew when its origin is asked again. */
function pollMs({ timeoutS }: { readonly timeoutS: number }): number {
  return timeoutS * 1_000 + 2_000;
}

/** A link whose answer tells a place that is not the last one: it has to be asked again at once. */
function behind(chance: Prng): Scene {
  const base = drawFrame(chance, 'stream');
  const items = (['send', 'hint'] as const).map((action, at): Act => {
    const choices: ItemChoices = { shape: 'stream', scene: base, mayPatch: false };
    const item: ItemPlan = {
      ...drawItem(chance, choices, `i${at}`),
      ...{ action, isForIt: true, isNoSeq: false, contentFilters: undefined, meta: [] },
      ...{ id: String(at + 1), prevId: at === 0 ? undefined : String(at) },
    };
    return { atMs: (at + 1) * ACT_EVERY_MS, deed: { does: 'publish', channel: 0, item } };
  });
  return {
    ...base,
    isJson: false,
    next: { timeoutS: 3, answers: [], isBehind: true },
    acts: items,
    lastsMs: 2_500,
  };
}

function stream(chance: Prng, options: GatewayOptions): Scene {
  if (chance.chance(1, 8)) return behind(chance);
  const frame = drawFrame(chance, 'stream');
  const isCrowded = chance.chance(1, 8);
  const channels = isCrowded ? options.connectionSubscriptionsMax + 1 : oneOf(chance, [1, 1, 2]);
  const isFollowingLinks = !isCrowded && chance.chance(2, 5);
  const isImplicit = !isCrowded && !isFollowingLinks && chance.chance(1, 4);
  const filters = isCrowded ? [] : drawFilters(chance);
  const base: Scene = {
    ...frame,
    ...(isImplicit ? { route: 'following' as const } : {}),
    channels,
    filters,
    meta: metaFor(filters),
    alive: chance.chance(1, 2) ? drawAlive(chance) : undefined,
    next: isFollowingLinks
      ? {
          timeoutS: oneOf(chance, [2, 3]),
          answers: Array.from({ length: 8 }, () => chance.chance(2, 3)),
          isBehind: false,
        }
      : undefined,
    // A link is told in headers alone.
    isJson: frame.isJson && !isFollowingLinks,
  };
  const acts: Act[] = [];
  const choices: ItemChoices = { shape: 'stream', scene: base, mayPatch: false };
  const count = chance.below(8);
  // Where links fail and answer again, something is to come behind that.
  const everyMs = isFollowingLinks && chance.chance(1, 2) ? ACT_EVERY_MS * 3 : ACT_EVERY_MS;
  for (let at = 1; at <= count; at += 1) {
    if (chance.chance(1, 4)) continue;
    if (isFollowingLinks && chance.chance(1, 6)) {
      acts.push({ atMs: at * everyMs, deed: { does: 'recover' } });
      continue;
    }
    const own = isCrowded ? channels - 1 - chance.below(2) : chance.below(channels);
    const channel = isImplicit && chance.chance(1, 3) ? IMPLICIT : own;
    const drawnItem = drawItem(chance, choices, `i${at}`);
    // A link that is asked for in vain is not asked sooner for a hint, and hides what waited behind it.
    const isHidden = drawnItem.action === 'hint' && base.next?.answers.includes(false) === true;
    const item: ItemPlan = isHidden ? { ...drawnItem, action: 'send' } : drawnItem;
    acts.push({ atMs: at * everyMs, deed: { does: 'publish', channel, item } });
  }
  const order = chance.chance(1, 3) && !isFollowingLinks ? drawOrder(chance, choices, options) : [];
  const afterMs = (count + 1) * ACT_EVERY_MS;
  for (const { atMs, item } of order)
    acts.push({ atMs: afterMs + atMs, deed: { does: 'publish', channel: 0, item } });
  const mayBurst = frame.way !== 'http' && options.queueBytesMax > LONG_QUEUE_BYTES;
  const isBurst = mayBurst && order.length === 0 && !isFollowingLinks && chance.chance(1, 2);
  for (const item of isBurst ? drawBurst(chance, 'stream') : [])
    acts.push({ atMs: afterMs, deed: { does: 'publish', channel: 0, item } });
  const lastMs = acts.at(-1)?.atMs ?? 0;
  const waitMs = order.length > 0 ? options.messageWaitMs + 1_500 : 0;
  const quietMs = (base.alive?.timeoutS ?? 0) * 1_000 + (base.next?.timeoutS ?? 0) * 2_000;
  const lastsMs = lastMs + Math.max(600 + waitMs, quietMs);
  if (!isFollowingLinks || chance.chance(1, 2)) return { ...base, acts, lastsMs };
  return { ...base, isPlaced: true, acts: inPlaces(acts), lastsMs };
}

function drawAlive(chance: Prng): Alive {
  return {
    text: '~alive',
    format: oneOf(chance, ['raw', 'cstring', 'base64']),
    timeoutS: oneOf(chance, [2, 3]),
    isInterval: chance.chance(1, 2),
  };
}

function asked(chance: Prng): Asked {
  const headers = ASKED_HEADERS.filter(() => chance.chance(1, 2));
  return { method: oneOf(chance, ['GET', 'GET', 'POST']), headers, bodyBytes: 0 };
}

const ASKED_HEADERS: readonly Header[] = [
  ['X-First', '1'],
  ['x-second', 'a, b'],
  ['X-Second', 'c'],
  ['Accept-Encoding', 'gzip'],
  ['Connection', 'keep-alive'],
  ['GRIP-Last', 'x-made-up; last-id=7'],
  ['Grip-Sig', 'made up'],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-For', '192.0.2.1, 192.0.2.2'],
  ['Accept', 'text/x'],
];

function said(chance: Prng): Said {
  const status = chance.chance(1, 2) ? undefined : oneOf(chance, [200, 202, 299, 404, 503]);
  const headers = SAID_HEADERS.filter(() => chance.chance(1, 2));
  return {
    status,
    reason: status === undefined || chance.chance(1, 2) ? '' : 'So It Goes',
    headers,
    exposed: chance.chance(1, 4) ? ['X-ONE', 'x-three'] : [],
    body: chance.chance(1, 6) ? '' : `-${'b'.repeat(chance.below(40))}\n`,
    padBytes: 0,
  };
}

const SAID_HEADERS: readonly Header[] = [
  ['X-One', '1'],
  ['X-Two', 'b; c="d, e"'],
  ['X-Three', '3'],
  ['Set-Cookie', 'a=1'],
  ['set-cookie', 'b=2'],
  ['Keep-Alive', 'timeout=5'],
  ['Content-Encoding', 'x-told'],
  ['X-Grip-Not', 'x'],
];

function nearLimit(chance: Prng, most: number): number {
  return chance.chance(1, 2) ? 0 : most + chance.below(2);
}

/** Until the next scene begins: a session without requests is there for a while. */
export function betweenMs(scene: Scene): number {
  return isPolling(scene) ? ABSENCE_MS + 2 * BETWEEN_MS : BETWEEN_MS;
}

/** How long all scenes of a player may take. */
const PLAYED_MS = 14_000;
const BETWEEN_MS = 300;
