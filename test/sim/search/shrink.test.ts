// Shrinking, on planted violations: judges that call harmless facts a failure, so that the smallest plan is known.
// It must be found, in few runs, and for the property that was broken first, whatever else lies on the way.

import { describe, expect, test } from 'vitest';

import { chatDefaults } from '../../../src/actors/chat/chat-options.ts';
import type { Fault } from '../../../src/sim/faults/faults.ts';
import { invariants } from '../../../src/sim/invariants/all.ts';
import type { Invariant } from '../../../src/sim/invariants/invariant.ts';
import { drawPlan, type Plan, type PlanChoices } from '../../../src/sim/plan.ts';
import { drawChatPlan } from '../../../src/sim/plan/chat.ts';
import { drawGatewayPlan } from '../../../src/sim/plan/gateway.ts';
import { membersOf, mishapsIn } from '../../../src/sim/plan/plainer.ts';
import { plainSettings, settingsOf } from '../../../src/sim/plan/settings.ts';
import { plainLink } from '../../../src/sim/plan/simpler.ts';
import { shrink, shrinkPlan } from '../../../src/sim/search/shrink.ts';
import { tellStory } from '../../../src/sim/search/story.ts';
import { planLines } from '../../../src/sim/search/traces/reading.ts';
import { simulate } from '../../../src/sim/simulate.ts';
import type { TraceEvent, Watcher } from '../../../src/sim/trace.ts';

/** One property, broken when `watch` says a sentence. */
function planted(
  property: string,
  watch: (say: (event: TraceEvent, sentence: string) => void) => Watcher,
): Invariant {
  return { property, requirements: [], judge: (report) => watch(report) };
}

/** Somebody whose connection was lost follows a topic again after a shard has died. */
const backAfterDeath = planted('back-after-death', (say) => {
  const lost = new Set<number>();
  let hasDied = false;
  return {
    closed({ client, by }) {
      if (by === 'network') lost.add(client);
    },
    shardCrashed() {
      hasDied = true;
    },
    subscribed(event) {
      const { client, topic } = event;
      if (hasDied && lost.has(client)) say(event, `client ${client} follows '${topic}' again`);
    },
  };
});

/** Many deaths are one property, few another: the run ends with the one or the other. */
const deaths = (many: number): readonly Invariant[] => {
  const counted = (property: string, isBroken: (count: number) => boolean): Invariant =>
    planted(property, (say) => {
      let count = 0;
      return {
        shardCrashed() {
          count += 1;
        },
        quiet(event) {
          if (isBroken(count)) say(event, `${count} shards died`);
        },
      };
    });
  return [
    counted('many-deaths', (count) => count >= many),
    counted('few-deaths', (count) => count > 0 && count < many),
  ];
};

/** A publication is read by somebody on another kind of connection than its publisher's. */
const twoDoors = planted('two-doors', (say) => {
  const transports = new Map<number, string>();
  return {
    connected({ client, transport }) {
      transports.set(client, transport);
    },
    message(event) {
      const { client, publisher, saidTopic } = event;
      const [one, other] = [transports.get(client), transports.get(publisher)];
      if (one === 'sse' && other === 'ws')
        say(event, `client ${client} got one of '${saidTopic}' from client ${publisher}`);
    },
  };
});

const rich = { lane: 'object', nodes: 2, shards: 3, clients: 24 } as const;

/** The first plan with many faults that breaks the property before any other. */
function failing(
  property: string,
  judges: readonly Invariant[],
  { from = 0, sizes = rich, change = (plan) => plan }: Wanted = {},
): Plan {
  for (let seed = from; seed < from + 200; seed += 1) {
    const plan = change(drawPlan({ seed, ...sizes }));
    if (plan.faults.length <= 10) continue;
    const { violations } = simulate(plan, undefined, judges, undefined, false);
    if (violations[0]?.property === property) return plan;
  }
  throw new Error(`no seed breaks ${property}`);
}

interface Wanted {
  readonly from?: number;
  readonly sizes?: Omit<PlanChoices, 'seed'>;
  readonly change?: (plan: Plan) => Plan;
}

