// Plays, one after the other, at the doors of nodes: whoever has to do something does it when those before him have done or
// heard what they had to. Refuses to judge: what was heard is written down.

import { Prng } from '../../../actors/runtime/prng.ts';
import type { Address } from '../../../actors/runtime/actor.ts';
import type { Link } from '../../edges/link.ts';
import { befallCluster, type ClusterMishappening } from '../../faults/cluster-mishaps.ts';
import type { Connection } from '../../edges/network.ts';
import type { House } from '../../records/plays/house.ts';
import { isOpen, matched } from '../../records/plays/matching.ts';
import type { Play, Step } from '../../records/plays/play.ts';
import { playNamed } from '../../records/plays/plays.ts';
import type { Shard } from '../../shard.ts';
import type { Trace } from '../../trace.ts';
import type { Way } from '../../ways-in.ts';
import { Guest } from './guest.ts';
import { Poster } from './poster.ts';

export interface Stage {
  readonly now: number;
  readonly trace: Trace;
  readonly shards: readonly Shard[];
  later(delayUs: number, act: () => void): void;
  connectChat(way: Way, link: Link): Connection | undefined;
  connectBroker(way: Way, link: Link): Connection | undefined;
  drain(node: number, durationUs: number): void;
  crash(place: number, isTold: boolean, durationUs: number): void;
}

export class Director {
  readonly #house: House;
  readonly #stage: Stage;
  readonly #nodes: ClusterMishappening;
  readonly #seed: number;
  readonly #names: string[];
  readonly #guests = new Map<string, Guest>();
  #play: Play | undefined = undefined;
  #steps: readonly Step[] = [];
  #at = -1;
  /** Looks that were asked for before the step under way are in vain. */
  #turn = 0;
  /** The step under way is one of hearing. */
  #isListening = false;
  #clients = FIRST_CLIENT;
  /** Until all that follows from a step has come to its end, wherever. */
  readonly #momentUs: number;

