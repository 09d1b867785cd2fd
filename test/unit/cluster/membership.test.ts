// Several nodes in one virtual time: how they find each other, who is found out to be dead and when, and who is not.

import { describe, expect, test } from 'vitest';

import { actorsOf } from '../../../src/actors/node.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';

function whole(options: ConstructorParameters<typeof ClusterStage>[0] = {}): ClusterStage {
  const stage = new ClusterStage(options);
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(3_000);
  expect(stage.failures).toEqual([]);
  return stage;
}

describe('links', () => {
  test.each([2, 3, 5])('[HP-MEMBER-1] %i nodes find each other', (nodes) => {
    const stage = whole({ nodes });
    expect(stage.isWhole).toBe(true);
  });

  test('[HP-MEMBER-6] who knows one node learns of the others from it, and of no death', () => {
    const stage = whole({ nodes: 4, cluster: { peers: ['n3:7501'], detours: false } });
    expect(stage.isWhole).toBe(true);
    stage.cut('n1', 'n2');
    stage.until(() => stage.seen('n1').includes('n2:down'), 13_000);
    stage.sever('n1', 'n3');
    stage.pass(3_000);
    expect(stage.seen('n3')).toContain('n2:up');
    expect(stage.seen('n4')).toContain('n2:up');
  });

  test('[HP-MEMBER-2] there is one link for each pair, whoever calls first', () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const stage = whole({ nodes: 2, seed });
      expect(stage.linksBetween('n1', 'n2'), `seed ${seed}`).toBe(1);
      expect(stage.failures).toEqual([]);
    }
  });

  test('[HP-PEER-7] a node that is not there is called again', () => {
    const stage = new ClusterStage({ nodes: 2 });
    stage.kill('n2');
    stage.pass(20_000);
    stage.start('n2');
    stage.until(() => stage.isWhole, 16_000);
  });
});

