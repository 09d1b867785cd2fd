// Connections that lead through a third node: opened to nodes that others hear and this one does not, taken from nodes
// that open one to this, and carried between two that do. They end when the link with the third node does.
// Refuses to know what is said over them. Obeys spec/hp-peer.md, section "Detours".

import type { DetourEnds, PeerMessageOf } from '../../codecs/hp-peer/peer-messages.ts';
import type { TcpOpened } from '../../runtime/tcp/tcp-edges.ts';
import { detourActor } from './detour.actor.ts';
import { start, takesLinks } from './linking.ts';
import type { Link, MembersState, Turn } from './members-state.ts';

type Detour = PeerMessageOf<'DETOUR'>;

/** [HP-DETOUR-1] Looks for nodes that others hear, and opens a detour to those that stay out of reach. */
export function lookForDetours(state: MembersState, context: Turn): void {
  const { lacking } = state;
  const carriers = carriersOf(state);
  for (const node of lacking.keys()) if (!carriers.has(node)) lacking.delete(node);
  for (const [node, links] of carriers) {
    const known = lacking.get(node);
    if (known === undefined) {
      lacking.set(node, { nextAt: context.now + AFTER_MS * 1_000, times: 0 });
      continue;
    }
    const link = links[known.times % links.length];
    if (known.nextAt > context.now || link === undefined || !takesLinks(state)) continue;
    known.times += 1;
    known.nextAt = context.now + AGAIN_MS * 1_000;
    open(state, node, link, context);
  }
}

/** Nodes that are out of reach, and who hears them. */
function carriersOf(state: MembersState): ReadonlyMap<string, readonly Link[]> {
  const carriers = new Map<string, Link[]>();
  if (!state.args.cluster.options.detours) return carriers;
  for (const link of state.links.values()) {
    const { state: how, links = [] } = state.membership.get(link.node) ?? {};
    if (how !== 'up' || !carries(link)) continue;
    for (const node of links) {
      const isSelf = node === state.membership.self;
      const isReached = state.links.has(node) && state.membership.get(node)?.state === 'up';
      if (isSelf || isReached) continue;
      const known = carriers.get(node);
      if (known === undefined) carriers.set(node, [link]);
      else known.push(link);
    }
  }
  return carriers;
}

/** [HP-DETOUR-2] Never over a detour. */
function carries({ via, caps }: Link): boolean {
  return via === undefined && caps.includes('detour');
}

function open(state: MembersState, node: string, link: Link, context: Turn): void {
  state.lastCall += 1;
  const { self } = state.membership;
  context.count('cluster.detours.opened');
  begin(state, link, { from: self, to: node, caller: self, call: state.lastCall }, context);
}

export function detoured(state: MembersState, link: Link, message: Detour, context: Turn): void {
  const { to } = message;
  if (!carries(link) || !state.args.cluster.options.detours) return;
  if (to !== state.membership.self) carry(state, link, message, context);
  else if (message.from !== to) take(state, link, message, context);
}

/** [HP-DETOUR-2] For the node at the other end of this link, to one at the end of another. */
function carry(state: MembersState, link: Link, message: Detour, context: Turn): void {
  const next = state.links.get(message.to);
  if (message.from !== link.node) return;
  if (next === undefined || next === link || !carries(next)) {
    refuse(link, message, context);
    return;
  }
  context.count('cluster.detours.carried');
  context.send(next.address, { type: 'say', message, isUrgent: true });
}

function take(state: MembersState, link: Link, message: Detour, context: Turn): void {
  const { from, to, caller, call, say } = message;
  const detour = state.detours.get(nameOf(link, from, caller, call));
  if (detour !== undefined) context.send(detour, { type: 'detourSaid', word: message });
  else if (say === 'open' && caller === from && takesLinks(state))
    begin(state, link, { from: to, to: from, caller, call }, context);
  else refuse(link, message, context);
}

/** There is no such connection, or none any more. */
function refuse(link: Link, { from, to, caller, call, say }: Detour, context: Turn): void {
  if (say === 'end') return;
  const ends = { from: to, to: from, caller, call };
  const message = { type: 'DETOUR', ...ends, say: 'end' } as const;
  context.send(link.address, { type: 'say', message, isUrgent: true });
}

function begin(state: MembersState, link: Link, ends: DetourEnds, context: Turn): void {
  const { to, caller, call, from } = ends;
  const name = nameOf(link, to, caller, call);
  const args = { ends, connection: call, carrier: link.address };
  const detour = context.spawn(detourActor, args, name);
  state.detours.set(name, detour);
  const opened: TcpOpened = {
    ...{ type: 'tcpOpened', connection: call, door: 'detour', remote: `${to} via ${link.node}` },
    ...{ isLoopback: false, isSecure: false },
    ...{ secret: digits(4, context), nonce: digits(3, context).slice(0, 20) },
  };
  const role = caller === from ? 'initiator' : 'responder';
  start(state, opened, { role, via: link.node, edge: detour }, context);
}

function digits(words: number, context: Turn): string {
  let text = '';
  for (let at = 0; at < words; at += 1) text += context.random().toString(16).padStart(8, '0');
  return text;
}

/** As the actor is named that stands for it. */
function nameOf({ id }: Link, other: string, caller: string, call: number): string {
  return `${PREFIX}${id}/${other}/${caller}/${call}`;
}

/** The link is gone: so are the detours over it. */
export function breakDetours(state: MembersState, link: number, context: Turn): void {
  for (const [name, detour] of state.detours)
    if (name.startsWith(`${PREFIX}${link}/`)) context.send(detour, { type: 'detourBroken' });
}

export function detourOver(state: MembersState, actor: string): void {
  for (const [name, detour] of state.detours) if (detour === actor) state.detours.delete(name);
}

const PREFIX = 'cluster/detour/';
/** Whoever is only late has a link by then; and it is before two calls were refused. */
const AFTER_MS = 400;
const AGAIN_MS = 2_000;
