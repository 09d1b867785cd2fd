// Questions that are answered whole: at once, when something is published, or when their time is up.
// Written from spec/grip.md, "Instructions", "Response holds" and "Published answers"; refuses to know streams.

import {
  type Header,
  type ItemPlan,
  patches,
  type Said,
  type Scene,
} from '../../../records/scenes/scene.ts';
import { bodyWords, headerWords, headWords } from '../../../records/scenes/sounds.ts';
import { AGAIN, bodyOf, hostOf, searchOf } from '../../../records/scenes/texts.ts';
import { addressOf } from '../../../records/addresses.ts';
import { filtered } from './filtering.ts';
import { Places } from './places.ts';
import { ASKING_US, LATE_US, type SceneModel, type SceneOf } from './model.ts';

export class AnswerModel implements SceneModel {
  readonly #of: SceneOf;
  /** The answer that it must hear, and until when; a held one has none until something happens. */
  #due: { readonly sound: string; readonly until: number } | undefined = undefined;
  /** The origin's last word: from then on it is held. */
  #heldAt: number | undefined = undefined;
  #asks = 0;
  /** The origin has to be asked by then. */
  #askUntil: number | undefined;
  #hintedAt: number | undefined = undefined;
  /** The last question to its origin, and the last time that everybody was to look again. */
  #askedAt = Number.NEGATIVE_INFINITY;
  #recoveredAt = Number.NEGATIVE_INFINITY;
  #isAnswered = false;
  readonly #places: Places;

  constructor(of: SceneOf) {
    this.#of = of;
    const { scene, limits, beganAt } = of;
    this.#places = new Places(of);
    this.#askUntil = beganAt + LATE_US;
    const error = errorOf(scene, limits.keptBytesMax);
    if (error !== undefined) this.#owe(error, beganAt);
    else if (scene.shape === 'plain') this.#owe(plainSound(scene), beganAt);
  }

