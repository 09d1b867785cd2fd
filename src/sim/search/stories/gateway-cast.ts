// Who takes part in a gateway's run beside the clients of the broker, and what is wrong with its origins, in plain words.
// Refuses to choose what is worth telling, and to know what happened.

import type {
  ChannelPlan,
  GatewayPlan,
  HolderPlan,
  OriginPlan,
  Outage,
} from '../../plan/gateway-plan.ts';
import { gatewayDefaults } from '../../../actors/gateway/gateway-options.ts';
import type { PlayerPlan } from '../../records/scenes/scene.ts';
import { grouped } from '../telling.ts';
import { seconds } from './words.ts';

/** One client of the gateway, by what it does. */
export function holderWords(holder: HolderPlan): string {
  const { client, what, prefix, channels, everyUs, padBytes, askBytes, leavesEveryUs } = holder;
  const names = channels.map((channel) => `'${prefix}${channel}'`).join(', ');
  const by = holder.isDirect === true ? 'of its origin, too' : 'over HTTP';
  const said = [deeds(what, names, by, everyUs)];
  if (holder.isJson && what === 'poll') said.push('its hold is told as JSON');
  if (holder.isGoneTold) said.push('its origin wants to know when it is gone');
  if (padBytes > 0) said.push(`its answers begin with ${grouped(padBytes)} bytes`);
  if (askBytes > 0 && what !== 'ws') said.push(`it asks with ${grouped(askBytes)} bytes`);
  if (leavesEveryUs > 0) said.push(`leaves about every ${seconds(leavesEveryUs)}`);
  return `client ${client} ${said.join('; ')}`;
}

function deeds(what: HolderPlan['what'], names: string, by: string, everyUs: number): string {
  switch (what) {
    case 'poll':
      return `polls ${names}`;
    case 'stream':
      return `reads a stream of ${names}`;
    case 'ws':
      return `follows ${names} by a WebSocket ${by}, and speaks about every ${seconds(everyUs)}`;
    case 'plain':
      return 'asks for what is passed on';
    default:
      return what satisfies never;
  }
}

/** One who plays scenes, by what they are. */
export function playerWords({ client, scenes }: PlayerPlan): string {
  const shapes = scenes.map(({ shape, acts }) => `a ${shape} of ${acts.length} acts`);
  return `client ${client} plays when faults are over: ${shapes.join(', ')}`;
}

export function channelWords(channel: ChannelPlan): string {
  const { prefix, name, hasIds, isOrdered, everyUs, burst, hintPercent, lostPercent } = channel;
  const said = [
    `'${prefix}${name}' has an item about every ${seconds(everyUs)}`,
    hasIds ? 'with ids' : 'without ids',
  ];
  if (burst > 1) said.push(`up to ${burst} at once`);
  if (!isOrdered) said.push('out of order, and some twice');
  if (hintPercent > 0) said.push(`${hintPercent} % are hints`);
  if (lostPercent > 0) said.push(`${lostPercent} % are lost`);
  return said.join(', ');
}

/** What is wrong with an origin all the time; undefined when nothing is. */
export function originWords(origin: OriginPlan): string | undefined {
  const { host, thinkUs, brokenPercent, errorPercent, truncatedPercent, lyingPercent } = origin;
  const said: string[] = [];
  if (thinkUs > SLOW_US) said.push(`takes up to ${seconds(thinkUs)} for an answer`);
  if (brokenPercent > 0) said.push(`breaks off ${brokenPercent} % of its answers before a head`);
  if (errorPercent > 0) said.push(`answers ${errorPercent} % with 500`);
  if (truncatedPercent > 0) said.push(`cuts ${truncatedPercent} % of its bodies short`);
  if (lyingPercent > 0) said.push(`is wrong about the last item in ${lyingPercent} %`);
  return said.length === 0 ? undefined : `${host} ${said.join('; ')}`;
}

export function outageWords(host: string, { kind, durationUs }: Outage): string {
  const what = {
    refused: 'refuses connections',
    unreachable: 'cannot be reached',
    silent: 'answers nothing',
  }[kind];
  return `${host} ${what} for ${seconds(durationUs)}`;
}

/** What is set otherwise than in a plain gateway. */
export function gatewaySettingWords({ options, sites }: GatewayPlan): string[] {
  const plain: Record<string, unknown> = { ...gatewayDefaults, subscriptionLingerMs: 200 };
  const changed = Object.entries(options)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(plain[name]))
    .map(([name, value]) => `${name} is ${typeof value === 'number' ? grouped(value) : value}`);
  return [...changed, ...sites.map((site) => `${site} may strike`)];
}

const SLOW_US = 5_000;
