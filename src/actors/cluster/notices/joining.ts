// When a node that has just started has found the others and knows who is where: only then are clients let in, because
// before it would call people offline who are not. Bounded, so that one that cannot speak holds up nobody.
// Refuses to know doors. Obeys spec/hp-peer.md, section "Joining".

import { log, type MembersState, tellNodes, type Turn } from '../links/members-state.ts';

/** [HP-JOIN-1] To be called when a call has ended, a link stands, or a node has told what it has. */
export function lookAtJoining(state: MembersState, context: Turn): void {
  if (state.isJoined) return;
  const { joinTimeoutMs } = state.args.cluster.options;
  const waitedMs = (context.now - state.startedAt) / 1_000;
  const isWhole = hasJoined(state);
  if (!isWhole && waitedMs < joinTimeoutMs) return;
  state.isJoined = true;
  const others = [...state.links.keys()].join(', ');
  const level = isWhole ? 'info' : 'warn';
  const event = isWhole ? 'cluster.joined' : 'cluster.joinedPartly';
  log(state, level, event, { others, waitedMs: Math.round(waitedMs) }, context);
  context.send(state.args.news, { type: 'clusterJoined', isWhole });
  tellNodes(state, context);
}

function hasJoined({ calls, links, pending, copies }: MembersState): boolean {
  if (!calls.isSettled((node) => links.has(node))) return false;
  if ([...pending.values()].some(({ called, isProved }) => called !== undefined && !isProved))
    return false;
  return [...links.values()].every(
    ({ node, caps }) => !caps.includes('presence') || copies.has(node),
  );
}
