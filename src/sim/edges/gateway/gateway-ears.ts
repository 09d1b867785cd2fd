// What operators and publishers of a simulated node hear: who follows which channel, and how a publication was
// answered. Everything else is forgotten. Refuses to know who listens in production.

import type { ControlReply, OperatorNotice } from '../../../actors/runtime/gateway-edges.ts';
import type { Trace } from '../../trace.ts';

export class GatewayEars {
  readonly #trace: Trace;
  readonly #node: number;
  /** By mode and channel, where it is more than nobody. */
  readonly #followed = new Map<string, readonly [channel: string, mode: string, count: number]>();

  constructor(trace: Trace, node: number) {
    this.#trace = trace;
    this.#node = node;
  }

  get followed(): readonly (readonly [string, string, number])[] {
    return [...this.#followed.values()];
  }

  hearNotice(notice: OperatorNotice): void {
    if (notice.type !== 'channelFollowed') return;
    const { channel, mode, subscribers } = notice;
    if (subscribers === 0) this.#followed.delete(`${mode} ${channel}`);
    else this.#followed.set(`${mode} ${channel}`, [channel, mode, subscribers]);
  }

  hearReply(reply: ControlReply): void {
    if (reply.type !== 'controlAnswer') return;
    const { connection, status, body: answer } = reply;
    const node = this.#node;
    if (connection === 0) this.#trace.add({ kind: 'controlAnswered', node, status });
    else this.#trace.add({ kind: 'postAnswered', node, post: connection - 1, status, answer });
  }
}
