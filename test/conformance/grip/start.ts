// Starts a gateway for the suite, with the configuration that lies beside this file and doors at free ports: the real
// Pushpin, as Debian packages it, or a Hermod node that is given the same files. Everything is gone afterwards.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePorts } from '../../support/free-port.ts';
import { selfSigned } from '../../support/self-signed.ts';
import { within } from '../case.ts';
import { Connection, requestText } from './http-client.ts';
import { Origins, PORTS, portsFrom } from './origin.ts';
import type { GripSite } from './site.ts';

export type Kind = 'pushpin' | 'hermod';

export interface Started {
  readonly site: GripSite;
  /** What the gateway has said, for whoever looks for a fault. */
  readonly output: () => string;
  stop(): Promise<void>;
}

const DOORS = {
  7999: 'target',
  7443: 'secure',
  5560: 'pull',
  5561: 'control',
  5562: 'sub',
  5563: 'rep',
  5564: 'prometheus',
};
const ORIGIN_PORTS = [7800, 7801, 7802, 7803];

export async function start(
  kind: Kind,
  configuration: GripSite['configuration'],
  originPort?: number,
): Promise<Started> {
  const free = await freePorts(PORTS + Object.keys(DOORS).length);
  const doors = free.splice(PORTS);
  const origins = await Origins.listen(originPort === undefined ? free : portsFrom(originPort));
  const folder = mkdtempSync(join(tmpdir(), 'hermod-grip-'));
  const ports = new Map(Object.keys(DOORS).map((usual, at) => [usual, String(doors[at])]));
  const file = writeFiles(folder, configuration, ports, origins.ports);
  const children = kind === 'pushpin' ? startPushpin(folder, file) : startHermod(file);
  // Whatever ends this process, the gateway must not outlive it. Pushpin ends its own children when it is asked to.
  const leave = (): void => {
    for (const child of children) signalGroup(child.pid ?? 0, 'SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', leave);
  let said = '';
  for (const child of children) {
    for (const pipe of [child.stdout, child.stderr])
      pipe?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
  }
  const port = (usual: string): number => Number(ports.get(usual));
  const at = (usual: string) => ({ host: '127.0.0.1', port: port(usual) });
  const address = (usual: string) => `tcp://127.0.0.1:${port(usual)}`;
  const site: GripSite = {
    target: at('7999'),
    secureTarget: { ...at('7443'), serverName: 'localhost' },
    control: at('5561'),
    prometheus: configuration === 'full' ? at('5564') : undefined,
    zmqPull: address('5560'),
    zmqSub: address('5562'),
    zmqRep: address('5563'),
    stats: `ipc://${join(folder, 'run', 'pushpin-stats')}`,
    routesFile: join(folder, 'routes'),
    configuration,
    origins,
    isPushpin: kind === 'pushpin',
  };
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(end));
    await origins.close();
    leave();
    process.off('exit', leave);
  };
  try {
    await ready(site, children);
  } catch (error) {
    await stop();
    throw new Error(`${kind} did not start: ${said}`, { cause: error });
  }
  return { site, output: () => said, stop };
}

