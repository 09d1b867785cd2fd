// A failed run as a story for somebody who has never seen it: the world, who takes part, what goes wrong and when,
// what happened in the end, and what the spec had promised instead. Made to be read after shrinking; of a large run
// it tells only whom the violation is about. Refuses to judge.

import type { Plan } from '../plan.ts';
import { channelsOf, holdersOf, outagesOf, playersOf } from '../plan/plainer-gateway.ts';
import type { Report } from '../simulate.ts';
import type { Violation } from '../trace.ts';
import { clusterFaultsOf, crossersOf, strangersOf, talkersOf } from '../plan/plainer-chat.ts';
import { eventsAround, focusAround } from './stories/around.ts';
import {
  chatSettingWords,
  clusterFaultWords,
  crosserWords,
  strangerWords,
  talkerWords,
} from './stories/chat-cast.ts';
import { promiseOf } from './stories/promises.ts';
import { faultWords, poisonWords } from './stories/fault-words.ts';
import {
  channelWords,
  gatewaySettingWords,
  holderWords,
  originWords,
  playerWords,
  outageWords,
} from './stories/gateway-cast.ts';
import { clientWords, Epochs, eventWords, settingWords } from './stories/words.ts';
import { count, instant } from './telling.ts';

/** At most about thirty lines; without a violation only the world and its faults. */
export function tellStory(report: Report): string[] {
  const { plan, trace, violations } = report;
  const [violation] = violations;
  if (violation === undefined) return [...worldLines(plan), ...faultLines(plan), NOTHING_BROKEN];
  const focus = focusAround(trace, violation);
  const before = [
    ...worldLines(plan),
    ...castLines(plan, focus.clients),
    ...faultLines(plan, violation.at),
  ];
  const promises = promiseLines(violation);
  const left = LINES_MAX - before.length - promises.length - LINES_BETWEEN;
  const epochs = new Epochs();
  const events = eventsAround(trace, violation, focus, Math.max(EVENTS_MIN, left));
  const happened = events.map((event) => line(event.at, eventWords(event, epochs)));
  return [
    ...before,
    'What happened in the end:',
    ...happened,
    ...(epochs.legend === undefined ? [] : [`  ${epochs.legend}`]),
    brokenLine(violation, epochs),
    ...promises,
  ];
}

function worldLines(plan: Plan): string[] {
  const { seed, lane, nodes, shards } = plan;
  const size = `${count(nodes, 'node')} of ${count(shards, 'shard')}`;
  const { gateway, chat } = plan;
  const settings = [
    ...settingWords(plan),
    ...(gateway === undefined ? [] : gatewaySettingWords(gateway)),
    ...(chat === undefined ? [] : chatSettingWords(chat)),
  ];
  return [
    `The world of seed ${seed} in the ${lane} lane: ${size}, numbered node.shard from 0.0.`,
    ...(settings.length === 0 ? [] : [`Unusual in it: ${settings.join('; ')}.`]),
    ...gatewayLines(plan),
  ];
}

/** What is published, and how its origins are at all times. */
function gatewayLines(plan: Plan): string[] {
  const channels = channelsOf(plan).map(channelWords);
  const origins = (plan.gateway?.origins ?? []).flatMap((origin) => originWords(origin) ?? []);
  return [
    ...(channels.length === 0 ? [] : [`Published: ${channels.join('; ')}.`]),
    ...(origins.length === 0 ? [] : [`Its origins: ${origins.join('; ')}.`]),
  ];
}

/** Those whom it is about, and faults befall; the others by number. */
function castLines(plan: Plan, focus: ReadonlySet<number>): string[] {
  const struck = new Set(plan.faults.map(({ target }) => target));
  const clients = [
    ...plan.clients.map((client) => ({ client: client.client, words: clientWords(client) })),
    ...holdersOf(plan).map((holder) => ({ client: holder.client, words: holderWords(holder) })),
    ...playersOf(plan).map((player) => ({ client: player.client, words: playerWords(player) })),
    ...talkersOf(plan).map((talker) => ({ client: talker.client, words: talkerWords(talker) })),
    ...crossersOf(plan).map((one) => ({ client: one.client, words: crosserWords(one) })),
  ];
  const told = clients
    .toSorted((one, other) => rankOf(one.client) - rankOf(other.client))
    .slice(0, CAST_MAX);
  function rankOf(client: number): number {
    if (focus.has(client)) return 0;
    return struck.has(client) ? 1 : 2;
  }
  const rest = clients.length - told.length;
  return [
    'Who takes part:',
    ...told.map(({ words }) => `  ${words}`),
    ...(rest === 0 ? [] : [`  and ${count(rest, 'client')} more`]),
  ];
}

function faultLines(plan: Plan, until = Number.POSITIVE_INFINITY): string[] {
  const faults = [
    ...plan.faults.map((fault) => ({ at: fault.at, words: faultWords(fault, plan.shards) })),
    ...outagesOf(plan).map(({ host, outage }) => ({
      at: outage.at,
      words: outageWords(host, outage),
    })),
    ...clusterFaultsOf(plan).map((fault) => ({ at: fault.at, words: clusterFaultWords(fault) })),
    ...strangersOf(plan).map((one) => ({ at: one.at, words: strangerWords(one) })),
    ...(plan.poisons ?? []).map((poison) => ({ at: poison.at, words: poisonWords(poison) })),
  ]
    .filter(({ at }) => at <= until)
    .toSorted((one, other) => one.at - other.at);
  if (faults.length === 0) return ['Nothing goes wrong: ordinary traffic is enough.'];
  const told = faults.slice(-FAULTS_MAX);
  const rest = faults.length - told.length;
  return [
    'What goes wrong:',
    ...(rest === 0 ? [] : [`  first ${count(rest, 'fault')} more`]),
    ...told.map(({ at, words }) => line(at, words)),
  ];
}

function brokenLine({ property, requirements, at, sentence }: Violation, epochs: Epochs): string {
  const ids = requirements.length === 0 ? '' : ` [${requirements.join(', ')}]`;
  return `Broken: ${property}${ids}, at ${instant(at)}: ${epochs.in(sentence)}.`;
}

/** What should have been, as the spec says it. */
function promiseLines({ requirements }: Violation): string[] {
  const lines: string[] = [];
  for (const id of requirements.slice(0, PROMISES_MAX)) {
    const promise = promiseOf(id);
    if (promise !== undefined) lines.push(`Promised [${id}]: ${promise}`);
  }
  return lines;
}

function line(at: number, words: string): string {
  return `  ${instant(at).padStart(11)}  ${words}`;
}

const LINES_MAX = 30;
/** The heading, the legend and what is broken. */
const LINES_BETWEEN = 3;
const EVENTS_MIN = 8;
const PROMISES_MAX = 3;
const NOTHING_BROKEN = 'No property is broken.';
const CAST_MAX = 6;
const FAULTS_MAX = 6;
