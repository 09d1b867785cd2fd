// Who may import whom: the table of the house, and the checker that holds src/ to it. It reads
// syntax only, so types, dynamic imports and worker addresses are arrows like any other.

import {
  importsOf,
  lineOf,
  modules,
  targetOf,
  under,
  type Import,
  type SourceFile,
} from './sources.ts';

const dialects = ['gateway', 'broker', 'chat', 'cluster', 'console', 'bridge'];
const actors = ['node', ...dialects, 'routing', 'codecs', 'runtime'];
const simulator = ['sim', 'workload', 'invariants', 'trace'];

/** What a room may import besides its own files. */
type Doors = {
  readonly rooms: readonly string[];
  /** Packages by name, or `all` that package.json lists as dependencies, and the platform. */
  readonly packages: readonly string[] | 'all';
};

const floors: Readonly<Record<string, Doors>> = {
  main: { rooms: ['config', 'client', 'transports', ...actors], packages: 'all' },
  'sim-main': { rooms: ['config', 'transports', ...simulator, ...actors], packages: 'all' },
  config: { rooms: actors, packages: 'all' },
  // A client knows the wire, and nothing of the node behind it.
  client: { rooms: ['codecs'], packages: 'all' },
  transports: { rooms: actors, packages: 'all' },
  sim: { rooms: [...simulator, ...actors], packages: [] },
  workload: { rooms: ['sim', 'trace', 'routing', 'codecs', 'runtime'], packages: [] },
  trace: { rooms: ['sim', ...actors], packages: [] },
  invariants: { rooms: ['trace'], packages: [] },
  node: { rooms: actors, packages: [] },
  ...Object.fromEntries(
    dialects.map((name) => [name, { rooms: ['routing', 'codecs', 'runtime'], packages: [] }]),
  ),
  routing: { rooms: ['runtime'], packages: [] },
  codecs: { rooms: [], packages: [] },
  runtime: { rooms: [], packages: [] },
};

/** Files, by the beginning of their path, with a permission that their room lacks. */
const packagesOfFile: Readonly<Record<string, readonly string[]>> = {
  // Plans are typed values that fast-check draws and shrinks: src/sim/plan/drawing.ts.
  'src/sim/faults/faults.ts': ['fast-check'],
  'src/sim/faults/poison.ts': ['fast-check'],
  'src/sim/plan/casting/bridgings.ts': ['fast-check'],
  'src/sim/plan/casting/habits.ts': ['fast-check'],
  'src/sim/plan/casting/mishaps-of-one.ts': ['fast-check'],
  'src/sim/plan/casting/river.ts': ['fast-check'],
  'src/sim/plan/casting/schedules.ts': ['fast-check'],
  'src/sim/plan/casting/shortages.ts': ['fast-check'],
  'src/sim/plan/casting/sides.ts': ['fast-check'],
  'src/sim/plan/casting/sites.ts': ['fast-check'],
  'src/sim/plan/casting/strangers.ts': ['fast-check'],
  'src/sim/plan/casting/tempers.ts': ['fast-check'],
  'src/sim/plan/casting/visitors.ts': ['fast-check'],
  'src/sim/plan.ts': ['fast-check'],
  'src/sim/plan/chat.ts': ['fast-check'],
  'src/sim/plan/drawing.ts': ['fast-check'],
  'src/sim/plan/gateway.ts': ['fast-check'],
  'src/sim/plan/settings.ts': ['fast-check'],
  'src/sim/plan/simpler.ts': ['fast-check'],
  'src/sim/workload/draw-clients.ts': ['fast-check'],
  'src/actors/runtime/machine.ts': ['xstate'],
  'src/sim/search/': ['fast-check', 'piscina'],
};

