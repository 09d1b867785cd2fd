// A control actor on a stage of its own: two shards, of which only the first runs; what it says to keepers, doors and
// edges is collected.

import { askingPaceOf } from '../../../src/actors/gateway/asking-pace.ts';
import { KeptHeaders } from '../../../src/actors/gateway/rewriting/kept-headers.ts';
import {
  channelOfTopic,
  topicOfChannel,
  type ChannelsMessage,
} from '../../../src/actors/gateway/channel-messages.ts';
import {
  controlActor,
  type ControlMessage,
  type ZmqUris,
} from '../../../src/actors/gateway/control.actor.ts';
import type { DoorOrder } from '../../../src/actors/gateway/door-messages.ts';
import type { GatewayContext } from '../../../src/actors/gateway/gateway-context.ts';
import { gatewayDefaults } from '../../../src/actors/gateway/gateway-options.ts';
import { homeOf } from '../../../src/actors/routing/topic.ts';
import { type Address, addressOf } from '../../../src/actors/runtime/actor.ts';
import type { Log } from '../../../src/actors/runtime/edges.ts';
import type { ControlReply, OperatorNotice } from '../../../src/actors/runtime/gateway-edges.ts';
import { System } from '../../../src/actors/runtime/system.ts';

export type Said =
  | { readonly to: 'keeper'; readonly shard: number; readonly message: ChannelsMessage }
  | { readonly to: 'door'; readonly shard: number; readonly message: DoorOrder }
  | { readonly to: 'control'; readonly message: ControlReply }
  | { readonly to: 'operator'; readonly message: OperatorNotice }
  | { readonly to: 'log'; readonly message: Log };

export class ControlStage {
  /** Everything in the order in which it was said. */
  readonly said: Said[] = [];
  readonly troubles: string[] = [];
  readonly system: System;
  readonly address: Address<ControlMessage>;
  #now = 1_000_000;

  constructor(
    options: {
      readonly shards?: number;
      readonly zmqUris?: ZmqUris;
      readonly messageBlockBytes?: number;
    } = {},
  ) {
    const {
      shards = 2,
      messageBlockBytes,
      zmqUris = { command: undefined, publishPull: undefined, publishSub: undefined },
    } = options;
    this.system = new System({
      shard: 0,
      seed: 1,
      crossing: (shard, to, message) => this.#hear(shard, to, message),
      onFailure: (address, error) => this.troubles.push(`${address}: ${String(error)}`),
      onCollapse: (address) => this.troubles.push(`${address} collapsed`),
    });
    for (const name of ['channels', 'gateway', 'edge/control', 'edge/operator', 'edge/log']) {
      this.system.bind(addressOf<unknown>(0, name), (message) =>
        this.#hear(0, `0/${name}`, message),
      );
    }
    const gateway = {
      shard: 0,
      shards,
      options: { ...gatewayDefaults, messageBlockBytes },
      edges: {
        web: addressOf(0, 'edge/web'),
        auth: addressOf(0, 'edge/auth'),
        log: addressOf(0, 'edge/log'),
        gateway: addressOf(0, 'edge/gateway'),
        operator: addressOf(0, 'edge/operator'),
        control: addressOf(0, 'edge/control'),
      },
      directory: '',
      isDraining: false,
      router: addressOf(0, 'router'),
      askingPace: askingPaceOf(shards),
      keptHeaders: new KeptHeaders(),
      channelsOfShard: (shard) => addressOf(shard, 'channels'),
    } satisfies Omit<GatewayContext, 'routes'>;
    this.address = this.system.spawn(
      controlActor,
      {
        // Nothing here looks at routes.
        gateway: gateway as unknown as GatewayContext,
        doorOfShard: (shard) => addressOf(shard, 'gateway'),
        zmqUris,
      },
      'control',
    );
    this.run();
  }

  tell(message: ControlMessage): void {
    this.system.deliver(this.address, message);
    this.run();
  }

  run(): void {
    this.system.run(this.#now, 1_000_000);
  }

  pass(ms: number): void {
    this.#now += ms * 1_000;
    this.run();
  }

  get answers(): ControlReply[] {
    return this.said.flatMap((said) => (said.to === 'control' ? [said.message] : []));
  }

  /** Channels of the items that keepers were given, each checked to be at home there. */
  get published(): string[] {
    return this.said.flatMap((said) => {
      if (said.to !== 'keeper' || said.message.type !== 'publishItem') return [];
      const topic = topicOfChannel(said.message.item.channel);
      if (homeOf(topic, 2) !== said.shard)
        throw new Error(`${topic} is not at home on ${said.shard}`);
      return [channelOfTopic(topic)];
    });
  }

  #hear(shard: number, to: string, message: unknown): void {
    const name = to.slice(to.indexOf('/') + 1);
    switch (name) {
      case 'channels':
        this.said.push({ to: 'keeper', shard, message: message as ChannelsMessage });
        return;
      case 'gateway':
        this.said.push({ to: 'door', shard, message: message as DoorOrder });
        return;
      case 'edge/control':
        this.said.push({ to: 'control', message: message as ControlReply });
        return;
      case 'edge/operator':
        this.said.push({ to: 'operator', message: message as OperatorNotice });
        return;
      case 'edge/log':
        this.said.push({ to: 'log', message: message as Log });
        return;
      default:
        this.troubles.push(`unexpected: ${to}`);
    }
  }
}
