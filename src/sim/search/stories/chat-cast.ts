// Who takes part in a chat's run, what is unusual about its nodes, and what goes wrong between them, in plain words.
// Refuses to choose what is worth telling, and to know what happened.

import { chatDefaults } from '../../../actors/chat/chat-options.ts';
import type { ClusterFault } from '../../faults/cluster-faults.ts';
import { wrongWords } from '../../faults/wrong-words.ts';
import type { ChatPlan, CrosserPlan, StrangerPlan, TalkerPlan } from '../../plan/chat-plan.ts';
import { changedOptions } from '../../plan/plainer-chat.ts';
import { grouped } from '../telling.ts';
import { seconds } from './words.ts';

/** One talker, by what it does. */
export function talkerWords(talker: TalkerPlan): string {
  const { client, node, user, rooms, everyUs, bodyBytes, leavesEveryUs, returns } = talker;
  const names = rooms.map((room) => `'${room}'`).join(', ');
  const who = `client ${client}, ${user} on node ${node},`;
  if (talker.isMute) return `${who} says nothing, and answers nothing`;
  const said = [`talks in ${names} about every ${seconds(everyUs)}`];
  if (talker.burst > 1) said.push(`${talker.burst} deeds at a time`);
  if (talker.askedMax > 1) said.push(`up to ${talker.askedMax} requests under way`);
  if (talker.hasAck) said.push('says what it has taken');
  if (talker.hasEcho) said.push('hears itself');
  if (bodyBytes > LARGE_BYTES) said.push(`says ${grouped(bodyBytes)} bytes`);
  if (talker.repeatPercent > 0) said.push(`says ${talker.repeatPercent} % twice`);
  if (talker.mistakePercent > 0) said.push(`${talker.mistakePercent} % of it wrong`);
  if (talker.readBytes > 0)
    said.push(`reads ${grouped(talker.readBytes)} bytes twenty times a second`);
  if (leavesEveryUs > 0) said.push(`leaves about every ${seconds(leavesEveryUs)}`);
  said.push(
    { anew: 'logs in anew', resumed: 'resumes', placed: 'resumes with its places' }[returns],
  );
  if (talker.wanders === true) said.push('comes back on another node each time');
  if (talker.tokenMs !== undefined) said.push(`shows tokens of ${seconds(talker.tokenMs * 1_000)}`);
  if (talker.reusesIds === true) said.push('says several things by one id');
  if (talker.countsAs !== undefined) said.push('counts its ids as others do');
  if (talker.stumbles === true) said.push('loses its connection again as soon as it stands');
  if (talker.dozes === true) said.push('reads nothing for a while before it leaves');
  if (talker.roams) said.push('goes to another node where its own does not answer');
  return `${who} ${said.join('; ')}`;
}

export function crosserWords({ client, node, topic, everyUs }: CrosserPlan): string {
  const speaks = everyUs === 0 ? '' : `, and publishes to it about every ${seconds(everyUs)}`;
  return `client ${client} on node ${node} follows '${topic}' of the broker${speaks}`;
}

export function strangerWords({ node, what }: StrangerPlan): string {
  return `a stranger (${what}) speaks to the peers' door of node ${node}`;
}

export function clusterFaultWords({ kind, one, other, durationUs, amount }: ClusterFault): string {
  const lasts = `for ${seconds(durationUs)}`;
  const [here, there] = [`node ${one}`, `node ${other}`];
  switch (kind) {
    case 'shutWay':
      if (amount === 0) return `nothing passes between ${here} and ${there} ${lasts}`;
      return amount === 1
        ? `nothing gets from ${here} to ${there} ${lasts}`
        : `nothing gets from ${there} to ${here} ${lasts}`;
    case 'split':
      return `the nodes fall into two parts (bits of ${amount}) ${lasts}`;
    case 'cutOff':
      if (amount === 0) return `${here} is cut off from all others ${lasts}`;
      return `${here} ${amount === 1 ? 'is not heard by' : 'does not hear'} the others ${lasts}`;
    case 'flapWay':
      return `the way between ${here} and ${there} is shut and open by turns of ${seconds(amount)} ${lasts}`;
    case 'halfOpenLink':
      return `the link of ${here} and ${there} falls silent for good, and nobody is told`;
    case 'resetLink':
      return `the link of ${here} and ${there} breaks`;
    case 'slowWay':
      return `the way between ${here} and ${there} takes ${seconds(amount)} longer ${lasts}`;
    case 'narrowWay':
      return `the way between ${here} and ${there} takes ${grouped(amount)} bytes a second ${lasts}`;
    case 'stallNode':
      return `${here} does nothing at all ${lasts}`;
    case 'killProcess':
      return `${here} dies, and comes back after ${seconds(durationUs)}, knowing nothing`;
    case 'clockJump':
      return `the clock of ${here} jumps by ${grouped(amount)} ms`;
    case 'drainNode':
      return `${here} says that it goes, and ends after ${seconds(durationUs)}`;
    case 'misspeak':
      return `${here} says something wrong to ${there} (${wrongWords[amount]?.name ?? ''})`;
    case 'failLink':
      return `the link with ${there} fails on ${here}, as a bug would have it`;
    case 'lagNode':
      return `${here} is told that its thread is late by ${amount} ms, ${lasts}`;
    case 'massReconnect':
      return 'all talkers of all nodes lose their connections';
    default:
      return kind satisfies never;
  }
}

/** What is set otherwise than a chat is by default, but for the patience of all simulated ones. */
export function chatSettingWords({ options, cluster, skewsMs, upgrades = [] }: ChatPlan): string[] {
  const changed = changedOptions
    .filter((name) => options[name] !== chatDefaults[name])
    .map((name) => `${name} is ${words(options[name])}`);
  const skewed = skewsMs.flatMap((ms, node) =>
    ms === 0 ? [] : [`the clock of node ${node} is ${grouped(ms)} ms off`],
  );
  const elders = upgrades.flatMap((upgrade, node) =>
    upgrade === 'done'
      ? []
      : [
          `node ${node} speaks the version before${upgrade === 'later' ? ' in its first life' : ''}`,
        ],
  );
  const alone = cluster === undefined ? ['each node is alone'] : [];
  return [...changed, ...skewed, ...elders, ...alone];
}

function words(value: number | string): string {
  return typeof value === 'number' ? grouped(value) : value;
}

const LARGE_BYTES = 1_000;
