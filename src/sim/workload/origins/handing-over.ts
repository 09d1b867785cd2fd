// How what a publisher hands over reaches the control actor of a node: as the body of a request, whose answer is not tied
// to it, or in the frames of a ZeroMQ socket. Refuses to know what it says.

import type { ControlEvent } from '../../../actors/runtime/gateway-edges.ts';
import type { PublishWay } from '../../records/gateway-records.ts';

/** Of a SUB the channel stands in a frame before it. */
export function handedOver(
  body: Uint8Array,
  way: PublishWay,
  channel = new Uint8Array(0),
): ControlEvent {
  if (way !== 'http')
    return { type: 'itemReceived', input: way, frames: way === 'sub' ? [channel, body] : [body] };
  return {
    type: 'controlRequested',
    connection: 0,
    method: 'POST',
    target: '/publish/',
    accept: undefined,
    body,
  };
}