/** The folder that a gateway is configured by; gives the path of pushpin.conf. */
function writeFiles(
  folder: string,
  configuration: GripSite['configuration'],
  doors: ReadonlyMap<string, string>,
  origins: readonly number[],
): string {
  const own = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');
  const withDoors = (text: string): string =>
    text.replaceAll(/\b(?:7999|7443|556\d)\b/g, (usual) => doors.get(usual) ?? usual);
  const withOrigins = (text: string): string =>
    text.replaceAll(/\b780\d\b/g, (usual) => String(origins[ORIGIN_PORTS.indexOf(Number(usual))]));
  const isInstalled = existsSync(INTERNAL);
  const text = withDoors(own(configuration === 'plain' ? 'pushpin.conf' : 'full.conf'))
    .replaceAll('/var/run/pushpin', join(folder, 'run'))
    .replaceAll('/var/log/pushpin', join(folder, 'log'))
    .replaceAll('{libdir}/internal.conf', isInstalled ? 'internal.conf' : '{libdir}/internal.conf');
  const certs = join(folder, 'runner', 'certs');
  for (const path of [join(folder, 'run'), join(folder, 'log'), certs])
    mkdirSync(path, { recursive: true });
  const { cert, key } = selfSigned('localhost');
  for (const name of ['localhost', `default_${doors.get('7443')}`]) {
    writeFileSync(join(certs, `${name}.crt`), cert);
    writeFileSync(join(certs, `${name}.key`), key);
  }
  writeFileSync(join(folder, 'routes'), withOrigins(own('routes')));
  writeFileSync(join(folder, 'signing.pem'), key);
  writeFileSync(join(folder, 'signing.hex'), '000102ff');
  const file = join(folder, 'pushpin.conf');
  writeFileSync(file, text.replaceAll('internal.conf', join(folder, 'internal.conf')));
  if (isInstalled)
    writeFileSync(
      join(folder, 'internal.conf'),
      readFileSync(INTERNAL, 'utf8').replaceAll('/var/run/zurl', join(folder, 'run')),
    );
  return file;
}

const INTERNAL = '/usr/lib/pushpin/internal.conf';

/** Pushpin 1.36 asks origins through zurl, a process of its own, which Debian installs but does not start. */
function startPushpin(folder: string, file: string): ChildProcess[] {
  const zurl = readFileSync('/etc/zurl.conf', 'utf8').replaceAll(
    '/var/run/zurl',
    join(folder, 'run'),
  );
  writeFileSync(join(folder, 'zurl.conf'), zurl);
  return [
    launch('zurl', [`--config=${join(folder, 'zurl.conf')}`]),
    launch('pushpin', [`--config=${file}`, '--merge-output']),
  ];
}

function startHermod(file: string): ChildProcess[] {
  const main = join(import.meta.dirname, '..', '..', '..', 'src', 'main.ts');
  return [launch(process.execPath, [main, 'start', `--pushpin-conf=${file}`])];
}

/** In a process group of its own, so that what it starts ends with it. */
function launch(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  child.on('error', () => {});
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const patience = setTimeout(() => signalGroup(child.pid ?? 0), STOP_MS);
  await exited;
  clearTimeout(patience);
  signalGroup(child.pid);
}

function signalGroup(id: number, signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): void {
  try {
    if (id > 1) process.kill(-id, signal);
  } catch {
    // Nobody of the group is left.
  }
}

/** Waits until clients, publishers and routes are served. */
async function ready(
  { target, control }: GripSite,
  children: readonly ChildProcess[],
): Promise<void> {
  const deadline = performance.now() + START_MS;
  const answers = async (
    place: GripSite['target'],
    host: string,
    path: string,
  ): Promise<boolean> => {
    const connection = new Connection(place);
    const answer = connection.answer();
    connection.say(requestText('GET', path, { Host: host }));
    // A request that comes before all of the gateway is up may never be answered.
    await within(1_000, answer.head()).catch(() => {});
    connection.leave();
    return answer.reader.head?.status === 200;
  };
  // Pushpin is several processes: it proxies before it can hold.
  const isUp = async (): Promise<boolean> =>
    (await answers(target, 'built-in.test', '/')) &&
    (await answers(control, 'control', '/')) &&
    (await answers(target, 'built-in.test', '/stream?channel=ready'));
  while (!(await isUp())) {
    if (performance.now() > deadline) throw new Error(`nothing answers within ${START_MS} ms`);
    const ended = children.find(({ exitCode }) => exitCode !== null);
    if (ended !== undefined) throw new Error(`${ended.spawnfile} ended with ${ended.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const START_MS = 20_000;
const STOP_MS = 5_000;
