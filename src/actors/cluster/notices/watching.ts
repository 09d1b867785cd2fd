// What the keeper of members makes known of the cluster's troubles: who is cut off, whose clock is wrong, where clients
// may go instead, and when those of a smaller side are sent away. Told once, and once more when it is over.
// Refuses to know links and clients. Obeys spec/hp-peer.md, sections "Partitions" and "Clocks".

import { log, type MembersState, serves, tellDoors, type Turn } from '../links/members-state.ts';
import type { Member } from '../links/membership.ts';

/** To be called when anything has changed, and now and then. */
export function lookAround(state: MembersState, context: Turn): void {
  lookAtSplit(state, context);
  lookAtDetours(state, context);
  countSkewed(state, context);
  lookAtMinority(state, context);
  tellServers(state, context);
}

/** [HP-PART-4] */
function lookAtSplit(state: MembersState, context: Turn): void {
  const { membership, toldCutOff } = state;
  const { cutOff } = membership;
  const names = cutOff.map(({ node }) => node);
  if (names.join(' ') === toldCutOff.join(' ')) return;
  context.count('cluster.cutOff', names.length - toldCutOff.length);
  state.toldCutOff = names;
  const isSplit = cutOff.some((member) => !membership.isHeardByOthers(member));
  const list = names.join(', ');
  if (names.length > 0) {
    log(state, 'warn', 'cluster.partition', { nodes: list, isServing: isYes(state) }, context);
    state.isSplit ||= isSplit;
    // One that is found again while others are not is no news.
    if (names.every((name) => toldCutOff.includes(name))) return;
    const isForAdmins = !isSplit;
    const rest = serves(state) ? '' : ' Logins and messages to rooms are refused meanwhile.';
    const message = `${list} cannot be reached: who is there looks offline.${rest}`;
    tellDoors(state, { type: 'clusterNotice', code: 'PARTITION', message, isForAdmins }, context);
    return;
  }
  log(state, 'info', 'cluster.partitionHealed', { nodes: toldCutOff.join(', ') }, context);
  const message = 'Every node that is up can be reached again.';
  tellDoors(
    state,
    { type: 'clusterNotice', code: 'PARTITION_HEALED', message, isForAdmins: !state.isSplit },
    context,
  );
  state.isSplit = false;
}

/** [HP-DETOUR-6] Nobody but an operator notices that a link is broken which has a detour. */
function lookAtDetours(state: MembersState, context: Turn): void {
  const since = context.now - DETOUR_TOLD_AFTER_MS * 1_000;
  const carried = [...state.links.values()].filter(
    ({ node, via, since: began }) =>
      via !== undefined && (began <= since || state.toldDetours.includes(node)),
  );
  const names = carried.map(({ node }) => node).toSorted();
  const before = state.toldDetours;
  if (names.join(' ') === before.join(' ')) return;
  context.count('cluster.detoured', names.length - before.length);
  state.toldDetours = names;
  const list = names.join(', ');
  const isOver = names.length === 0;
  log(state, 'warn', isOver ? 'cluster.detoursOver' : 'cluster.detoured', { nodes: list }, context);
  if (names.every((name) => before.includes(name)) && !isOver) return;
  const code = isOver ? 'PARTITION_HEALED' : 'PARTITION';
  const message = isOver
    ? 'No node is reached by a detour any more.'
    : `${list} cannot be reached but through other nodes: a link is broken.`;
  tellDoors(state, { type: 'clusterNotice', code, message, isForAdmins: true }, context);
}

function isYes(state: MembersState): string {
  return serves(state) ? 'yes' : 'no';
}

/** [HP-PART-5] */
function lookAtMinority(state: MembersState, context: Turn): void {
  const { partitionPolicy, stableAfterMs } = state.args.cluster.options;
  if (serves(state)) {
    state.minoritySince = undefined;
    if (!state.hasRetreated) return;
    state.hasRetreated = false;
    log(state, 'info', 'cluster.minorityOver', {}, context);
    tellDoors(state, { type: 'comeBack' }, context);
    context.send(state.args.news, { type: 'retreated', isOver: true });
    return;
  }
  state.minoritySince ??= context.now;
  const isStable = context.now - state.minoritySince >= stableAfterMs * 1_000;
  if (partitionPolicy !== 'drain-minority' || state.hasRetreated || !isStable) return;
  state.hasRetreated = true;
  log(state, 'warn', 'cluster.minorityDrained', { afterMs: stableAfterMs }, context);
  tellServers(state, context);
  tellRetreat(state, context);
  context.send(state.args.news, { type: 'retreated', isOver: false });
}

export function tellRetreat(state: MembersState, context: Turn): void {
  tellDoors(state, { type: 'retreat', withinMs: RETREAT_WITHIN_MS }, context);
}

/** [HP-DRAIN-3] On the smaller side the others are where clients should go. */
export function tellServers(state: MembersState, context: Turn): void {
  const { membership } = state;
  const isElsewhere = ({ state: how, isDraining, clients }: Member): boolean => {
    const isThere = serves(state) ? how === 'up' && !isDraining : how === 'down';
    return clients !== '' && isThere;
  };
  const servers = membership.members.filter(isElsewhere).map(({ clients }) => clients);
  const word = servers.join(' ');
  if (word === state.toldServers) return;
  state.toldServers = word;
  tellDoors(state, { type: 'serversChanged', servers }, context);
}

/** [HP-CLOCK-1] Nothing is ordered by clocks, but people read times. */
export function lookAtClock(
  state: MembersState,
  member: Member,
  seconds: number,
  context: Turn,
): void {
  const before = degreeOf(member.skewSeconds);
  // One that stands at a limit is not told of again and again.
  const isBetter = degreeOf(Math.abs(seconds) + SETTLED_SECONDS) < before;
  const now = Math.max(degreeOf(seconds), isBetter ? 0 : before);
  const isSet = Math.abs(seconds - member.skewSeconds) > SETTLED_SECONDS;
  if (before !== now || now === 0 || isSet) member.skewSeconds = seconds;
  if (before === now) return;
  const { node } = member;
  const level = now === 2 ? 'error' : now === 1 ? 'warn' : 'info';
  log(state, level, 'cluster.clockSkew', { node, seconds }, context);
  if (now <= before) return;
  const way = seconds > 0 ? 'ahead' : 'behind';
  const message = `The clock of ${node} is ${Math.abs(seconds)} s ${way}: times may look wrong.`;
  const isForAdmins = now === 1;
  tellDoors(state, { type: 'clusterNotice', code: 'CLOCK_SKEW', message, isForAdmins }, context);
}

function countSkewed(state: MembersState, context: Turn): void {
  const skewed = state.membership.present.filter(({ skewSeconds }) => degreeOf(skewSeconds) > 0);
  context.count('cluster.clocks.skewed', skewed.length - state.skewed);
  state.skewed = skewed.length;
}

/** 0: right; 1: of interest to operators; 2: everybody sees it. A second of the way and of rounding is nobody's. */
function degreeOf(seconds: number): 0 | 1 | 2 {
  const off = Math.abs(seconds);
  if (off > SKEW_MAX_SECONDS) return 2;
  return off > SKEW_SECONDS ? 1 : 0;
}

const SKEW_SECONDS = 30;
const SKEW_MAX_SECONDS = 300;
/** What is mended sooner is no news. */
const DETOUR_TOLD_AFTER_MS = 3_000;
const SETTLED_SECONDS = 5;
const RETREAT_WITHIN_MS = 5_000;
