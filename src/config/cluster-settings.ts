// The settings of the cluster, one row each. The rows of behaviour are held complete by their type.
// Refuses to know how layers are read and merged.

import { clusterDefaults, type ClusterOptions } from '../actors/cluster/cluster-options.ts';
import type { FileChecks, PeerTlsFiles } from './checks/file-checks.ts';
import { count, file, host, MiB, nodeName, none, row, type Rows, type ValuesOf } from './rows.ts';
import {
  bytes,
  duration,
  type Kind,
  list,
  oneOf,
  optional,
  portOrOff,
  type Reading,
  wholeNumber,
  yesOrNo,
} from './values.ts';

const c = clusterDefaults;
const HOUR = 3_600_000;
const name = optional(nodeName);

const address: Kind<string> = {
  form: 'an address as host:port',
  word: 'host:port',
  show: (value) => value,
  read(text): Reading<string> {
    const [, digits] = /^(?:\[[0-9a-fA-F:.]+\]|[^:\s]+):(\d{1,5})$/.exec(text) ?? [];
    // One that cannot be called would be passed over without a word.
    if (Number(digits) > 0 && Number(digits) <= 65_535) return { ok: true, value: text };
    const problem = `"${text}" is no address`;
    return { ok: false, problem, wayOut: 'Write it as host:port, or [address]:port.' };
  },
};

export const clusterDoorRows = {
  port: row<number | undefined>(
    portOrOff,
    none,
    'The port for other nodes; without it none can call. 7501 is usual.',
    { flag: 'cluster-port' },
  ),
  host: row(host, '127.0.0.1', 'Where the port for other nodes is.', { flag: 'cluster-host' }),
  secretFile: row<string | undefined>(
    file,
    none,
    'What all nodes know: one secret a line, of 32 bytes or more, each behind a name and a space; the first is shown.',
  ),
  stateDirectory: row<string | undefined>(
    file,
    none,
    'Where the node remembers the number of its life, so that the next one is later even when the clock went back.',
  ),
  'tls.certFile': row<string | undefined>(
    file,
    none,
    'Certificate chain of links in PEM, shown to those who call and who are called; read again when it changes.',
  ),
  'tls.keyFile': row<string | undefined>(file, none, 'Its private key in PEM.'),
  'tls.caFile': row<string | undefined>(
    file,
    none,
    'Certificates in PEM that are believed: then every node must show one of theirs with its own name in it.',
  ),
  peers: row<readonly string[]>(
    list(address),
    [],
    'Other nodes, as host:port; those that they know are found.',
    { flag: 'cluster-peer' },
  ),
  node: row<string | undefined>(name, none, 'What this node is called; chat.node otherwise.', {
    flag: 'node',
  }),
  name: row<string | undefined>(name, none, 'What the cluster is called; chat.cluster otherwise.'),
  advertise: row<string | undefined>(
    optional(address),
    none,
    'Where others may call this node; cluster.host and cluster.port otherwise.',
  ),
  advertiseChat: row<string | undefined>(
    optional(address),
    none,
    'Where clients find this node when another one sends them away; chat.host and chat.port otherwise.',
  ),
};

type Told = 'node' | 'cluster' | 'keys' | 'peers' | 'advertise' | 'advertiseChat';

export const clusterRows: Rows<Omit<ClusterOptions, Told>> = {
  lineBytesMax: row(bytes(524_288, 16 * MiB), c.lineBytesMax, 'One line between nodes.'),
  helloLineBytesMax: row(bytes(1_024, 16 * MiB), c.helloLineBytesMax, 'One line before the proof.'),
  linksMax: row(count(10_000), c.linksMax, 'Links with other nodes.'),
  strangersMax: row(
    count(10_000),
    c.strangersMax,
    'Connections that have not proved who they are; the oldest makes room for the next.',
  ),
  linkQueueBytesMax: row(
    bytes(MiB, 1_024 * MiB),
    c.linkQueueBytesMax,
    'What waits for one link; more ends it.',
  ),
  handshakeTimeoutMs: row(duration(100, HOUR), c.handshakeTimeoutMs, 'Time to prove oneself.'),
  dialTimeoutMs: row(duration(100, HOUR), c.dialTimeoutMs, 'How long a call may take.'),
  dialMinMs: row(duration(1, HOUR), c.dialMinMs, 'Time before the second call.'),
  dialMaxMs: row(duration(1, HOUR), c.dialMaxMs, 'And before the last ones, at most.'),
  heartbeatMs: row(duration(100, HOUR), c.heartbeatMs, 'A node says so often that it lives.'),
  suspectMs: row(
    duration(200, HOUR),
    c.suspectMs,
    'Silence that makes a node suspect: what is for it waits.',
  ),
  downMs: row(
    duration(400, HOUR),
    c.downMs,
    'Silence after which it is taken for dead: its users are offline.',
  ),
  forgetMs: row(duration(1_000, 24 * HOUR), c.forgetMs, 'How long a dead node is remembered.'),
  forwardsMax: row(count(1_000_000), c.forwardsMax, 'What waits for a node that is silent.'),
  forwardBytesMax: row(bytes(1_024, 1_024 * MiB), c.forwardBytesMax, 'And so many bytes of it.'),
  deltaEveryMs: row(
    duration(1, 10_000),
    c.deltaEveryMs,
    'Changes of sessions are told together so often.',
  ),
  speech: row(
    oneOf('latest', 'previous'),
    c.speech,
    'What is said to other nodes: nothing that came with the last version, until an upgrade is to stay.',
  ),
  partitionPolicy: row(
    oneOf('serve', 'readonly-minority', 'drain-minority'),
    c.partitionPolicy,
    'What the smaller side of a cluster does that is split.',
  ),
  nodesExpected: row(
    wholeNumber(0, 1_000),
    c.nodesExpected,
    'How many nodes there are; a majority is counted by it.',
  ),
  lingerMs: row(
    duration(0, HOUR),
    c.lingerMs,
    'How long the users of a node that left are still shown, for those who come back elsewhere.',
  ),
  stableAfterMs: row(
    duration(0, HOUR),
    c.stableAfterMs,
    'How long a side is the smaller one before `drain-minority` sends its clients away.',
  ),
  detours: row(
    yesOrNo,
    c.detours,
    'Whether a third node carries what two say that cannot reach each other; never with `cluster.tls.caFile`.',
  ),
  joinTimeoutMs: row(
    duration(0, HOUR),
    c.joinTimeoutMs,
    'How long the chat waits, at most, until the other nodes have told who is where.',
  ),
};

