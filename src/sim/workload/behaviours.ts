// What clients do of their own accord: publish, follow and unfollow faster than the answers come, come and go,
// say nonsense. Called when a client's time has come; draws from the client's own stream alone.
// Refuses to know what comes of it.

import { encodeFrame } from '../../actors/codecs/websocket-frames.ts';
import { encodeText } from '../../actors/codecs/utf8-text.ts';
import type { Client } from './client.ts';
import { purposes } from './client-plan.ts';

/** One action, and the appointment for the next. */
export function act(client: Client): void {
  const { plan, world, chance } = client;
  if (world.isSettling) return;
  client.later(purposes.act, (plan.everyUs >> 1) + chance.below(plan.everyUs));
  if (plan.transport === 'post') {
    post(client);
    return;
  }
  if (plan.leavesEveryUs > 0 && chance.chance(plan.everyUs, plan.leavesEveryUs)) {
    client.leave(chance.chance(1, 2));
    return;
  }
  if (plan.transport !== 'ws' || !client.isOpen || client.isClosing) return;
  if (plan.behaviour === 'churning') churn(client);
  else if (plan.behaviour === 'malformed') babble(client);
  else if (plan.publishes.length > 0) publish(client);
  else if (plan.topics.length > 0 && chance.chance(1, 20)) inquire(client, plan.topics);
}

/** A last publication to each of its topics, when all is well again. */
export function probe(client: Client): void {
  const { plan } = client;
  if (plan.behaviour !== 'steady') return;
  if (plan.transport === 'post') client.posting.post(plan.publishes);
  else if (client.isOpen) for (const topic of plan.publishes) client.answers.publish(topic, true);
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
  answers.ask(chance.chance(1, 2) ? 'list' : 'info', topic);
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
    if (chance.chance(1, 2)) answers.subscribe(topic);
    else answers.unsubscribe(topic);
  }
}

/** Sentences that mean nothing, and now and then bytes that are no frame at all. */
function babble(client: Client): void {
  const { chance, world } = client;
  if (chance.chance(7, 8)) {
    client.say(encodeText(chance.pick(NONSENSE)));
    return;
  }
  if (world.lane === 'object') {
    client.sayRaw({ word: 'broken', code: chance.pick([1002, 1007, 1009] as const) });
    return;
  }
  client.sayRaw(chance.pick(BROKEN)(chance.next()));
}

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

const mask = new Uint8Array([1, 2, 3, 4]);
const text = new Uint8Array([0x7b, 0x7d]);

/** Each makes one connection's worth of trouble. */
const BROKEN: readonly ((word: number) => Uint8Array)[] = [
  // Not masked.
  () => encodeFrame('text', text),
  // Reserved bit, reserved opcode.
  () => patched(encodeFrame('text', text, { mask }), 0, 0xc1),
  () => patched(encodeFrame('text', text, { mask }), 0, 0x83),
  // A control frame that is too long, or in parts.
  () => encodeFrame('ping', new Uint8Array(126), { mask }),
  () => encodeFrame('ping', text, { mask, fin: false }),
  // Half a code point.
  () => encodeFrame('text', new Uint8Array([0xe2, 0x82]), { mask }),
  // A length beyond every limit.
  () => new Uint8Array([0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]),
  // Anything.
  (word) => new Uint8Array([word, word >>> 8, word >>> 16, word >>> 24, 0x81, 0x82]),
];

function patched(frame: Uint8Array, at: number, byte: number): Uint8Array {
  frame[at] = byte;
  return frame;
}
