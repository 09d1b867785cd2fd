// Clients that wander: nodes die and come back, links break, and each client goes on wherever it can, as a careful client
// does: it resumes with what it has heard, and says again under the same id what was not answered.

import { describe, expect, test } from 'vitest';

import { Prng } from '../../../src/actors/runtime/prng.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient, type HpLine } from '../../support/hp-client.ts';

const fast = {
  ...{ messagesPerSecondMax: 1e6, messagesBurstMax: 1e6, joinsPerSecondMax: 1e6 },
  ...{ pingEveryMs: 3e6, pingTimeoutMs: 6e6, answerTimeoutMs: 4_000 },
};

const ROOM = 'r';

class Wanderer {
  readonly user: string;
  readonly heard: { readonly id: string; readonly place: number }[] = [];
  readonly stored = new Set<string>();
  readonly own = new Set<string>();
  #stage: ClusterStage;
  #chance: Prng;
  #client: HpClient | undefined;
  #node = '';
  #token = '';
  #place = { epoch: 1, seq: 0 };
  #isIn = false;
  #said = 0;
  /** Not answered. */
  #saying: string | undefined;
  #askedAt = 0;

  constructor(stage: ClusterStage, chance: Prng, user: string, node: string) {
    this.#stage = stage;
    this.#chance = chance;
    this.user = user;
    this.#client = HpClient.in(stage.at(node), user);
    this.#token = this.#client.token;
    this.#node = node;
    this.#client.ask('JOIN', { room: ROOM }, 'join');
  }

  get isIn(): boolean {
    return this.#isIn && this.#saying === undefined;
  }

  say(): void {
    if (!this.#isIn || this.#saying !== undefined) return;
    this.#said += 1;
    this.#saying = `${this.user}-${this.#said}`;
    this.own.add(this.#saying);
    this.#sayIt();
  }

  #sayIt(): void {
    this.#askedAt = this.#stage.now;
    if (this.#saying !== undefined)
      this.#client?.ask('ROOM_MESSAGE', { room: ROOM, body: 'x' }, this.#saying);
  }

  /** Hears, and does what is to be done. */
  act(): void {
    if (this.#client !== undefined) for (const line of this.#client.take()) this.#hear(line);
    const isDead = this.#stage.node(this.#node).isDead;
    if (this.#client !== undefined && (this.#client.isClosed || isDead)) this.leave();
    if (this.#client === undefined) this.#comeBack();
    else if (this.#stage.now - this.#askedAt > 8_000_000) {
      // Nothing for so long: a client would try elsewhere.
      if (this.#saying !== undefined || !this.#isIn) this.leave();
    }
  }

  leave(): void {
    this.#client?.wire.leave();
    this.#client = undefined;
    this.#isIn = false;
  }

  #comeBack(): void {
    const alive = this.#stage.nodes.filter(({ isDead }) => !isDead);
    this.#node = this.#chance.pick(alive).name;
    this.#client = new HpClient(this.#stage.at(this.#node), this.#chance.below(2));
    this.#askedAt = this.#stage.now;
    this.#client.ask('RESUME', { token: this.#token, rooms: { [ROOM]: this.#place } }, 'resume');
  }

  #hear({ type, id, payload }: HpLine): void {
    if (type === 'RESUME_OK' || type === 'JOIN_OK') {
      if (type === 'RESUME_OK') {
        this.#token = (payload['resume'] as { token: string }).token;
        expect(payload['rooms']).toEqual([ROOM]);
        expect(payload['gaps']).toBeUndefined();
      }
      this.#isIn = true;
      if (this.#saying !== undefined) this.#sayIt();
    } else if (type === 'ROOM_MESSAGE') {
      const [epoch, seq] = [Number(payload['epoch']), Number(payload['seq'])];
      this.#place = { epoch, seq };
      this.heard.push({ id, place: epoch * 1e6 + seq });
    } else if (type === 'ACK' && payload['ref'] === this.#saying) {
      if (payload['status'] === 'stored') this.stored.add(this.#saying ?? '');
      this.#saying = undefined;
    } else if (type === 'ERROR') {
      const { code, ref } = payload;
      // Lost for longer than a session is kept: this must not come in this test.
      expect([this.user, code, ref]).not.toEqual([this.user, 'SESSION_EXPIRED', ref]);
      if (ref === 'resume') this.leave();
      else if (ref === this.#saying) this.#sayIt();
    }
  }
}

describe('wanderers', () => {
  test.each([108, 2, 17, 106, 115])(
    '[HP-RES-10] [HP-RES-11] [HP-STORE-1] hear everything that was stored, once and in order, while nodes die one after the other (seed %i)',
    (seed) => {
      const stage = new ClusterStage({ shards: 2, seed, chat: fast });
      stage.until(() => stage.isWhole, 10_000);
      stage.pass(500);
      const chance = new Prng(seed, 'wandering');
      const names = ['n1', 'n2', 'n3'];
      const all = names.flatMap((node) =>
        [0, 1].map((at) => new Wanderer(stage, chance, `${node}u${at}`, node)),
      );
      stage.pass(500);
      for (const one of all) one.act();
      const wander = (ms: number): void => {
        const until = stage.now + ms * 1_000;
        while (stage.now < until) {
          for (const one of all) {
            if (chance.chance(1, 3)) one.say();
            if (chance.chance(1, 200)) one.leave();
            one.act();
          }
          if (chance.chance(1, 60)) {
            const [one, other] = [chance.pick(names), chance.pick(names)];
            if (one !== other) stage.sever(one, other);
          }
          stage.pass(chance.between(10, 120));
        }
      };
      wander(2_000);
      for (let round = 0; round < 4; round += 1) {
        const node = chance.pick(names);
        stage.kill(node);
        wander(chance.between(2_000, 15_000));
        stage.start(node);
        wander(2_000);
        stage.until(() => stage.isWhole, 40_000);
        wander(8_000);
      }
      stage.until(() => {
        for (const one of all) one.act();
        return all.every(({ isIn }) => isIn);
      }, 60_000);
      stage.pass(2_000);
      for (const one of all) one.act();
      const stored = all.flatMap((one) => [...one.stored]);
      expect(stored.length).toBeGreaterThan(100);
      for (const { heard, own, user } of all) {
        const told = heard.map(({ id }) => id);
        expect([user, new Set(told).size]).toEqual([user, told.length]);
        const places = heard.map(({ place }) => place);
        expect(places).toEqual(places.toSorted((one, other) => one - other));
        const known = new Set(told);
        const missing = stored.filter((id) => !own.has(id) && !known.has(id));
        expect([user, missing]).toEqual([user, []]);
      }
      expect(stage.failures).toEqual([]);
    },
    60_000,
  );
});
