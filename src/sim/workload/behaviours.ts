// What clients do of their own accord: publish, follow and unfollow faster than the answers come, come and go,
// say nonsense. Called when a client's time has come; draws from the client's own stream alone.
// Refuses to know what comes of it.

import { encodeText } from '../../actors/codecs/utf8-text.ts';
import type { Client } from './client.ts';
import { type ClientPlan, pulse, purposes } from './client-plan.ts';
import { goesOnceMore } from './own-ways.ts';

/** One action, and the appointment for the next. */
export function act(client: Client): void {
  const { plan, world, chance } = client;
  if (world.isSettling) {
    goOnceMore(client);
    return;
  }
  client.later(purposes.act, (plan.everyUs >> 1) + chance.below(plan.everyUs));
  if (plan.transport === 'post') {
    if (chance.chance(1, 4) && isRoomy(client) && hasDoorsOpen(client))
      client.answers.asking.call();
    else post(client);
    return;
  }
  if (client.answers.asking.isOwedClose) return;
  if (plan.leavesEveryUs > 0 && chance.chance(plan.everyUs, plan.leavesEveryUs)) {
    client.leave(chance.chance(1, 2));
    return;
  }
  if (plan.transport !== 'ws' || !client.isOpen || client.isClosing) return;
  if (plan.behaviour === 'churning') churn(client);
  else if (plan.behaviour === 'malformed') babble(client);
  else if (plan.behaviour === 'mistaken' && isRoomy(client)) ask(client);
  else if (plan.publishes.length > 0) {
    if (!plan.isPulsing || speaksAt(world.now)) publish(client);
  } else if (plan.topics.length > 0 && (mayGoOn(plan) || chance.chance(1, 20)))
    inquire(client, plan.topics);
}

function speaksAt(now: number): boolean {
  const at = now % pulse.everyUs;
  const isShort = at >= pulse.shortFromUs && at < pulse.shortToUs;
  return isShort || (at >= pulse.longFromUs && at < pulse.longToUs);
}

/** Who answers no ping has much to say besides. */
function mayGoOn({ isCurious, behaviour }: ClientPlan): boolean {
  return isCurious || behaviour === 'mute';
}

/** Whoever comes and goes does so for the last time when all is well; its place is to be there still. */
function goOnceMore(client: Client): void {
  if (goesOnceMore(client.plan) && !client.answers.asking.isOwedClose) client.leave(true);
}

/** A last publication to each of its topics, when all is well again; nobody follows what is only his own. */
export function probe(client: Client): void {
  const { plan } = client;
  client.answers.asking.rest();
  if (plan.behaviour !== 'steady') return;
  if (plan.transport === 'post') client.posting.post(plan.publishes);
  else if (client.isOpen) for (const topic of plan.publishes) client.answers.publish(topic, true);
}

/** When everything is at rest: who follows what, and how far each topic has come? */
export function askCensus(client: Client): void {
  const { plan, answers } = client;
  if (plan.behaviour !== 'steady') return;
  // Whoever may not follow everything is not shown everything.
  if (plan.token?.subscribe.includes('*') === false) return;
  const [topic = ''] = plan.publishes;
  if (plan.transport === 'post')
    client.posting.look(plan.client % 2 === 0 ? 'list' : 'info', topic, true);
  if (plan.transport !== 'ws' || !client.isOpen) return;
  answers.ask('list', '', true);
  for (const followed of plan.topics) answers.ask('info', followed, true);
}

function publish(client: Client): void {
  const { plan, chance } = client;
  const topic = chance.pick(plan.publishes);
  const isAcked = chance.chance(3, 4);
  for (let i = 0; i < plan.burst; i += 1) client.answers.publish(topic, isAcked);
  if (chance.chance(1, 50)) inquire(client, plan.publishes);
}

function inquire({ chance, answers }: Client, topics: readonly string[]): void {
  const topic = chance.pick(topics);
  if (chance.chance(1, 2)) answers.ask('list', topic);
  // Many at once, so that one is on its way when something happens.
  else
    for (let times = chance.chance(1, 4) ? 16 : 1; times > 0; times -= 1)
      answers.ask('info', topic);
}

function post(client: Client): void {
  const { plan, chance } = client;
  if (chance.chance(1, 8)) {
    client.posting.look(chance.chance(1, 2) ? 'list' : 'info', chance.pick(plan.publishes));
    return;
  }
  const topics: string[] = [];
  for (let i = 0; i < plan.burst; i += 1) topics.push(chance.pick(plan.publishes));
  client.posting.post(topics);
}

/** Faster than the round trip, and in any order. */
function churn(client: Client): void {
  const { plan, chance, answers } = client;
  const topic = chance.pick(plan.topics);
  const steps = 1 + chance.below(4);
  for (let i = 0; i < steps; i += 1) {
    if (chance.chance(1, 2)) {
      const ahead = chance.chance(1, 8) ? chance.below(4) : 0;
      answers.subscribe(topic, ahead, plan.envelope !== chance.chance(1, 4));
    } else answers.unsubscribe(topic);
  }
}

/** Sentences that mean nothing, and now and then bytes that are no frame at all. */
function babble(client: Client): void {
  const { chance } = client;
  const { asking } = client.answers;
  if (asking.isBroken) asking.linger();
  else if (chance.chance(3, 4)) client.say(encodeText(chance.pick(NONSENSE)));
  else asking.breakOff();
}

/** Several mistakes at once, so that answers may come in another order than they should. */
/** Where limits are narrow an exact answer cannot be known: anybody may have used up what there is. */
function isRoomy({ world }: Client): boolean {
  const { options, hasFewTopics } = world;
  const isLavish = options.messagesPerSecondMax > MANY_MESSAGES;
  return options.publish === 'all' && isLavish && !hasFewTopics;
}

function ask({ chance, answers }: Client): void {
  const times = 1 + chance.below(6);
  for (let i = 0; i < times; i += 1) answers.asking.ask();
}

/** Nobody is turned away because others are there. */
function hasDoorsOpen({ world }: Client): boolean {
  const { connectionsMax, connectionsPerAddressMax } = world.options;
  return Math.min(connectionsMax, connectionsPerAddressMax) > MANY_CLIENTS;
}

const MANY_CLIENTS = 1_000;
const MANY_MESSAGES = 10_000;

const NONSENSE: readonly string[] = [
  '',
  '{',
  '[]',
  '{"type":"subscribe"}',
  '{"type":"subscribe","topic":7}',
  '{"type":"publish"}',
  '{"topic":"","data":1}',
  `{"topic":"${'x'.repeat(300)}","data":1}`,
  `{"topic":"deep","data":${'['.repeat(600)}${']'.repeat(600)}}`,
  '{"type":"subscribe","topic":"a","since":{"epoch":"","offset":-1}}',
  '{"type":"unsubscribe","topic":"never"}',
];

/** Tells what is still open when everything is at rest. */
export function tellUnanswered(client: Client): void {
  const { answers, world } = client;
  if (!client.isOpen || client.isClosing) return;
  for (const question of answers.open) {
    const topic = question.type === 'publish' ? question.published.topic : question.topic;
    world.trace.add({ ...client.at(), kind: 'unanswered', what: question.type, topic });
  }
}
