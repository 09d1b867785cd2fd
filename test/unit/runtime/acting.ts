// Actors made of a function, and a system to watch them in: what they failed with, what left the shard, and what
// arrived at an edge called `out`.

import {
  type ActorDefinition,
  type Address,
  addressOf,
  type Context,
  type RuntimeMessage,
} from '../../../src/actors/runtime/actor.ts';
import { System } from '../../../src/actors/runtime/system.ts';

export type Script = (message: string | RuntimeMessage, context: Context<string>) => void;
export type Role = ActorDefinition<unknown, unknown, string>;

export const out = addressOf<unknown>(0, 'out');

export function role(receive: Script, more: Partial<Role> = {}): Role {
  return {
    kind: 'role',
    mailboxMax: 100,
    onFailure: 'stop',
    start: () => 'started',
    receive: (_, message, context) => receive(message, context),
    ...more,
  };
}

/** A message as a word: its text, or its type. */
export function wordOf(message: string | RuntimeMessage): string {
  return typeof message === 'string' ? message : message.type;
}

/** Says whatever it hears to `out`. */
export const echo = role((message, context) => context.send(out, message));

export class Watched {
  readonly said: unknown[] = [];
  readonly crossed: unknown[] = [];
  readonly failures: { address: string; error: string; ended: boolean }[] = [];
  readonly collapses: string[] = [];
  readonly system: System;

  constructor(seed = 1) {
    this.system = new System({
      shard: 0,
      seed,
      crossing: (shard, to, message) => this.crossed.push([shard, to, message]),
      onFailure: (address, error, ended) => {
        this.failures.push({ address, error: String(error), ended });
      },
      onCollapse: (address) => this.collapses.push(address),
    });
    this.system.bind(out, (message) => this.said.push(message));
  }

  tell(to: Address<string>, ...messages: string[]): void {
    for (const message of messages) this.system.deliver(to, message);
  }

  /** Runs until nothing is ready. */
  run(now = 0): number {
    return this.system.run(now, 1_000_000);
  }

  take(): unknown[] {
    return this.said.splice(0);
  }
}
