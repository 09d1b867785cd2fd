// Where scenes are played: the players, and the origin that knows each scene and is always well.
// It records what it is asked, as it reads it. Refuses to judge, and to know what the gateway does with its answers.

import { Prng } from '../../../actors/runtime/prng.ts';
import type { OriginFailure } from '../../../actors/runtime/gateway-edges.ts';
import type { AskedOrigin, OriginHearing } from '../../edges/gateway.edge.ts';
import type { PlayerPlan, Scene } from '../../records/scenes/scene.ts';
import type { SceneLimits } from '../../records/scenes/scene-records.ts';
import { Player, type PlayerWorld } from './player.ts';
import {
  againAnswer,
  filterAnswer,
  nextAnswer,
  requestAnswer,
  seenIn,
  type SceneAnswer,
} from './scene-answers.ts';
import { eventsAnswer, eventWords, readEvents } from './scene-events.ts';
import { headerWords } from '../../records/scenes/sounds.ts';
import type { Place } from '../../records/scenes/texts.ts';

export const SCENE_ORIGIN = 'origin-x';
/** Nobody can speak with it. */
export const DEAD_ORIGIN = 'origin-d';

export class Stage {
  readonly #world: PlayerWorld;
  readonly #players: readonly Player[];
  readonly #chance: Prng;
  /** By client and number of the scene: times that its next link was asked. */
  readonly #asked = new Map<string, number>();
  /** Whose last question was refused. */
  readonly #refused = new Set<string>();

  constructor(
    players: readonly PlayerPlan[],
    limits: SceneLimits,
    world: PlayerWorld,
    seed: number,
  ) {
    this.#world = world;
    this.#chance = new Prng(seed, 'stage');
    this.#players = players.map((player) => new Player(player, world, seed));
    if (players.length > 0) world.trace.add({ kind: 'stageSet', limits });
  }

  begin(): void {
    for (const player of this.#players) player.begin();
  }

  ask(asked: AskedOrigin, hearing: OriginHearing): () => void {
    let isOver = false;
    this.#world.later(WAY_US + this.#chance.below(WAY_US), () => {
      if (isOver) return;
      const why = this.#refusalOf(asked);
      if (why !== undefined) {
        hearing.failed(why, false);
        return;
      }
      const answer = this.#answer(asked);
      hearing.answered(answer);
      this.#carry(answer.body, hearing, () => isOver);
    });
    return () => {
      isOver = true;
    };
  }

  /** Why the question does not even come to its origin. */
  #refusalOf({ host, target, body }: AskedOrigin): OriginFailure | undefined {
    const { client, number } = placeIn(target);
    if (host === DEAD_ORIGIN) return UNREACHABLE[(client + number) % UNREACHABLE.length];
    const scene = this.#players.find(({ plan }) => plan.client === client)?.plan.scenes[number];
    if (scene?.isFlaky !== true || readEvents(body)[0]?.type === 'OPEN') return undefined;
    const key = `${client} ${number}`;
    if (this.#refused.delete(key)) return undefined;
    this.#refused.add(key);
    return 'refused';
  }

  /** In two pieces, the second a while after the first. */
  #carry(body: Uint8Array, hearing: OriginHearing, isOver: () => boolean): void {
    const first = body.subarray(0, body.byteLength >> 1);
    if (first.byteLength > 0) hearing.carried(first.slice());
    this.#world.later(1 + this.#chance.below(WAY_US), () => {
      if (isOver()) return;
      hearing.carried(body.slice(first.byteLength));
      hearing.ended(true);
    });
  }

  #answer(asked: AskedOrigin): SceneAnswer {
    const [path = ''] = asked.target.split('?');
    const place = placeIn(asked.target);
    const { client, number } = place;
    const player = this.#players.find(({ plan }) => plan.client === place.client);
    const scene = player?.plan.scenes[place.number];
    if (path === '/filter') return filterAnswer(asked.headers, asked.body);
    if (player === undefined || scene === undefined) return { ...againAnswer(), status: 404 };
    const told = (purpose: 'request' | 'next' | 'events', words: string): void =>
      player.asked(place.number, purpose, words);
    const seen = seenIn(asked.headers);
    if (path.endsWith('/next')) {
      const key = `${client} ${number}`;
      const times = this.#asked.get(key) ?? 0;
      this.#asked.set(key, times + 1);
      told('next', wordsOf(asked, path));
      return nextAnswer(scene, place, { asked: times, seen });
    }
    if (isSocket(scene)) {
      const events = readEvents(asked.body);
      told('events', `${eventWords(events)} | ${metaWords(asked)}`);
      return eventsAnswer(scene, place, events);
    }
    told('request', wordsOf(asked, asked.target));
    return player.isAskedAgain(place.number) ? againAnswer() : requestAnswer(scene, place, seen);
  }
}

function placeIn(target: string): Place {
  const [, client = '-1', number = '-1'] = /n=(\d+)&s=(\d+)/.exec(target) ?? [];
  return { client: Number(client), number: Number(number) };
}

function isSocket({ shape }: Scene): boolean {
  return shape === 'socket';
}

function wordsOf({ method, headers, body }: AskedOrigin, target: string): string {
  return [`${method} ${target}, ${body.byteLength} bytes`, ...headerWords(headers)].join(' | ');
}

/** Of a WebSocket's questions: what the origin wanted to be reminded of, and what the client had said. */
function metaWords({ headers }: AskedOrigin): string {
  const told = headers.filter(([name]) =>
    /^(meta-|x-|grip-|accept|content-type|content-bytes-)/i.test(name),
  );
  return headerWords(told).join(' | ');
}

const WAY_US = 2_000;
const UNREACHABLE: readonly OriginFailure[] = ['refused', 'connectTimeout', 'tls'];
