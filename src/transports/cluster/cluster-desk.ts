// The cluster's side of one shard towards its process: hands on what the keeper of members has to say, asks it for its
// view, tells it how late its thread is, and lets the chat's door wait until the node knows who is where.
// Refuses to know members. Obeys spec/hp-peer.md, section "Joining", and spec/process.md, section "Admin door".

import type { ClusterNews } from '../../actors/cluster/cluster-options.ts';
import type { ClusterTold, MembersMessage } from '../../actors/cluster/links/members-state.ts';
import type { Address } from '../../actors/runtime/actor.ts';
import { watchLag } from './loop-lag.ts';

export interface ClusterSurroundings {
  /** Where the answer to `describe` comes back. */
  readonly own: Address<ClusterTold>;
  /** The keeper of members; on shard 0 alone there is one. */
  readonly members: Address<MembersMessage>;
  readonly deliver: (to: Address<MembersMessage>, message: MembersMessage) => void;
  readonly schedule: () => void;
  readonly say: (message: ClusterTold | ClusterNews) => void;
}

export class ClusterDesk {
  readonly #surroundings: ClusterSurroundings;
  readonly #joined: Promise<void>;
  #letIn: () => void = () => {};

  constructor(hasMembers: boolean, surroundings: ClusterSurroundings) {
    this.#surroundings = surroundings;
    this.#joined = hasMembers
      ? new Promise((resolve) => {
          this.#letIn = resolve;
        })
      : Promise.resolve();
    // [HP-MEMBER-13]
    if (hasMembers) watchLag((p99Ms) => this.#tell({ type: 'lagMeasured', p99Ms }));
  }

  /** [HP-JOIN-1] Settles when clients may come in. */
  get joined(): Promise<void> {
    return this.#joined;
  }

  hear(message: ClusterTold | ClusterNews): void {
    if (message.type === 'clusterJoined') this.#letIn();
    this.#surroundings.say(message);
  }

  describe(ref: number): void {
    this.#tell({ type: 'describe', ref, replyTo: this.#surroundings.own });
  }

  #tell(message: MembersMessage): void {
    const { members, deliver, schedule } = this.#surroundings;
    deliver(members, message);
    schedule();
  }
}
