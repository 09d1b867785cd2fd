// The publishers' and operators' side of the gateway on one shard: the control door (on shard 0), what the main thread
// hands over from ZeroMQ, and what the shard's actors notice for the main thread.
// Refuses to know what is published. Obeys spec/grip.md, sections "Publishing" and "Statistics".

import type { ControlMessage } from '../../actors/gateway/control.actor.ts';
import type { Address } from '../../actors/runtime/actor.ts';
import type { ControlReply, OperatorNotice } from '../../actors/runtime/gateway-edges.ts';
import { ControlEdge } from '../control.edge.ts';
import type { FromShard, ToShard } from '../shard-messages.ts';
import type { ShardOperations } from '../shards-contract.ts';
import { Notices } from './notices.ts';

export interface DeskSurroundings {
  /** The control actor; on shard 0 alone it exists. */
  readonly actor: Address<ControlMessage>;
  deliver(to: Address<ControlMessage>, message: ControlMessage): void;
  schedule(): void;
  count(counter: string, by: number): void;
  say(message: FromShard): void;
}

export type ForDesk = Extract<ToShard, { readonly type: 'itemsReceived' | 'commandReceived' }>;

export class ShardDesk {
  readonly #surroundings: DeskSurroundings;
  readonly #control: ControlEdge | undefined;
  readonly #notices: Notices;

  constructor(operations: ShardOperations | undefined, surroundings: DeskSurroundings) {
    this.#surroundings = surroundings;
    const { control, notices = { channels: false, figures: false } } = operations ?? {};
    this.#control = control === undefined ? undefined : new ControlEdge(control, surroundings);
    this.#notices = new Notices(notices, (told) => {
      surroundings.say({ type: 'noticed', notices: told });
    });
  }

  /** Opens the control door, and says how that went. */
  async listen(port: number): Promise<void> {
    const surroundings = this.#surroundings;
    if (this.#control === undefined) throw new Error('there is no control door to open');
    try {
      const address = await this.#control.listen(port);
      surroundings.say({ type: 'listening', door: 'control', ...address });
    } catch (error) {
      const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
      surroundings.say({ type: 'listenFailed', door: 'control', code, message });
    }
  }

  /** What came by ZeroMQ. Items are answered for when the actor has taken them, so that they do not pile up. */
  take(message: ForDesk): void {
    const surroundings = this.#surroundings;
    const { actor } = surroundings;
    if (message.type === 'itemsReceived') {
      for (const item of message.items) surroundings.deliver(actor, item);
      surroundings.deliver(actor, { type: 'batchEnded', ref: message.ref });
    } else surroundings.deliver(actor, message);
    surroundings.schedule();
  }

  obey(reply: ControlReply): void {
    switch (reply.type) {
      case 'controlAnswer':
        this.#control?.obey(reply);
        return;
      case 'batchTaken':
        this.#surroundings.say({ type: 'itemsTaken', ref: reply.ref });
        return;
      case 'commandReply':
        this.#surroundings.say(reply);
        return;
      default:
        reply satisfies never;
    }
  }

  notice(notice: OperatorNotice): void {
    this.#notices.notice(notice);
  }

  /** The end of a turn. */
  flush(): void {
    this.#notices.endTurn();
  }

  close(): void {
    this.#notices.flush();
    this.#control?.close();
  }
}