describe('a failure that needs two faults and a client', () => {
  const judges = [...invariants, backAfterDeath];
  const plan = failing('back-after-death', judges);
  const shrunk = shrinkPlan(plan, 'back-after-death', { judges });

  test('ends with those, or fewer', () => {
    expect([1, 2]).toContain(shrunk.plan.faults.length);
    expect(shrunk.plan.clients.length).toBeLessThanOrEqual(2);
    expect(shrunk.plan.nodes).toBe(1);
    expect(shrunk.plan.shards).toBeLessThanOrEqual(2);
    expect(shrunk.simulations).toBeLessThan(120);
  });

  test('is the run that the plan gives again', () => {
    const { report } = shrunk;
    const again = simulate(shrunk.plan, undefined, judges);
    expect(again.hash).toBe(report.hash);
    expect(again.violations).toEqual(report.violations);
    expect(report.violations[0]?.property).toBe('back-after-death');
    expect(report.trace.length).toBeGreaterThan(0);
  });

  test('is the same every time', () => {
    const again = shrinkPlan(plan, 'back-after-death', { judges });
    expect(again.plan).toEqual(shrunk.plan);
    expect(again.simulations).toBe(shrunk.simulations);
  });

  test('is found from the seed, and from a file, where undefined is lost', () => {
    const { seed } = plan;
    expect(shrink({ seed, ...rich }, 'back-after-death', { judges }).plan).toEqual(shrunk.plan);
    const read = JSON.parse(JSON.stringify(plan)) as Plan;
    expect(shrinkPlan(read, 'back-after-death', { judges }).plan).toEqual(shrunk.plan);
  });
});

describe('a failure that needs no fault', () => {
  const judges = [twoDoors];
  const plan = failing('two-doors', judges);
  const { plan: small, report } = shrinkPlan(plan, 'two-doors', { judges });

  test('keeps its publisher and its reader, and nothing that is unusual', () => {
    expect(small.faults).toEqual([]);
    expect(small.clients).toHaveLength(2);
    expect(settingsOf(small)).toEqual(plainSettings);
    const topics = new Set(
      small.clients.flatMap(({ topics: own, publishes }) => [...own, ...publishes]),
    );
    expect(topics.size).toBe(1);
    for (const { link, leavesEveryUs, idPercent, burst } of small.clients) {
      expect(link).toMatchObject({ jitterUs: 0, cutPercent: 0, joinPercent: 0 });
      expect([leavesEveryUs, idPercent, burst]).toEqual([0, 0, 1]);
    }
  });

  test('keeps the numbers of those who are left, and with them their streams', () => {
    const [violation] = report.violations;
    for (const { client, everyUs } of small.clients) {
      expect(violation?.sentence).toContain(`client ${client}`);
      expect(plan.clients.find((before) => before.client === client)?.everyUs).toBe(everyUs);
    }
  });

  test('ends soon after it', () => {
    expect(small.horizonUs - (report.violations[0]?.at ?? 0)).toBeLessThan(100_000);
  });
});

describe('the property', () => {
  const cast = drawPlan({ seed: 1, lane: 'object', nodes: 1, shards: 3, clients: 6 });
  /** Deaths, each between two faults that have nothing to do with them. */
  const dying = (times: number): Plan => ({
    ...cast,
    faults: Array.from({ length: times * 3 }, (_, index): Fault => ({
      at: 500_000 + index * 150_000,
      kind: (['stallDown', 'crashShard', 'slowPorts'] as const)[index % 3] ?? 'storm',
      target: 0,
      durationUs: 90_000,
      amount: index % 3 === 2 ? 3_000 : 0,
    })),
  });

  test.each([2, 3])(
    'stays: %i deaths do not become fewer, although fewer break another',
    (many) => {
      const judges = deaths(many);
      const { plan, report } = shrinkPlan(dying(5), 'many-deaths', { judges });
      expect(report.violations[0]?.property).toBe('many-deaths');
      expect(plan.faults.map(({ kind }) => kind)).toEqual(
        Array.from({ length: many }, () => 'crashShard'),
      );
      for (const { durationUs } of plan.faults) expect(durationUs).toBe(1_000);
      expect(plan.clients).toHaveLength(1);
    },
  );

  test('must be broken by the plan, before any other', () => {
    const plan = dying(2);
    const judges = deaths(9);
    expect(() => shrinkPlan(plan, 'many-deaths', { judges })).toThrow("not break 'many-deaths'");
    expect(() => shrinkPlan(plan, 'few-deaths')).toThrow("not break 'few-deaths'");
    expect(shrinkPlan(plan, 'few-deaths', { judges }).plan.faults).toHaveLength(1);
  });
});

describe('a failure that hangs on chance', () => {
  /** Broken by one run in five, whatever is in it. */
  const fives = planted('fives', (say) => {
    let read = 0;
    return {
      message() {
        read += 1;
      },
      healed(event) {
        if (read > 0 && read % 5 === 0) say(event, 'what was read can be shared among five');
      },
    };
  });
  const short = ({ faults, ...plan }: Plan): Plan => ({
    ...plan,
    horizonUs: 1_500_000,
    faults: faults.map((fault) => ({ ...fault, at: fault.at % 1_500_000 })),
  });

  test('gets other streams, and so becomes small all the same', () => {
    const sizes = { lane: 'object', nodes: 1, shards: 2, clients: 10 } as const;
    let clients = 0;
    for (const from of [0, 30, 60, 90, 120]) {
      const plan = failing('fives', [fives], { from, sizes, change: short });
      const small = shrinkPlan(plan, 'fives', { judges: [fives] });
      expect(simulate(small.plan, undefined, [fives]).hash).toBe(small.report.hash);
      expect(small.plan.faults.length).toBeLessThanOrEqual(3);
      clients += small.plan.clients.length;
    }
    // Without them it is more than three each.
    expect(clients).toBeLessThanOrEqual(15);
  });
});

