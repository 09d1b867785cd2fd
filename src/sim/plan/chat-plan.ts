// The chat's part of a run, as data: how its nodes and their cluster are set, who talks and how, who speaks to the peers'
// doors without being a peer, whose publications cross, and what befalls the ways between nodes. Refuses to act.

import type { BridgeRule } from '../../actors/bridge/bridge.ts';
import type { ChatOptions } from '../../actors/chat/chat-options.ts';
import type { ClusterOptions } from '../../actors/cluster/cluster-options.ts';
import type { LinkPlan } from '../edges/link.ts';
import type { ClusterFault } from '../faults/cluster-faults.ts';
import type { House } from '../records/plays/house.ts';

/** How a talker comes back: with a new login, with its session, or with its session and the places it has come to. */
export type Return = 'anew' | 'resumed' | 'placed';

export interface TalkerPlan {
  readonly client: number;
  readonly node: number;
  readonly user: string;
  readonly rooms: readonly string[];
  /** It says nothing but its login, not even that it lives. */
  readonly isMute: boolean;
  readonly hasAck: boolean;
  readonly hasEcho: boolean;
  /** With the cap `ack`: it says of several messages at a time that it has them. */
  readonly acksLate?: boolean;
  /** And of as many as one word can tell: mostly nobody knows what it has, however often it comes back. */
  readonly owesAcks?: boolean;
  /** The user to whom most of what it says to anybody goes. */
  readonly favourite?: string | undefined;
  readonly returns: Return;
  /** A node that is not there is left for the next one. */
  readonly roams: boolean;
  /** It leaves one node for another again and again, and is soon back. */
  readonly wanders?: boolean;
  /** It says something to one by the id of what it has said to another. */
  readonly reusesIds?: boolean;
  /** Its ids are counted, and those who count with the same number under other names say other things by them. */
  readonly countsAs?: number | undefined;
  /** It shows tokens that last so long when it logs in. */
  readonly tokenMs?: number | undefined;
  /** Its connection is mostly lost again as soon as it stands. */
  readonly stumbles?: boolean;
  /** It reads nothing for a while before it leaves: what it is told meanwhile waits at its node. */
  readonly dozes?: boolean;
  /** It lets go of its connection, and is away for nearly as long as it may be. */
  readonly lingers?: boolean;
  /** Now and then it does nothing for some seconds. */
  readonly hushes?: boolean;
  /** It comes only then. */
  readonly comesAt?: number | undefined;
  /** Mean pause between two deeds. */
  readonly everyUs: number;
  readonly burst: number;
  readonly bodyBytes: number;
  /** Of a hundred messages: said once more. */
  readonly repeatPercent: number;
  /** Of a hundred deeds: a line that is wrong. */
  readonly mistakePercent: number;
  /** Requests that it does not wait for. */
  readonly askedMax: number;
  /** Bytes that it reads twenty times a second; 0 reads at once. */
  readonly readBytes: number;
  /** Mean pause between two departures; 0 stays. */
  readonly leavesEveryUs: number;
  readonly link: LinkPlan;
  /** Comes late, as somebody who is here already, and goes for good after a while, or when it is sent away. */
  readonly visit?: { readonly at: number; readonly staysUs: number } | undefined;
}

/** Somebody at a peers' door who is no peer. */
export interface StrangerPlan {
  readonly node: number;
  readonly at: number;
  readonly what:
    | 'silent'
    | 'http'
    | 'garbage'
    | 'unproved'
    | 'wrongProof'
    | 'otherCluster'
    | 'otherVersion'
    | 'otherKey'
    | 'long'
    | 'eager'
    /** One of the wrong words, at once or when it was challenged. */
    | `first: ${string}`
    | `then: ${string}`;
}

/** Somebody at an address that all nodes were told is a node's, and who is none of theirs. */
export interface ImpostorPlan {
  readonly what: 'calledSilent' | 'calledMirror' | 'calledOther' | 'calledWrong';
}

/** A client of the broker, which follows a topic that crosses between nodes, and publishes to it. */
export interface CrosserPlan {
  readonly client: number;
  readonly node: number;
  readonly topic: string;
  /** Mean pause between two publications; 0 only follows. */
  readonly everyUs: number;
  /** What it calls itself in all that it publishes. */
  readonly claims?: string | undefined;
  /** Shown where doors ask for one: made for somebody, or for nobody in particular. */
  readonly token?: { readonly subject: string | undefined } | undefined;
  /** It goes then, for good. */
  readonly leavesAt?: number | undefined;
  /** What it publishes has no ids, so nothing but its words tells that it is the same. */
  readonly isNameless?: boolean;
}

/** Which version a node speaks to others: another one after its first life, when it is upgraded. */
export type Upgrade = 'done' | 'never' | 'later';

export interface PlannedCall {
  readonly name: string;
  readonly atMs: number;
}

export interface ChatPlan {
  /** Of every node, but for its name. */
  readonly options: ChatOptions;
  /** Undefined where each node is alone. */
  readonly cluster: ClusterOptions | undefined;
  readonly talkers: readonly TalkerPlan[];
  readonly strangers: readonly StrangerPlan[];
  readonly impostor?: ImpostorPlan | undefined;
  /** Nodes are told of the next two alone, and hear of the others from them. */
  readonly isSparse?: boolean;
  /** They tell each other where clients find them. */
  readonly isAdvertised?: boolean;
  readonly crossers: readonly CrosserPlan[];
  /** Topics that are joined, on all nodes. */
  readonly bridges?: readonly BridgeRule[] | undefined;
  /** Made at the doors of the first node when faults are over. */
  readonly calls?: readonly PlannedCall[];
  /** Nobody else is there, and nothing goes wrong. */
  readonly plays?: { readonly house: House; readonly names: readonly string[] } | undefined;
  /** The first node meets others that are played; nobody else is there, and nothing goes wrong. */
  readonly meetings?: readonly string[] | undefined;
  readonly faults: readonly ClusterFault[];
  /** The way between two nodes. */
  readonly way: LinkPlan;
  /** By node: how wrong its clock is. */
  readonly skewsMs: readonly number[];
  /** By node; undefined in plans from before there was anything to upgrade. */
  readonly upgrades?: readonly Upgrade[];
}

/** What a node is called. */
export function nodeName(node: number): string {
  return `n${node + 1}`;
}

/** Where they say that clients find them. */
export function doorsOf(nodes: number): readonly string[] {
  return Array.from({ length: nodes }, (_, node) => `${nodeName(node)}.chat:7502`);
}

export function nodeNamed(name: string): number {
  return Number(name.slice(1)) - 1;
}

/** Every node listens there. */
export const PEER_PORT = 7_501;
/** Where nodes call somebody who is no peer. */
export const ELSEWHERE = 'elsewhere';
/** The rooms and users of all runs. */
export const ADMIN = 'u0';
export const ROOMS: readonly string[] = ['general', 'a', 'x.y'];
