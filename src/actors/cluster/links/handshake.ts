// The words by which two nodes find out who they are, from one side: what is said, what the other side says, and whether
// it is believed. The called node proves itself first; both agree on the highest version and on what both can do.
// Refuses to know lines and connections. Obeys spec/hp-peer.md, sections "Links", "Proof" and "Versions".

import type { PeerMessage, PeerMessageOf } from '../../codecs/hp-peer/peer-messages.ts';
import {
  isProved,
  type Key,
  proofOf,
  type Role,
  type Transcript,
} from '../../codecs/hp-peer/proof.ts';
import type { ClusterOptions } from '../cluster-options.ts';
import { capsOf, capsAt, versionsOf } from '../versions.ts';

/** Who is at the other end, as it says itself. */
export interface Other {
  readonly node: string;
  readonly incarnation: number;
  readonly addr: string;
  /** The version that both speak, and what both can do. */
  readonly version: string;
  readonly caps: readonly string[];
}

export type Step =
  | { readonly ok: true; readonly say: PeerMessage | undefined }
  | { readonly ok: false; readonly code: string; readonly message: string };

export interface HandshakeArgs {
  readonly role: Role;
  readonly options: ClusterOptions;
  readonly incarnation: number;
  /** 32 bytes of chance in base64url. */
  readonly nonce: string;
  /** Of the connection, when it has TLS. */
  readonly channel: string | undefined;
  /** In the certificate of the other side; undefined when none was asked for. */
  readonly names: readonly string[] | undefined;
}

export class Handshake {
  readonly #args: HandshakeArgs;
  #said: Transcript | undefined = undefined;
  #key: Key | undefined;
  #other: Other | undefined = undefined;

  constructor(args: HandshakeArgs) {
    this.#args = args;
    this.#key = args.options.keys[0];
  }

  get role(): Role {
    return this.#args.role;
  }

  /** Not to be believed before the other side has proved itself. */
  get other(): Other | undefined {
    return this.#other;
  }

  hello(): PeerMessage {
    const { options, incarnation, nonce } = this.#args;
    const { node, cluster, advertise, speech } = options;
    const speaks = { versions: versionsOf(speech), caps: capsAt(options) };
    const more = { ...speaks, nonce, key: this.#key?.id ?? '', advertise };
    return { type: 'SERVER_HELLO', node, incarnation, cluster, ...more };
  }

  /** [HP-PEER-2] [HP-PEER-5] Who is called proves itself first: it is the one that may be an impostor. */
  called(message: PeerMessageOf<'SERVER_HELLO'>): Step {
    const { options, incarnation, nonce } = this.#args;
    const { node, cluster, advertise, speech } = options;
    if (message.cluster !== cluster) return wrong('CLUSTER_MISMATCH', 'This is another cluster.');
    if (message.node === node && message.incarnation === incarnation)
      return wrong('SELF_CONNECT', 'You have called yourself.');
    // [HP-PEER-9]
    const spoken = versionsOf(speech);
    const version = spoken.find((one) => message.versions.includes(one));
    if (version === undefined)
      return wrong('UNSUPPORTED_VERSION', `This node speaks ${spoken.join(' and ')}.`);
    const key = this.#keyOf(message.key);
    if (key === undefined) return wrongProof;
    if (!this.#isNamed(message.node)) return wrongName;
    const said: Transcript = {
      ...{ cluster, version, channel: this.#args.channel },
      ...{ nodeA: message.node, incarnationA: message.incarnation, nonceA: message.nonce },
      ...{ nodeB: node, incarnationB: incarnation, nonceB: nonce },
    };
    this.#key = key;
    this.#said = said;
    this.#other = this.#otherOf(message, version);
    const proof = proofOf('responder', said, key);
    const more = { version, caps: capsAt(options), nonce, key: key.id, proof, advertise };
    return { ok: true, say: { type: 'SERVER_CHALLENGE', node, incarnation, cluster, ...more } };
  }

  /** The initiator shows its proof to nobody who has not proved itself. */
  challenged(message: PeerMessageOf<'SERVER_CHALLENGE'>): Step {
    const { options, incarnation, nonce } = this.#args;
    const { version } = message;
    if (message.cluster !== options.cluster)
      return wrong('CLUSTER_MISMATCH', 'This is another cluster.');
    if (!this.#isNamed(message.node)) return wrongName;
    const said: Transcript = {
      ...{ cluster: options.cluster, version, channel: this.#args.channel },
      ...{ nodeA: options.node, incarnationA: incarnation, nonceA: nonce },
      ...{ nodeB: message.node, incarnationB: message.incarnation, nonceB: message.nonce },
    };
    const key = this.#keyOf(message.key);
    const isGood = key !== undefined && isProved(message.proof, 'responder', said, key);
    const isSpoken = versionsOf(options.speech).includes(version);
    if (!isGood || message.nonce === nonce || !isSpoken) return wrongProof;
    this.#said = said;
    this.#other = this.#otherOf(message, version);
    return { ok: true, say: { type: 'SERVER_AUTH', proof: proofOf('initiator', said, key) } };
  }

  answered({ proof }: PeerMessageOf<'SERVER_AUTH'>): Step {
    const [key, said] = [this.#key, this.#said];
    const isGood = key !== undefined && said !== undefined;
    if (!isGood || !isProved(proof, 'initiator', said, key)) return wrongProof;
    return { ok: true, say: undefined };
  }

  /** [HP-PEER-13] Whoever has a certificate of the cluster speaks for the node that it names, and for no other. */
  #isNamed(node: string): boolean {
    const { names } = this.#args;
    return names === undefined || names.includes(node);
  }

  #otherOf(message: PeerMessageOf<'SERVER_HELLO' | 'SERVER_CHALLENGE'>, version: string): Other {
    const { node, incarnation, advertise: addr } = message;
    const caps = capsOf(message.caps, capsAt(this.#args.options));
    return { node, incarnation, addr, version, caps };
  }

  #keyOf(id: string): Key | undefined {
    return this.#args.options.keys.find((key) => key.id === id);
  }
}

function wrong(code: string, message: string): Step {
  return { ok: false, code, message };
}

const wrongName = wrong('PEER_AUTH_FAILED', 'The certificate does not name this node.');
const wrongProof = wrong('PEER_AUTH_FAILED', 'The proof is wrong.');