  acted(act: number, at: number): void {
    const { scene, limits } = this.#of;
    const deed = scene.acts[act]?.deed;
    if (deed?.does !== 'publish' || this.#isSettled || scene.shape !== 'poll') return;
    const { channel, item } = deed;
    this.#places.took(channel, item, at);
    if (!item.isForIt || item.action === 'close' || item.action === 'refresh') return;
    if (item.action === 'hint') {
      this.#hintedAt = at;
      this.#askUntil = at + LATE_US;
      this.#owe(answerSound(200, 'OK', dressed(scene, []), AGAIN), at);
    } else {
      const sound = publishedSound(scene, item, limits.keptBytesMax);
      if (sound !== undefined) this.#owe(sound, at);
    }
  }

  asked(purpose: string, words: string, at: number): void {
    if (purpose !== 'request') return;
    const { scene, limits, complain, beganAt } = this.#of;
    this.#asks += 1;
    this.#askUntil = undefined;
    this.#askedAt = at;
    const [expected = '', ...others] = this.#places
      .told(this.#asks, at)
      .map((last) => questionWords(this.#of, last));
    if (words !== expected && !others.includes(words))
      complain('asking', `asks its origin '${words}', and not '${expected}'`);
    if (scene.shape !== 'poll' || errorOf(scene, limits.keptBytesMax) !== undefined) return;
    this.#heldAt = at;
    if (this.#asks === 1) {
      // [GRIP-HOLD-5]
      if (limits.isUpdating) this.#askUntil = at + UPDATE_LATEST_US;
      return;
    }
    const isHinted = this.#hintedAt !== undefined && at - this.#hintedAt <= LATE_US;
    const sinceUs = at - beganAt;
    const isUpdate =
      limits.isUpdating && sinceUs > UPDATE_EARLIEST_US && sinceUs < UPDATE_LATEST_US;
    const isRecovered = at - this.#recoveredAt <= LATE_US;
    if (!isHinted && !isUpdate && !isRecovered)
      complain('asking', `asks its origin again, for no reason`);
  }

  heard(sound: string, at: number): void {
    const { complain } = this.#of;
    this.#lapsed(at);
    if (this.#isAnswered) {
      complain('answers', `hears '${sound}' behind its answer`);
      return;
    }
    this.#isAnswered = true;
    const due = this.#due ?? this.#timeUp(at);
    if (due === undefined) complain('answers', `hears '${sound}', and should be held`);
    else if (due.sound !== sound) complain('answers', `hears '${sound}', and not '${due.sound}'`);
    else if (at > due.until) complain('answers', `is answered ${at - due.until} µs too late`);
  }

  /** [GRIP-CTRL-8] */
  recovered(at: number): void {
    this.#lapsed(at);
    this.#recoveredAt = at;
    const isHeld = this.#heldAt !== undefined && !this.#isSettled;
    if (isHeld && at - this.#askedAt > ASKING_US) this.#askUntil = at + LATE_US;
  }

  ended(at: number): void {
    const { complain, scene } = this.#of;
    this.#lapsed(at);
    if (this.#isAnswered) return;
    if (this.#due !== undefined || scene.shape === 'plain' || this.#isPast(at))
      complain('answers', `never heard '${this.#due?.sound ?? 'what its origin said'}'`);
  }

  get #isSettled(): boolean {
    return this.#isAnswered || this.#due !== undefined;
  }

  #owe(sound: string, from: number): void {
    this.#due = { sound, until: from + LATE_US };
  }

  /** [GRIP-HOLD-3] The origin's own answer, when it is time for it. */
  #timeUp(at: number): { readonly sound: string; readonly until: number } | undefined {
    const { scene } = this.#of;
    if (this.#heldAt === undefined) return undefined;
    const from = this.#heldAt + scene.timeoutS * 1_000_000;
    if (at < from) return undefined;
    return { sound: plainSound(scene), until: from + LATE_US };
  }

  #isPast(at: number): boolean {
    const { timeoutS } = this.#of.scene;
    return this.#heldAt !== undefined && at > this.#heldAt + timeoutS * 1_000_000 + LATE_US;
  }

  #lapsed(at: number): void {
    if (this.#askUntil === undefined || at <= this.#askUntil) return;
    // What is answered by then is not asked for.
    const isOver = this.#due !== undefined && this.#hintedAt === undefined && this.#asks > 0;
    this.#askUntil = undefined;
    if (!isOver && !this.#isAnswered)
      this.#of.complain('asking', 'does not have its origin asked in time');
  }
}

/** An answer of the gateway's own, where it cannot be the origin's. */
export function errorOf(scene: Scene, keptBytesMax: number): string | undefined {
  const { said, flaw, asked } = scene;
  // [GRIP-INSTR-7]
  if (isInstructed(scene) && asked.bodyBytes > keptBytesMax)
    return errorSound(scene, 400, 'Bad Request', 'Request too large to accept GRIP instruct.');
  // [GRIP-INSTR-6]
  const isTooLarge = scene.shape === 'poll' && said.padBytes > keptBytesMax;
  if (flaw !== undefined || isTooLarge)
    return errorSound(scene, 502, 'Bad Gateway', 'Error while proxying to origin.');
  return undefined;
}

function isInstructed({ shape, said, isJson, flaw }: Scene): boolean {
  if (shape !== 'plain' || isJson || flaw !== undefined) return true;
  return said.status !== undefined || said.exposed.length > 0;
}

function errorSound(scene: Scene, status: number, reason: string, sentence: string): string {
  const headers = dressed(scene, [['Content-Type', 'text/plain']]);
  return answerSound(status, reason, headers, `${sentence}\n`);
}

/** [GRIP-CORS-1] [GRIP-CORS-4] [GRIP-CORS-5] */
export function dressed({ route }: Scene, headers: readonly Header[]): readonly Header[] {
  if (route !== 'crossOrigin') return headers;
  const own = new Set(headers.map(([name]) => name.toLowerCase()));
  own.delete('content-type');
  return [
    ...headers,
    ['Access-Control-Allow-Methods', 'OPTIONS, HEAD, GET, POST, PUT, DELETE'],
    ...(own.size === 0 ? [] : [['Access-Control-Expose-Headers', [...own].join(', ')] as const]),
    ['Access-Control-Allow-Credentials', 'true'],
    ['Access-Control-Allow-Origin', '*'],
    ['Access-Control-Max-Age', '3600'],
  ];
}

function answerSound(
  status: number,
  reason: string,
  headers: readonly Header[],
  body: string,
): string {
  return `answer ${headWords(status, reason, headers)} || ${bodyWords(body)}`;
}

/** The origin's answer, as its client sees it. */
function plainSound(scene: Scene): string {
  const { status, reason } = statusOf(scene.said);
  return answerSound(status, reason, dressed(scene, shownHeaders(scene)), bodyOf(scene.said));
}

/** [GRIP-INSTR-1] [GRIP-JSON-2] */
export function statusOf({ status, reason }: Said): { status: number; reason: string } {
  if (status === undefined) return { status: 200, reason: reason === '' ? 'OK' : reason };
  return { status, reason: reason === '' ? usualReason(status) : reason };
}

function usualReason(status: number): string {
  return REASONS[status] ?? 'Undefined Reason';
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  404: 'Not Found',
  503: 'Service Unavailable',
};

/** [GRIP-HEAD-6] [GRIP-INSTR-3] Of the origin's headers. */
export function shownHeaders({ said, isJson }: Scene): readonly Header[] {
  const exposed = said.exposed.map((name) => name.toLowerCase());
  return said.headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return lower !== 'keep-alive' && (isJson || exposed.length === 0 || exposed.includes(lower));
  });
}

/** [GRIP-PUB-10] to [GRIP-PUB-12], [GRIP-PATCH-1], [GRIP-PATCH-3]; undefined for what is kept from its client. */
function publishedSound(scene: Scene, item: ItemPlan, most: number): string | undefined {
  const { code, reason, patch } = item;
  const verdict = filtered(
    { filters: scene.filters, meta: new Map(scene.meta), most },
    item,
    `${item.text}\n`,
  );
  if (verdict.is === 'dropped') return undefined;
  const failure = errorSound(scene, 502, 'Bad Gateway', 'Error while proxying to origin.');
  if (verdict.is === 'failed') return failure;
  const body = patch === undefined ? verdict.text : patches[patch]?.body;
  if (body === undefined) return failure;
  const status = code === 0 ? 200 : code;
  return answerSound(
    status,
    reason === '' ? usualReason(status) : reason,
    dressed(scene, merged(scene, item)),
    body,
  );
}

/** [GRIP-PUB-11] How the origin has encoded its own body says nothing of another one. */
function merged(scene: Scene, { headers, patch }: ItemPlan): readonly Header[] {
  const published = headers.filter(([name]) => !name.toLowerCase().startsWith('grip-'));
  const names = new Set(published.map(([name]) => name.toLowerCase()));
  const gone = patch === undefined ? names.add('content-encoding') : names;
  const hidden = headers
    .filter(([name]) => name.toLowerCase() === 'grip-expose-headers')
    .flatMap(([, list]) => list.toLowerCase().split(', '));
  return [
    ...shownHeaders(scene).filter(([name]) => !gone.has(name.toLowerCase())),
    ...published,
  ].filter(([name]) => !hidden.includes(name.toLowerCase()));
}

/** [GRIP-PROXY-1] [GRIP-HEAD-1] to [GRIP-HEAD-4] */
function questionWords(of: SceneOf, last: readonly Header[]): string {
  const { scene, place } = of;
  const { asked, route } = scene;
  const isRewritten = route === 'rewriting';
  const method = asked.bodyBytes > 0 ? 'POST' : asked.method;
  // [GRIP-REWRITE-1] [GRIP-REWRITE-4] [GRIP-REWRITE-5]
  const headers = forwarded(of)
    .filter(([name]) => !OF_THE_WAY.test(name))
    .filter(([name]) => !isRewritten || name.toLowerCase() !== 'x-first');
  const told: readonly Header[] = [
    ['Host', isRewritten ? 'o.test:81' : hostOf(scene, place)],
    ...(isRewritten ? [['X-First', 'r'] as const] : []),
    ['Grip-Feature', FEATURES],
    ...headers,
    ...last,
  ];
  const target = `${isRewritten ? '/changed' : '/scene'}${searchOf(place)}`;
  return [`${method} ${target}, ${asked.bodyBytes} bytes`, ...headerWords(told)].join(' | ');
}

/** [GRIP-FWD-1] What the client asked with, and where it came from. */
export function forwarded({ scene, limits, place }: SceneOf): readonly Header[] {
  const { headers } = scene.asked;
  const isOfIt = ([name]: Header): boolean => name.toLowerCase() === 'x-forwarded-for';
  let addresses = headers.filter(isOfIt).flatMap(([, value]) => value.split(', '));
  for (const rule of limits.forwardedFor)
    if (rule.kind === 'append') addresses.push(addressOf(place.client));
    else addresses = rule.keep === 0 ? [] : addresses.slice(-rule.keep);
  const line = addresses.length === 0 ? [] : [['X-Forwarded-For', addresses.join(', ')] as const];
  return [...headers.filter((header) => !isOfIt(header)), ...line];
}

export const OF_THE_WAY = /^(connection|keep-alive|accept-encoding|grip-.*|x-forwarded-proto)$/i;
/** [GRIP-SIG-4] */
export const FEATURES =
  'status, session, link:next, link:gone, filter:skip-self, filter:skip-users, filter:require-sub, ' +
  'filter:build-id, filter:var-subst, filter:http-check, filter:http-modify';
/** A second after the first follower, and whatever else takes its time. */
export const UPDATE_EARLIEST_US = 900_000;
export const UPDATE_LATEST_US = 1_700_000;
