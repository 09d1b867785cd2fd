// The gateway's part of a run, as data: its settings, the channels with their publishers, the origins with what goes
// wrong with them, and the clients that hold requests open. Refuses to act.

import type { GatewayOptions } from '../../actors/gateway/gateway-options.ts';
import type { GatewayStart } from '../../actors/node.ts';
import type { LinkPlan } from '../edges/link.ts';
import type { FilterName } from '../records/gateway-traits.ts';
import { errandRoutes } from '../records/errands/ways.ts';
import type { HolderKind } from '../records/gateway-records.ts';
import { IMPLICIT_CHANNELS, type PlayerPlan } from '../records/scenes/scene.ts';

export interface ChannelPlan {
  /** Without its prefix. */
  readonly name: string;
  readonly prefix: string;
  /** Holds are told which item comes before, and streams where to ask for what they missed. */
  readonly hasIds: boolean;
  /** Items are handed over one after the other, and each once. */
  readonly isOrdered: boolean;
  /** What a stream hears of an item besides its line; nothing, where nothing is said. */
  readonly paddingBytes?: number | undefined;
  /** Mean pause between two publications. */
  readonly everyUs: number;
  readonly burst: number;
  /** Of a hundred items: only a hint that there is something. */
  readonly hintPercent: number;
  /** Of a hundred items: never handed over, as when a publisher cannot reach a node. */
  readonly lostPercent: number;
}

export interface OriginPlan {
  readonly host: string;
  readonly thinkUs: number;
  /** Of a hundred answers: broken before their head, an error, cut short, wrong about the last item. */
  readonly brokenPercent: number;
  readonly errorPercent: number;
  readonly truncatedPercent: number;
  readonly lyingPercent: number;
  /** Bytes of a piece of a body. */
  readonly pieceBytes: number;
  readonly outages: readonly Outage[];
}

export interface Outage {
  readonly at: number;
  readonly durationUs: number;
  /** Connections are refused, or never made, or made and never answered. */
  readonly kind: 'refused' | 'unreachable' | 'silent';
}

export interface HolderPlan {
  readonly client: number;
  readonly node: number;
  readonly what: HolderKind;
  readonly prefix: string;
  /** Without the prefix. */
  readonly channels: readonly string[];
  /** Instructs come as JSON. */
  readonly isJson: boolean;
  /** The origin wants to know when the hold is over. */
  readonly isGoneTold: boolean;
  /** Bytes that an answer begins with. */
  readonly padBytes: number;
  /** Bytes of a question. */
  readonly askBytes: number;
  /** One of them is more than the gateway keeps. */
  readonly isTooLarge: boolean;
  /** Mean pause between two departures; 0 stays. */
  readonly leavesEveryUs: number;
  /** Mean pause between two words of a WebSocket. */
  readonly everyUs: number;
  readonly link: LinkPlan;
  /** Its WebSocket is led to one of its origin's own. */
  readonly isDirect?: boolean;
  /** On all its channels; of WebSockets, and of streams that are not told what they missed. */
  readonly filter?: FilterName | undefined;
  /** Of a WebSocket over HTTP: its origin wants one event in each request. */
  readonly isOneByOne?: boolean | undefined;
  /** How long each of its words is made; as long as they are, where nothing is said. */
  readonly wordBytes?: number | undefined;
  /** Mean pause between two times in which a stream is not read; it always is, where nothing is said. */
  readonly napsEveryUs?: number | undefined;
  /** Of the close with which a WebSocket goes; 1005 for none. */
  readonly closeCode?: number | undefined;
  /** It is kept alive in intervals; of the same streams. */
  readonly isInterval?: boolean;
}

export interface ErranderPlan {
  readonly client: number;
  readonly node: number;
  readonly errands: readonly PlannedErrand[];
  /** Some of them take their time. */
  readonly isPatient?: boolean;
}

/** A page with a session of SockJS, until faults are over. */
export interface IdlerPlan {
  readonly client: number;
  readonly node: number;
}

export interface PlannedErrand {
  readonly name: string;
  readonly atMs: number;
}

/** An operator writes the routes of a node anew, and has it look. */
export interface Rerouting {
  readonly at: number;
  readonly node: number;
}

export interface GatewayPlan {
  readonly options: GatewayOptions;
  readonly channels: readonly ChannelPlan[];
  readonly origins: readonly OriginPlan[];
  readonly holders: readonly HolderPlan[];
  /** They play scenes when faults are over. */
  readonly players?: readonly PlayerPlan[];
  /** Runs errands when faults are over. */
  readonly errander?: ErranderPlan | undefined;
  readonly idlers?: readonly IdlerPlan[];
  readonly reroutings?: readonly Rerouting[];
  /** Buggify sites of the gateway that may fire. */
  readonly sites: readonly string[];
}

/** Of every simulated node. */
const ROUTES = [
  'x.test,id=x,prefix=x- origin-x:80',
  'xws.test,id=xws,prefix=x- origin-x:80,over_http',
  'xd.test,id=xd,prefix=x- origin-d:80 origin-x:80',
  'xwsd.test,id=xwsd,prefix=x- origin-d:80,over_http origin-x:80,over_http',
  'xr.test,id=xr,prefix=x-,path_beg=/scene,replace_beg=/changed,header="X-First: r",as_host=o.test:81 origin-x:80',
  'xsock.test,id=xsock,prefix=x-,sockjs=/sock,sockjs_as_path=/scene origin-x:80,over_http',
  'xa.test,id=xa,prefix=x-,aco origin-x:80',
  // Each player has a channel that its route follows in its name.
  ...Array.from({ length: IMPLICIT_CHANNELS }, (_, at) => [
    `xsub${at}.test,id=xsub,prefix=x- origin-x:80,sub=x-all-${at}`,
    `xwssub${at}.test,id=xwssub,prefix=x- origin-x:80,over_http,sub=x-all-${at}`,
  ]).flat(),
  ...errandRoutes,
  'xidle.test,id=xidle,sockjs=/sock origin-i:80,over_http',
].join('\n');

/** The routes file of a node whose operator has written it so often: who comes then, comes by routes of other names. */
export function routesOf(edition: number): string {
  const its = edition === 0 ? '' : `.${edition}`;
  return [
    // [GRIP-ROUTE-6]
    ...(edition === 0 ? [] : ['p0.test,id=no-route,prefix=p1-']),
    `p1.test,id=one${its},prefix=p1- origin-a:80 origin-b:80`,
    `p2.test,id=two${its},prefix=p2- origin-b:80`,
    `ws.test,id=ws${its},prefix=p1- origin-a:80,over_http origin-b:80,over_http`,
    `one.test,id=one-by-one${its},prefix=p1- origin-a:80,over_http,one_event origin-b:80,over_http,one_event`,
    `direct.test,id=direct${its},prefix=p1- origin-a:80 origin-b:80`,
    ROUTES,
  ].join('\n');
}

export function fullName({ name, prefix }: Pick<ChannelPlan, 'name' | 'prefix'>): string {
  return prefix + name;
}

/** What nodes are started with; undefined where they are no gateways. */
export function gatewayStartOf(
  plan: GatewayPlan | undefined,
  edition: number,
): GatewayStart | undefined {
  if (plan === undefined) return undefined;
  const zmqUris = { command: 'ipc://c', publishPull: 'ipc://p', publishSub: undefined };
  return { options: plan.options, routes: routesOf(edition), directory: '', zmqUris };
}