describe('detection', () => {
  test('[HP-MEMBER-3] [HP-MEMBER-5] a process that is killed is down within four seconds', () => {
    const stage = whole();
    stage.kill('n2');
    stage.until(() => stage.seen('n1').includes('n2:suspect'), 200);
    const tookMs = stage.until(() => stage.seen('n1').includes('n2:down'), 4_000);
    expect(tookMs).toBeGreaterThan(500);
    stage.until(() => stage.seen('n3').includes('n2:down'), 4_000 - tookMs);
    expect(stage.seen('n1')).toContain('n3:up');
  });

  test('[HP-MEMBER-3] a node that says nothing is suspect after 4 seconds, and down after 10 to 11', () => {
    const stage = whole();
    for (const other of ['n1', 'n3']) stage.cut(other, 'n2');
    const suspectMs = stage.until(() => stage.seen('n1').includes('n2:suspect'), 6_000);
    expect(suspectMs).toBeGreaterThan(3_000);
    expect(suspectMs).toBeLessThan(5_000);
    const downMs = suspectMs + stage.until(() => stage.seen('n1').includes('n2:down'), 12_000);
    expect(downMs).toBeGreaterThan(8_900);
    expect(downMs).toBeLessThan(11_000);
  });

  test('a silence of six seconds is forgiven', () => {
    const stage = whole();
    stage.split(['n2']);
    stage.pass(6_000);
    expect(stage.seen('n1')).toContain('n2:suspect');
    stage.heal();
    stage.until(() => stage.isWhole, 3_000);
    expect(stage.counted('n1', 'cluster.members.down')).toBe(0);
  });

  test.each([2_000, 6_000, 9_000, 30_000, 120_000])(
    '[HP-MEMBER-8] whoever stalls for %i ms takes nobody for dead',
    (ms) => {
      const stage = whole();
      stage.stall('n1', ms);
      stage.pass(ms + 20_000);
      expect(stage.counted('n1', 'cluster.members.down')).toBe(0);
      expect(stage.isWhole).toBe(true);
      expect(stage.failures).toEqual([]);
    },
  );

  test('[HP-MEMBER-13] whoever is late itself waits twice as long, and no longer once it is not', () => {
    const stage = whole({ cluster: { detours: false } });
    const lag = (p99Ms: number): void => {
      stage.node('n1').shards[0]?.system.deliver(actorsOf(0).members, {
        ...{ type: 'lagMeasured', p99Ms },
      });
      stage.pass(10);
    };
    lag(200);
    expect(stage.counted('n1', 'cluster.lagging')).toBe(0);
    lag(201);
    lag(900);
    expect(stage.counted('n1', 'cluster.lagging')).toBe(1);
    stage.cut('n1', 'n2');
    const suspectMs = stage.until(() => stage.seen('n1').includes('n2:suspect'), 9_500);
    expect(suspectMs).toBeGreaterThan(6_900);
    const downMs = suspectMs + stage.until(() => stage.seen('n1').includes('n2:down'), 22_000);
    expect(downMs).toBeGreaterThan(18_900);
    expect(downMs).toBeLessThan(21_000);
    expect(stage.seen('n3')).toBe('n1:up n2:up');
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    lag(3);
    expect(stage.counted('n1', 'cluster.lagging')).toBe(0);
    stage.cut('n1', 'n2');
    expect(stage.until(() => stage.seen('n1').includes('n2:down'), 12_000)).toBeLessThan(11_000);
  });

  test('[HP-MEMBER-7] when others miss it too, six seconds are enough', () => {
    const stage = whole({ nodes: 4 });
    stage.split(['n4']);
    const tookMs = stage.until(() => stage.seen('n1').includes('n4:down'), 12_000);
    expect(tookMs).toBeLessThan(9_000);
  });

  test('a link that is broken in one direction alone is found out by the side that hears nothing', () => {
    const stage = whole({ nodes: 2 });
    stage.cut('n2', 'n1', 'there');
    stage.until(() => stage.seen('n1').includes('n2:down'), 12_500);
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
  });

  test('a link that breaks does no harm', () => {
    const stage = whole();
    stage.sever('n1', 'n2');
    stage.pass(100);
    expect(stage.seen('n1')).toContain('n2:suspect');
    stage.until(() => stage.isWhole, 3_000);
    expect(stage.counted('n1', 'cluster.members.down')).toBe(0);
  });

  test('[HP-MEMBER-9] who flaps is waited for longer', () => {
    const stage = whole({ nodes: 2 });
    for (let round = 0; round < 3; round += 1) {
      stage.split(['n2']);
      stage.until(() => stage.seen('n1').includes('n2:down'), 12_500);
      stage.heal();
      stage.until(() => stage.isWhole, 20_000);
    }
    stage.split(['n2']);
    expect(stage.until(() => stage.seen('n1').includes('n2:down'), 62_000)).toBeGreaterThan(15_000);
  });
});

describe('lives', () => {
  test('[HP-MEMBER-4] a node whose clock went back takes a later life', () => {
    const stage = whole({ nodes: 2 });
    stage.kill('n2');
    stage.pass(1_000);
    stage.start('n2', 5);
    stage.until(() => stage.isWhole, 20_000);
    expect(stage.view('n1').members[0]?.incarnation).toBeGreaterThan(1_000);
    expect(stage.view('n2').incarnation).toBe(stage.view('n1').members[0]?.incarnation);
  });

  test('a node that starts again at once is a new one', () => {
    const stage = whole();
    stage.kill('n2');
    stage.pass(200);
    stage.start('n2');
    stage.until(() => stage.isWhole, 5_000);
    expect(stage.view('n1').members[0]?.incarnation).toBe(2_000);
  });

  test('[HP-MEMBER-11] a node that leaves is not suspected', () => {
    const stage = whole();
    const { system } = stage.node('n2').shards[0] ?? {};
    system?.deliver(actorsOf(0).members, { type: 'drain', withinMs: 500 });
    stage.pass(100);
    expect(stage.seen('n1')).toContain('n2:up');
    stage.pass(1_000);
    stage.kill('n2');
    stage.pass(100);
    expect(stage.seen('n1')).toContain('n2:left');
    expect(stage.counted('n1', 'cluster.members.suspect')).toBe(0);
  });

  test('[HP-MEMBER-10] who has been gone for long is forgotten', () => {
    const stage = whole({ nodes: 2, cluster: { forgetMs: 60_000 } });
    stage.kill('n2');
    stage.until(() => stage.seen('n1').includes('n2:down'), 5_000);
    stage.until(() => stage.seen('n1') === '', 61_000);
  });
});