describe('the budget', () => {
  const judges = [...invariants, backAfterDeath];
  const plan = failing('back-after-death', judges);

  test.each([1, 5, 20])('of %i runs is kept, and what was found until then is given', (most) => {
    const shrunk = shrinkPlan(plan, 'back-after-death', { judges, simulationsMax: most });
    // One more, for the trace.
    expect(shrunk.simulations).toBeLessThanOrEqual(most + 1);
    expect(shrunk.report.violations[0]?.property).toBe('back-after-death');
    if (most === 1) expect(shrunk.plan).toEqual(plan);
  });
});

describe('a failure of a gateway', () => {
  /** A stream hears an item after an origin was away. */
  const heardLater = planted('heard-later', (say) => {
    const streams = new Set<number>();
    return {
      holdAsked({ connection, what }) {
        if (what === 'stream') streams.add(connection);
      },
      holdHeard(event) {
        const { client, connection, item, channel } = event;
        if (streams.has(connection) && item > 3)
          say(event, `client ${client} hears item ${item} of ${channel}`);
      },
    };
  });
  const plan = drawGatewayPlan({ seed: 2, lane: 'byte' });
  const {
    plan: small,
    report,
    simulations,
  } = shrinkPlan(plan, 'heard-later', {
    judges: [heardLater],
  });

  test('keeps one holder, its channel, and nothing that goes wrong with origins', () => {
    expect(report.violations[0]?.property).toBe('heard-later');
    expect(small.clients).toEqual([]);
    expect(small.faults).toEqual([]);
    const { holders = [], channels = [], origins = [], sites = [] } = small.gateway ?? {};
    expect(holders.map(({ what }) => what)).toEqual(['stream']);
    expect(channels).toHaveLength(1);
    expect(origins.flatMap(({ outages }) => outages)).toEqual([]);
    expect(sites).toEqual([]);
    expect(simulations).toBeLessThan(120);
  });

  test('is told with its holder, its channel and its origins', () => {
    const lines = tellStory(report).join('\n');
    const [holder] = small.gateway?.holders ?? [];
    expect(lines).toContain(`client ${holder?.client} reads a stream of 'p`);
    expect(lines).toContain('Published: ');
    expect(lines).toContain('has its stream');
    const whole = tellStory(simulate(plan, undefined, [heardLater])).join('\n');
    expect(whole).toMatch(/origin-[ab] (?:refuses|cannot|answers nothing|takes|breaks)/);
  });
});

describe('a failure of a cluster', () => {
  /** Somebody is in when two nodes have met. */
  const inAfterLink = planted('in-after-link', (say) => {
    let isLinked = false;
    return {
      peerSeen() {
        isLinked = true;
      },
      loggedIn(event) {
        if (isLinked) say(event, `client ${event.client} is in`);
      },
    };
  });
  const seed = [1, 2, 3, 4, 5, 6].find((one) => {
    const { nodes, chat } = drawChatPlan({ seed: one, lane: 'byte' });
    return nodes > 3 && chat?.cluster !== undefined && chat.strangers.length > 0;
  });
  const plan = drawChatPlan({ seed: seed ?? 0, lane: 'byte' });
  const { plan: small, report } = shrinkPlan(plan, 'in-after-link', { judges: [inAfterLink] });

  test('keeps two nodes, one talker and no stranger, and nothing unusual', () => {
    expect(report.violations[0]?.property).toBe('in-after-link');
    expect(small.nodes).toBe(2);
    expect(membersOf(small)).toHaveLength(1);
    expect(mishapsIn(small)).toEqual([]);
    const { skewsMs = [], upgrades, options, way } = small.chat ?? {};
    expect(new Set(skewsMs)).toEqual(new Set([0]));
    expect(upgrades).toEqual([]);
    expect(options?.resumeWindowMs).toBe(chatDefaults.resumeWindowMs);
    expect(way).toEqual(plainLink);
  });

  test('is counted as it was drawn', () => {
    const lines = planLines(plan).join('\n');
    expect(lines).toContain(`${membersOf(plan).length} clients`);
    expect(lines).toMatch(/stranger/);
  });
});
