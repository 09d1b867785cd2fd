// The state diagrams of the spec, drawn from the machines that run. `npm run diagrams` draws them anew; a test fails when
// one of them differs.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sessionLife } from '../../src/actors/broker/broker.machine.ts';
import { hpLife } from '../../src/actors/chat/hp-session.machine.ts';
import { memberLife } from '../../src/actors/cluster/links/member.machine.ts';
import { peerLife } from '../../src/actors/cluster/links/peer.machine.ts';
import { clientLife } from '../../src/actors/gateway/ws/client.machine.ts';
import { wohLife } from '../../src/actors/gateway/ws/origins/woh.machine.ts';

/** As far as a picture needs it. */
export interface Drawable {
  readonly initial: string;
  readonly states: readonly string[];
  readonly events: readonly string[];
  readonly next: (state: string, event: string) => string | undefined;
  readonly isFinal: (state: string) => boolean;
}

export interface Drawn {
  /** The machine's file below src/actors. */
  readonly machine: string;
  readonly document: string;
  readonly life: Drawable;
}

export const drawings: readonly Drawn[] = [
  drawing('broker/broker.machine.ts', 'spec/broker.md', sessionLife),
  drawing('chat/hp-session.machine.ts', 'spec/hp.md', hpLife),
  drawing('cluster/links/member.machine.ts', 'spec/hp-peer.md', memberLife),
  drawing('cluster/links/peer.machine.ts', 'spec/hp-peer.md', peerLife),
  drawing('gateway/ws/client.machine.ts', 'spec/websocket-over-http.md', clientLife),
  drawing('gateway/ws/origins/woh.machine.ts', 'spec/websocket-over-http.md', wohLife),
];

/** The names of a life are checked where it is made; here they are texts. */
function drawing(machine: string, document: string, life: unknown): Drawn {
  return { machine, document, life: life as Drawable };
}

/** Behind this line stands the diagram of a machine. */
export function markOf({ machine }: Drawn): string {
  return `<!-- drawn from ${machine} -->`;
}

/** A state diagram for Mermaid: states in their order, from each its events in theirs. */
export function diagramOf({ states, events, initial, next, isFinal }: Drawable): string {
  const arrows = states.flatMap((state) =>
    events.flatMap((event) => {
      const reached = next(state, event);
      return reached === undefined ? [] : [`  ${state} --> ${reached}: ${event}`];
    }),
  );
  const ends = states.filter((state) => isFinal(state)).map((state) => `  ${state} --> [*]`);
  return ['stateDiagram-v2', `  [*] --> ${initial}`, ...arrows, ...ends].join('\n');
}

/** A document with the diagram as it must be; undefined when it has no place for one. */
export function redrawn(text: string, drawn: Drawn): string | undefined {
  const at = text.indexOf(markOf(drawn));
  const block = /^\n*```mermaid\n[\s\S]*?```/.exec(text.slice(at + markOf(drawn).length));
  if (at < 0 || block === null) return undefined;
  const from = at + markOf(drawn).length;
  const diagram = `\n\n\`\`\`mermaid\n${diagramOf(drawn.life)}\n\`\`\``;
  return text.slice(0, from) + diagram + text.slice(from + block[0].length);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const drawn of drawings) {
    const text = redrawn(readFileSync(drawn.document, 'utf8'), drawn);
    if (text === undefined) throw new Error(`${drawn.document} has no line ${markOf(drawn)}`);
    writeFileSync(drawn.document, text);
  }
}