export interface ClusterSetup {
  readonly host: string;
  /** undefined when nobody can call. */
  readonly port: number | undefined;
  readonly secretFile: string;
  readonly stateDirectory: string | undefined;
  /** undefined: links have no TLS. */
  readonly tls: PeerTlsFiles | undefined;
  readonly options: Omit<ClusterOptions, 'keys'>;
}

/** What a node is called where its cluster does not say otherwise. */
interface Names {
  readonly node: string;
  readonly cluster: string;
}

type Door = ValuesOf<typeof clusterDoorRows>;

export interface ClusterMistake {
  readonly keys: readonly string[];
  readonly problem: string;
  readonly wayOut: string;
}

/** What is wrong with the settings together. */
export function clusterMistakes(
  door: Door,
  { heartbeatMs, suspectMs, downMs, partitionPolicy, nodesExpected }: ValuesOf<typeof clusterRows>,
  checks: FileChecks,
): readonly ClusterMistake[] {
  const { port, peers, secretFile, stateDirectory } = door;
  if (port === undefined && peers.length === 0) return [];
  const found: ClusterMistake[] = [];
  const refuse = (keys: readonly string[], problem: string, wayOut: string): void => {
    found.push({ keys: keys.map((key) => `cluster.${key}`), problem, wayOut });
  };
  if (secretFile === undefined)
    refuse(['secretFile'], 'is missing for a cluster', 'Nodes prove by it that they belong.');
  else
    for (const { key, problem, wayOut } of checks.secrets(secretFile))
      refuse([key], problem, wayOut);
  const tls = tlsOf(door);
  if (tls === 'incomplete') {
    const wayOut = 'Set both of them, or none.';
    refuse(['tls.certFile', 'tls.keyFile'], 'a certificate and its key belong together', wayOut);
  }
  const looked = [
    ...(stateDirectory === undefined ? [] : checks.state(stateDirectory)),
    ...(tls === undefined || tls === 'incomplete' ? [] : checks.peerTls(tls)),
  ];
  for (const { key, problem, wayOut } of looked) refuse([key], problem, wayOut);
  if (suspectMs <= heartbeatMs || downMs <= suspectMs) {
    const problem = 'heartbeatMs, suspectMs and downMs do not grow in this order';
    refuse(['heartbeatMs', 'suspectMs', 'downMs'], problem, 'A node must have time to speak.');
  }
  if (partitionPolicy !== 'serve' && nodesExpected < 3) {
    const problem = 'a majority is counted by cluster.nodesExpected, which is less than 3';
    refuse(['nodesExpected', 'partitionPolicy'], problem, 'Say how many nodes there are.');
  }
  return found;
}

function tlsOf(door: Door): PeerTlsFiles | 'incomplete' | undefined {
  const { 'tls.certFile': certFile, 'tls.keyFile': keyFile, 'tls.caFile': caFile } = door;
  if (certFile === undefined && keyFile === undefined && caFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) return 'incomplete';
  return { certFile, keyFile, caFile };
}

/** undefined for a node that is alone. */
export function clusterOf(
  door: Door,
  rows: ValuesOf<typeof clusterRows>,
  chat: Names,
  chatDoor: { readonly host: string; readonly port: number | undefined },
): ClusterSetup | undefined {
  const { host: at, port, secretFile, stateDirectory, peers } = door;
  const { node, name: cluster, advertise, advertiseChat } = door;
  const tls = tlsOf(door);
  if ((port === undefined && peers.length === 0) || secretFile === undefined) return undefined;
  if (tls === 'incomplete') return undefined;
  const options = {
    ...{ ...rows, peers, node: node ?? chat.node, cluster: cluster ?? chat.cluster },
    advertise: advertise ?? placeOf(at, port),
    advertiseChat: advertiseChat ?? placeOf(chatDoor.host, chatDoor.port),
    // [HP-PEER-13] The third one could speak for a node that its certificate does not name.
    detours: rows.detours && tls?.caFile === undefined,
  };
  return { host: at, port, secretFile, stateDirectory, tls, options };
}

/** Empty where nobody could tell others where to go. */
export function placeOf(at: string, port: number | undefined): string {
  const isEverywhere = at === '0.0.0.0' || at === '::';
  return port === undefined || port === 0 || isEverywhere ? '' : `${bracketed(at)}:${port}`;
}

function bracketed(at: string): string {
  return at.includes(':') ? `[${at}]` : at;
}

/** One node has one name, in whatever dialect it is asked for. */
export function namesOf(
  setup: ClusterSetup | undefined,
): Partial<Pick<ClusterOptions, 'node' | 'cluster'>> {
  return setup === undefined ? {} : { node: setup.options.node, cluster: setup.options.cluster };
}
