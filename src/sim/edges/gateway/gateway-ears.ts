// What operators and publishers of a simulated node hear: who follows which channel, and how a publication was
// answered. Everything else is forgotten. Refuses to know who listens in production.

import type { Log } from '../../../actors/runtime/edges.ts';
import type { ControlReply, OperatorNotice } from '../../../actors/runtime/gateway-edges.ts';
import { errandNamed, errandOf, errands } from '../../records/errands/all.ts';
import type { Errand } from '../../records/errands/errand.ts';
import { noticeWords } from '../../records/errands/notices.ts';
import type { Trace } from '../../trace.ts';

export class GatewayEars {
  readonly #trace: Trace;
  readonly #node: number;
  readonly #shard: number;
  /** By mode and channel, where it is more than nobody. */
  readonly #followed = new Map<string, readonly [channel: string, mode: string, count: number]>();

  constructor(trace: Trace, node: number, shard: number) {
    this.#trace = trace;
    this.#node = node;
    this.#shard = shard;
  }

  get followed(): readonly (readonly [string, string, number])[] {
    return [...this.#followed.values()];
  }

  hearNotice(notice: OperatorNotice): void {
    const node = this.#node;
    const shard = this.#shard;
    const errand = aboutWhom(notice);
    const words = errand?.noticed && noticeWords(notice);
    if (errand !== undefined && words !== undefined)
      this.#trace.add({ kind: 'errandNoticed', node, errand: errand.name, words });
    switch (notice.type) {
      case 'channelFollowed': {
        const { channel, mode, subscribers } = notice;
        if (subscribers === 0) this.#followed.delete(`${mode} ${channel}`);
        else this.#followed.set(`${mode} ${channel}`, [channel, mode, subscribers]);
        return;
      }
      case 'clientConnected':
      case 'clientDisconnected': {
        const { id, route, type } = notice;
        const isThere = type === 'clientConnected';
        this.#trace.add({ kind: 'clientTold', node, shard, id, route, isThere });
        return;
      }
      case 'messageSent': {
        const { channel, transport, receivers } = notice;
        this.#trace.add({ kind: 'sendingTold', node, channel, transport, receivers });
        return;
      }
      default:
    }
  }

  hearLog({ event, fields }: Log): void {
    if (event === 'gateway.hwmExceeded') this.#hearDropped(fields);
    else if (event === 'gateway.request') this.#hearRequest(fields);
  }

  #hearDropped({ channel, receivers }: Log['fields']): void {
    const its = { channel: String(channel), receivers: Number(receivers) };
    this.#trace.add({ kind: 'itemDropped', node: this.#node, ...its });
  }

  /** Of scenes alone. */
  #hearRequest(fields: Log['fields']): void {
    const [, client, number] = /\?n=(\d+)&s=(\d+)$/.exec(String(fields['url'])) ?? [];
    if (client === undefined || number === undefined) return;
    const { isRetry = false, ...rest } = fields;
    // Why is for people to read.
    const words = Object.entries(rest).map(([name, value]) =>
      name === 'error' ? name : `${name}=${value}`,
    );
    const place = { client: Number(client), number: Number(number) };
    const line = { words: words.join(' '), isRetry: isRetry === true };
    this.#trace.add({ kind: 'requestLogged', node: this.#node, ...place, ...line });
  }

  hearReply(reply: ControlReply): void {
    const node = this.#node;
    if (reply.type === 'controlAnswer') {
      const { connection, status, body } = reply;
      if (connection === 0) this.#trace.add({ kind: 'controlAnswered', node, status });
      else this.#hearErrand(connection, `${status} ${body}`);
    } else if (reply.type === 'commandReply')
      this.#hearErrand(reply.ref, new TextDecoder().decode(reply.frame));
  }

  #hearErrand(number: number, answer: string): void {
    const errand = errands[number - 1];
    if (errand === undefined) throw new Error(`there is no errand ${number}`);
    this.#trace.add({ kind: 'errandAnswered', node: this.#node, errand: errand.name, answer });
  }
}

/** Whose channel it is about, or whose route. */
function aboutWhom(notice: OperatorNotice): Errand | undefined {
  if ('channel' in notice) return errandOf(notice.channel);
  const route = 'route' in notice ? notice.route : undefined;
  return route === undefined ? undefined : errandNamed(route);
}
