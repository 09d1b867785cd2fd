// Makes a failing plan small: a smaller plan counts only when it breaks the same property first, so that a failure
// does not slip into another one on the way. Large steps are tried before small ones: faults that came too late and
// clients that the violation does not name, then delta debugging of both, then plain settings, then fast-check's own
// shrinking of every value that is left; at last, what resisted gets other streams to draw from.
// Refuses to know clocks: its budget is counted in runs.

import type { Arbitrary } from 'fast-check';

import type { Fault } from '../faults/faults.ts';
import { invariants } from '../invariants/all.ts';
import type { Invariant } from '../invariants/invariant.ts';
import { completed, drawPlan, type Plan, type PlanChoices } from '../plan.ts';
import {
  membersOf,
  plainerSteps,
  withClients,
  withNodes,
  withoutIdleFaults,
  withOneNode,
  withShards,
  withTopics,
} from '../plan/plainer.ts';
import {
  callsOf,
  clusterFaultsOf,
  crossersOf,
  plainerChatSteps,
  strangersOf,
  talkersOf,
  withCalls,
  withClusterFaults,
  withCrossers,
  withStrangers,
  withTalkers,
} from '../plan/plainer-chat.ts';
import {
  channelsOf,
  holdersOf,
  outagesOf,
  plainerGatewaySteps,
  errandsOf,
  playersOf,
  withChannels,
  withHolders,
  withOutages,
  withErrands,
  withPlayers,
} from '../plan/plainer-gateway.ts';
import type { Scene } from '../records/scenes/scene.ts';
import { settingsOf } from '../plan/settings.ts';
import { simplerClient, simplerFault, simplerSettings } from '../plan/simpler.ts';
import { type Report, simulate } from '../simulate.ts';
import type { Violation } from '../trace.ts';
import type { ClientPlan } from '../workload/client-plan.ts';
import { castsFor, type Focus, focusOf } from './shrinking/involved.ts';
import { needed } from './shrinking/needed.ts';

export interface ShrinkLimits {
  readonly simulationsMax?: number;
  /** What the plan is judged by; all invariants by default. */
  readonly judges?: readonly Invariant[];
}

export interface Shrunk {
  readonly plan: Plan;
  readonly report: Report;
  readonly simulations: number;
}

/** The smallest plan found that still breaks the property, and its run. Throws when the plan does not break it. */
export function shrink(choices: PlanChoices, property: string, limits?: ShrinkLimits): Shrunk {
  return shrinkPlan(drawPlan(choices), property, limits);
}

export function shrinkPlan(plan: Plan, property: string, limits: ShrinkLimits = {}): Shrunk {
  const search = new Search(completed(plan), property, limits);
  keepInvolved(search);
  keepFaults(search, COARSE);
  keepClients(search, COARSE);
  endSooner(search);
  keepPlaces(search);
  keepFaults(search, 1);
  keepClients(search, 1);
  keepScenes(search);
  keepOrigins(search);
  keepPlaces(search);
  plainly(search);
  shrinkValues(search);
  keepPlaces(search);
  keepFaults(search, 1);
  keepClients(search, 1);
  search.mayDrawAnew = true;
  keepOrigins(search);
  keepPlaces(search);
  keepFaults(search, 1);
  keepClients(search, 1);
  endSooner(search);
  return search.result();
}

class Search {
  simulations = 0;
  /** Whether a smaller plan that does not fail gets other chances, with other streams. */
  mayDrawAnew = false;
  #smallest: Report;
  readonly #property: string;
  readonly #judges: readonly Invariant[];
  readonly #simulationsMax: number;
  readonly #tried = new Set<string>();

