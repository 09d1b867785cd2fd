// What nodes tell their operators of the cluster when everything is at rest: who lives is up, over a link of its own; who
// has been gone for long is forgotten; and what all can do is told as such.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const membersTold: Invariant = {
  property: 'members-told',
  requirements: [
    'HP-MEMBER-1',
    'HP-MEMBER-10',
    'HP-BEAT-4',
    'HP-PEER-11',
    'HP-DETOUR-4',
    'HP-PART-1',
  ],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      nodeKilled: ({ node, at }) => judge.killedAt.set(node, at),
      membersOfTold: (event) => judge.told(event),
    };
  },
};

type Told = EventOf<'membersOfTold'>;
type Member = Told['members'][number];

class Judge {
  readonly troubles = new Troubles();
  /** By node that has died for ever. */
  readonly killedAt = new Map<number, number>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  told(event: Told): void {
    const { node, members } = event;
    const { nodes } = this.troubles;
    for (const [other, name] of nodes.entries()) {
      if (other === node) continue;
      const member = members.find((one) => one.node === name);
      const flaw = this.killedAt.has(other)
        ? this.#flawOfDead(other, member, event.at)
        : flawOf(member);
      if (flaw !== undefined) this.#report(event, `node ${node} tells that ${name} ${flaw}`);
    }
    if (members.some((one) => !nodes.includes(one.node)))
      this.#report(event, `node ${node} tells of one that is none`);
    this.#whole(event);
  }

  #flawOfDead(dead: number, member: Member | undefined, at: number): string | undefined {
    if (member === undefined) return undefined;
    if (member.state !== 'down' && member.state !== 'left')
      return `is ${member.state}, who is dead`;
    const { forgetMs = 0, downMs = 0 } = this.troubles.terms ?? {};
    const knownMs = forgetMs + 2 * downMs + LOOKS_MS;
    const forgottenAt = (this.killedAt.get(dead) ?? 0) + knownMs * 1_000;
    return at > forgottenAt ? 'is known, who has been dead for long' : undefined;
  }

  #whole(event: Told): void {
    const { node, isServing, cutOff, caps, members } = event;
    const { partitionPolicy = 'serve', nodesExpected = 0 } = this.troubles.terms ?? {};
    const present = members.filter(({ state }) => state === 'up').length + 1;
    const isLarge = partitionPolicy === 'serve' || present * 2 > nodesExpected;
    if (isServing !== isLarge)
      this.#report(event, `node ${node} tells that it ${isServing ? 'serves' : 'does not serve'}`);
    const down = members.filter(({ state }) => state === 'down').map((one) => one.node);
    if (cutOff.some((name) => !down.includes(name)))
      this.#report(event, `node ${node} tells that ${cutOff.join(', ')} are cut off`);
    const others = members.filter(({ state }) => state === 'up');
    const isNew = others.every(({ version }) => version === LAST);
    if (others.length > 0 && caps.includes('synced') !== isNew)
      this.#report(event, `node ${node} tells that all can do ${caps.join(', ')}`);
  }
}

function flawOf(member: Member | undefined): string | undefined {
  if (member === undefined) return 'is not known';
  const { state, hasLink, via, silentMs, isDraining, addr, node } = member;
  if (state !== 'up' || !hasLink) return `is ${state}, and all is well`;
  if (via !== undefined) return `is reached by ${via}, and all is well`;
  if (silentMs > SILENT_MAX_MS) return `has been silent for ${silentMs} ms`;
  if (isDraining) return 'goes, and all is well';
  return addr === `${node}:7501` ? undefined : `is called at ${addr}`;
}

const LAST = '1.1';
/** More than two heartbeats, and what they take. */
const SILENT_MAX_MS = 2_600;
/** Looks of the keeper of members; whoever was down before is waited for for longer. */
const LOOKS_MS = 5_000;