const roomsOfFile: Readonly<Record<string, string>> = {
  'src/main.ts': 'main',
  'src/running-node.ts': 'main',
  'src/drawn-ports.ts': 'main',
  'src/gateway-doors.ts': 'main',
  'src/chat-command.ts': 'main',
  'src/start-command.ts': 'main',
  'src/version.ts': 'main',
  'src/cluster-command.ts': 'main',
  'src/publish-command.ts': 'main',
  'src/config.ts': 'config',
  'src/sim/main.ts': 'sim-main',
  'src/sim/trace.ts': 'trace',
  'src/sim/records/addresses.ts': 'trace',
  'src/sim/records/chat-records.ts': 'trace',
  'src/sim/records/gateway-records.ts': 'trace',
  'src/sim/records/gateway-traits.ts': 'trace',
  'src/sim/records/scenes/scene.ts': 'trace',
  'src/sim/records/scenes/scene-records.ts': 'trace',
  'src/sim/records/scenes/sounds.ts': 'trace',
  'src/sim/records/scenes/texts.ts': 'trace',
  'src/actors/node.ts': 'node',
};

/** The room that a file of src/ belongs to, or undefined if the house has no such room. */
export function roomOf(path: string): string | undefined {
  const named = roomsOfFile[path];
  if (named !== undefined) return named;
  const [src, floor, folder, file] = path.split('/');
  if (src !== 'src') return undefined;
  if (floor === 'transports') return 'transports';
  if (floor === 'config' || floor === 'client') return floor;
  if (floor === 'sim') {
    if (folder === 'search') return 'sim-main';
    if (folder === 'records' && ofTraces.includes(file ?? '')) return 'trace';
    return folder === 'workload' || folder === 'invariants' ? folder : 'sim';
  }
  if (floor === 'actors' && file !== undefined && folder !== undefined) {
    return actors.includes(folder) && folder !== 'node' ? folder : undefined;
  }
  return undefined;
}

/** Folders of records that judges read, too. */
const ofTraces: readonly string[] = ['errands', 'calls', 'plays', 'meetings'];

export type ArrowReport = { readonly modulesSeen: number; readonly mistakes: readonly string[] };

/** Every arrow of src/ that the table does not allow, and how many modules were looked at. */
export function checkArrows(
  files: readonly SourceFile[],
  dependencies: readonly string[],
): ArrowReport {
  const seen = modules(under(files, 'src'));
  const mistakes: string[] = [];
  for (const file of seen) {
    const room = roomOf(file.path);
    if (room === undefined) {
      mistakes.push(`${file.path}: no room of this name in the house`);
      continue;
    }
    for (const arrow of importsOf(file)) {
      const mistake = judge(file, room, arrow, dependencies);
      if (mistake !== undefined) {
        const place = `${file.path}:${String(lineOf(file, arrow.at))}`;
        mistakes.push(`${place}: '${arrow.specifier}': ${mistake}`);
      }
    }
  }
  return { modulesSeen: seen.length, mistakes };
}

function judge(
  file: SourceFile,
  room: string,
  arrow: Import,
  dependencies: readonly string[],
): string | undefined {
  const doors = floors[room];
  if (doors === undefined) return `${room} has no row in the table`;
  const target = targetOf(file, arrow.specifier);
  if (target === undefined) return judgePackage(file, doors, arrow.specifier, dependencies);
  if (target === 'package.json' && doors.packages === 'all') return undefined;
  // Stories quote the promises that were broken.
  if (target === 'spec/' && room === 'sim-main') return undefined;
  const targetRoom = roomOf(target);
  if (targetRoom === undefined) return 'leads to no room of the house';
  if (targetRoom === room || doors.rooms.includes(targetRoom)) return undefined;
  // The sub-command that simulates is loaded only when it is asked for.
  if (room === 'main' && targetRoom === 'sim-main' && arrow.how === 'dynamic') return undefined;
  return `${room} may not import ${targetRoom}`;
}

function judgePackage(
  file: SourceFile,
  doors: Doors,
  specifier: string,
  dependencies: readonly string[],
): string | undefined {
  const parts = specifier.split('/');
  const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  for (const [beginning, names] of Object.entries(packagesOfFile))
    if (file.path.startsWith(beginning) && names.includes(name)) return undefined;
  if (doors.packages !== 'all') return 'no packages and no platform in this room';
  if (specifier.startsWith('node:') || dependencies.includes(name)) return undefined;
  return 'is not among the dependencies of package.json';
}