  constructor(plan: Plan, property: string, limits: ShrinkLimits) {
    const { simulationsMax = SIMULATIONS_MAX, judges = invariants } = limits;
    this.#property = property;
    this.#judges = judges;
    this.#simulationsMax = simulationsMax;
    this.#smallest = this.#run(plan, judges, false);
    if (this.#smallest.violations[0]?.property !== property)
      throw new Error(`seed ${plan.seed} does not break '${property}' first`);
  }

  /** The smallest plan so far. */
  get plan(): Plan {
    return this.#smallest.plan;
  }

  get violation(): Violation {
    return this.#smallest.violations[0] as Violation;
  }

  /** Runs the smallest plan once more, for its trace. */
  result(): Shrunk {
    const report = this.#run(this.plan, this.#judges, true);
    return { plan: this.plan, report, simulations: this.simulations };
  }

  get isSpent(): boolean {
    return this.simulations >= this.#simulationsMax;
  }

  /** True when the plan breaks the same property: then it is the smallest so far. */
  try(plan: Plan): boolean {
    if (this.#tryOnce(plan)) return true;
    if (!this.mayDrawAnew) return false;
    for (let chance = 1; chance <= CHANCES; chance += 1)
      if (this.#tryOnce({ ...plan, seed: plan.seed + chance })) return true;
    return false;
  }

  #tryOnce(plan: Plan): boolean {
    const text = JSON.stringify(plan);
    if (this.isSpent || this.#tried.has(text) || !isSound(plan)) return false;
    this.#tried.add(text);
    const { at } = this.violation;
    const until = at + Math.max(PATIENCE_US, at >> 2);
    const report = this.#run(plan, [...this.#judges, patience(until)], false);
    if (report.violations[0]?.property !== this.#property) return false;
    this.#smallest = report;
    return true;
  }

  #run(plan: Plan, judges: readonly Invariant[], isTraceKept: boolean): Report {
    this.simulations += 1;
    return simulate(plan, undefined, judges, undefined, isTraceKept);
  }
}

/** Ends a run that fails later than is worth waiting for. */
function patience(until: number): Invariant {
  return {
    property: 'patience',
    requirements: [],
    judge: (report) => ({
      sampled(event) {
        if (event.at > until) report(event, 'it takes too long');
      },
    }),
  };
}

/** Whoever acts needs something to act on. */
function isSound(plan: Plan): boolean {
  return (
    membersOf(plan).length > 0 &&
    plan.clients.every(
      ({ behaviour, transport, topics, publishes }) =>
        (behaviour !== 'churning' || topics.length > 0) &&
        (transport !== 'sse' || topics.length > 0) &&
        (transport !== 'post' || publishes.length > 0),
    )
  );
}

/** Starts from the few that the violation names, and takes in more until it happens again. */
function keepInvolved(search: Search): void {
  const { plan, violation } = search;
  for (const isInvolved of castsFor(focusIn(search), plan)) {
    const smaller = withClients(plan, isInvolved);
    if (search.try(withoutIdleFaults(smaller, violation.at))) return;
  }
  search.try(withoutIdleFaults(plan, violation.at));
}

function focusIn({ violation }: Search): Focus {
  return focusOf(violation.event === undefined ? [] : [violation.event], violation);
}

function keepFaults(search: Search, blockMin: number): void {
  needed(search.plan.faults, blockMin, (faults) =>
    search.try({ ...search.plan, faults: [...faults] }),
  );
  needed(search.plan.poisons ?? [], blockMin, (poisons) =>
    search.try({ ...search.plan, poisons: [...poisons] }),
  );
  needed(clusterFaultsOf(search.plan), blockMin, (faults) =>
    search.try(withClusterFaults(search.plan, faults)),
  );
  needed(strangersOf(search.plan), blockMin, (strangers) =>
    search.try(withStrangers(search.plan, strangers)),
  );
}

function keepClients(search: Search, blockMin: number): void {
  needed(search.plan.clients, blockMin, (clients) =>
    search.try(withoutIdleFaults({ ...search.plan, clients: [...clients] }, search.violation.at)),
  );
  needed(holdersOf(search.plan), blockMin, (holders) =>
    search.try(withoutIdleFaults(withHolders(search.plan, holders), search.violation.at)),
  );
  needed(playersOf(search.plan), blockMin, (players) =>
    search.try(withPlayers(search.plan, players)),
  );
  needed(errandsOf(search.plan), blockMin, (errands) =>
    search.try(withErrands(search.plan, errands)),
  );
  needed(talkersOf(search.plan), blockMin, (talkers) =>
    search.try(withoutIdleFaults(withTalkers(search.plan, talkers), search.violation.at)),
  );
  needed(crossersOf(search.plan), blockMin, (crossers) =>
    search.try(withoutIdleFaults(withCrossers(search.plan, crossers), search.violation.at)),
  );
  needed(callsOf(search.plan), blockMin, (calls) => search.try(withCalls(search.plan, calls)));
}

/** Of each player the scenes that matter, and of each scene its acts. */
function keepScenes(search: Search): void {
  const withScenes = (place: number, scenes: readonly Scene[]): boolean =>
    search.try(
      withPlayers(
        search.plan,
        playersOf(search.plan).map((player, at) => (at === place ? { ...player, scenes } : player)),
      ),
    );
  for (let place = 0; place < playersOf(search.plan).length; place += 1) {
    const scenesNow = (): readonly Scene[] => playersOf(search.plan)[place]?.scenes ?? [];
    needed(scenesNow(), 1, (scenes) => withScenes(place, scenes));
    for (let at = 0; at < scenesNow().length; at += 1)
      needed(scenesNow()[at]?.acts ?? [], 1, (acts) =>
        withScenes(
          place,
          scenesNow().map((scene, one) => (one === at ? { ...scene, acts } : scene)),
        ),
      );
  }
}

/** What goes wrong with origins, and what is published at all. */
function keepOrigins(search: Search): void {
  needed(outagesOf(search.plan), 1, (outages) => search.try(withOutages(search.plan, outages)));
  needed(channelsOf(search.plan), 1, (channels) => search.try(withChannels(search.plan, channels)));
}

/** One node where one will do, as few nodes as will do, and as few shards. */
function keepPlaces(search: Search): void {
  if (search.plan.nodes > 1) {
    const nodes = new Set(membersOf(search.plan).map(({ node }) => node));
    for (const node of nodes) if (search.try(withOneNode(search.plan, node))) break;
  }
  for (let nodes = 1; nodes < Math.min(search.plan.nodes, NODES_FEW); nodes += 1)
    if (search.try(withNodes(search.plan, nodes))) break;
  for (let shards = 1; shards < search.plan.shards; shards += 1)
    if (search.try(withShards(search.plan, shards))) return;
}

function plainly(search: Search): void {
  search.try(withTopics(search.plan, focusIn(search).topics));
  for (const step of [...plainerSteps, ...plainerGatewaySteps, ...plainerChatSteps])
    search.try(step(search.plan));
}

/** Workload that goes on after the violation, or long after the last fault, tells nothing. */
function endSooner(search: Search): void {
  const { plan, violation } = search;
  const last = plan.faults.map(({ at, durationUs }) => at + durationUs);
  const neededUs = violation.at < plan.horizonUs ? violation.at : Math.max(0, ...last) + ROUND_US;
  const horizonUs = Math.ceil(neededUs / ROUND_US) * ROUND_US;
  if (horizonUs < plan.horizonUs) search.try({ ...plan, horizonUs });
  const half = (): number => Math.ceil(search.plan.horizonUs / 2 / ROUND_US) * ROUND_US;
  while (half() < search.plan.horizonUs && search.try({ ...search.plan, horizonUs: half() }));
}

/** Every value by itself, as fast-check would shrink it: a success does not begin the others anew. */
function shrinkValues(search: Search): void {
  const end = search.simulations + VALUES_MAX;
  for (let place = 0; place < search.plan.faults.length; place += 1)
    descend(search, end, simplerFault, search.plan.faults[place] as Fault, (fault) => ({
      ...search.plan,
      faults: search.plan.faults.with(place, fault),
    }));
  descend(search, end, simplerSettings, settingsOf(search.plan), (settings) => ({
    ...search.plan,
    ...settings,
  }));
  for (let place = 0; place < search.plan.clients.length; place += 1)
    descend(search, end, simplerClient, search.plan.clients[place] as ClientPlan, (client) => ({
      ...search.plan,
      clients: search.plan.clients.with(place, client),
    }));
}

function descend<T>(
  search: Search,
  end: number,
  arbitrary: Arbitrary<T>,
  from: NoInfer<T>,
  planWith: (value: T) => Plan,
): void {
  let current = { value: from, context: undefined as unknown };
  for (let next: typeof current | undefined = current; next !== undefined;) {
    current = next;
    next = undefined;
    for (const { value, context } of arbitrary.shrink(current.value, current.context)) {
      if (search.simulations >= end) return;
      if (!search.try(planWith(value))) continue;
      next = { value, context };
      break;
    }
  }
}

const SIMULATIONS_MAX = 300;
/** Blocks of at least this many go first: each that can be spared makes all later runs cheaper. */
const COARSE = 4;
/** Runs for single values: beside what came before, they give a reader little. */
const VALUES_MAX = 40;
/** Other streams for a smaller plan: by then a run is so short that this costs little. */
const CHANCES = 4;
const PATIENCE_US = 1_000_000;
const ROUND_US = 100_000;
/** One less than this is the most that a story is brought to. */
const NODES_FEW = 4;