  constructor(
    { house, names }: { readonly house: House; readonly names: readonly string[] },
    seed: number,
    stage: Stage,
    nodes: ClusterMishappening,
  ) {
    this.#house = house;
    this.#stage = stage;
    this.#nodes = nodes;
    this.#seed = seed;
    this.#names = [...names];
    stage.trace.add({ kind: 'houseOpened', node: NODE, house });
    this.#momentUs = house.company === undefined ? MOMENT_US : AWAY_US;
    stage.later(house.company === undefined ? OPENS_US : JOINED_US, () => this.#begin());
  }

  #begin(): void {
    const play = playNamed(this.#names.shift() ?? '');
    if (play === undefined) return;
    this.#play = play;
    this.#steps = play.steps(this.#house);
    this.#at = -1;
    this.#stage.trace.add({ kind: 'playBegan', node: NODE, play: play.name });
    this.#next(0);
  }

  #next(afterUs: number): void {
    this.#turn += 1;
    const turn = this.#turn;
    this.#stage.later(afterUs, () => {
      if (turn !== this.#turn) return;
      this.#at += 1;
      const step = this.#steps[this.#at];
      if (step === undefined) this.#stage.later(PAUSE_US, () => this.#over());
      else this.#do(step);
    });
  }

  #do(step: Step): void {
    const guest = this.#guestOf(step.by);
    switch (step.does) {
      case 'comes': {
        this.#clients += 1;
        const { from: remote, at: node, thread } = step;
        const way = { node, client: this.#clients, remote, thread };
        guest.come((link) => this.#stage.connectChat(way, link), step.isBlind);
        this.#next(this.#momentUs);
        return;
      }
      case 'says':
        guest.say(step.text);
        this.#next(this.#momentUs);
        return;
      case 'goes':
        guest.go();
        this.#next(PAUSE_US);
        return;
      case 'ends':
        guest.end();
        this.#next(this.#momentUs);
        return;
      case 'lends':
        this.#guestOf(step.to).token = guest.token;
        this.#next(0);
        return;
      case 'fails':
        this.#fail(guest);
        this.#next(this.#momentUs);
        return;
      case 'posts': {
        this.#clients += 1;
        const [way, number] = [{ node: NODE, client: this.#clients }, this.#clients];
        const connect = (link: Link) => this.#stage.connectBroker(way, link);
        void new Poster(step.text, { seed: this.#seed, number }, connect);
        this.#next(this.#momentUs);
        return;
      }
      case 'threadDies':
        this.#stage.crash(step.thread, true, DEAD_US);
        this.#next(this.#momentUs);
        return;
      case 'waits':
        this.#next(step.ms * 1_000);
        return;
      case 'drains':
        this.#stage.drain(NODE, step.ms * 1_000);
        this.#next(this.#momentUs);
        return;
      case 'befalls': {
        const fault = { ...step.what, at: this.#stage.now };
        this.#stage.trace.add({ kind: 'faultPlayed', fault });
        befallCluster(this.#nodes, fault);
        this.#next(this.#momentUs);
        return;
      }
      case 'has':
        this.#heard(step, guest.heard.length);
        return;
      case 'hearsAtLast':
        guest.look();
        this.#stage.later(PAUSE_US, () =>
          this.#note(step.by, guest.heard.splice(0).slice(-step.lines.length)),
        );
        return;
      case 'gathers':
        this.#stage.later(PAUSE_US, () => this.#gathered(step, guest));
        return;
      case 'hears': {
        this.#isListening = true;
        const turn = this.#turn;
        this.#stage.later(PATIENCE_US, () => {
          if (turn === this.#turn) this.#heard(step, guest.heard.length);
        });
        this.#look();
        return;
      }
      default:
        step satisfies never;
    }
  }

  /** Somebody has heard something. */
  #look(): void {
    const step = this.#steps[this.#at];
    if (step?.does !== 'hears' || !this.#isListening) return;
    const { heard } = this.#guestOf(step.by);
    const count = matched(step.lines, heard);
    if (count !== undefined) this.#heard(step, count);
    else if (!isOpen(step.lines, heard)) this.#heard(step, heard.length);
  }

  #heard({ by }: Step, count: number): void {
    this.#isListening = false;
    this.#note(by, this.#guestOf(by).heard.splice(0, count));
  }

  #gathered({ by }: Step, guest: Guest): void {
    const all = guest.heard.splice(0);
    const heard = all.flatMap((line) => / body=([^ ]*)/.exec(line)?.[1] ?? []);
    this.#note(by, heard);
  }

  #note(by: string, heard: readonly string[]): void {
    const { name = '' } = this.#play ?? {};
    this.#stage.trace.add({ kind: 'playHeard', node: NODE, play: name, step: this.#at, by, heard });
    this.#next(this.#house.company === undefined ? 0 : this.#momentUs);
  }

  #over(): void {
    const { name = '' } = this.#play ?? {};
    const rest = [...this.#guests].flatMap(([by, { heard }]) =>
      heard.map((line) => `${by}: ${line}`),
    );
    this.#stage.trace.add({ kind: 'playOver', node: NODE, play: name, rest });
    for (const guest of this.#guests.values()) guest.go();
    this.#guests.clear();
    this.#stage.later(PAUSE_US, () => this.#begin());
  }

  #guestOf(by: string): Guest {
    const known = this.#guests.get(by);
    if (known !== undefined || by === '')
      return known ?? new Guest(this.#house, new Prng(0, ''), () => {});
    const chance = new Prng(this.#seed, `guest ${this.#play?.name} ${by}`);
    const guest = new Guest(this.#house, chance, () => this.#look());
    this.#guests.set(by, guest);
    return guest;
  }

  /** It hears something that nobody can say. */
  #fail({ connection }: Guest): void {
    for (const shard of this.#stage.shards) {
      if (connection === undefined || shard.isDead || shard.plan.node !== NODE) continue;
      const owner = shard.web.ownerOf(connection) as Address<unknown> | undefined;
      if (owner === undefined) continue;
      this.#stage.trace.add({ kind: 'playFailed', node: NODE, address: owner });
      shard.deliver(owner, { type: 'messageReceived', connection: 0, payload: null });
    }
  }
}

const NODE = 0;
const FIRST_CLIENT = 20_000;
const OPENS_US = 300_000;
/** Nodes have found each other. */
const JOINED_US = 6_000_000;
const MOMENT_US = 4_000;
const DEAD_US = 100_000;
const AWAY_US = 60_000;
const PAUSE_US = 150_000;
const PATIENCE_US = 5_000_000;
