// Lives as XState machines, used by pure transition only: a machine is walked once, when its module loads,
// and becomes a table from (state, event) to the next state. Asking the table costs nanoseconds, allocates
// nothing, and reads neither clock nor chance. The only file of the actors that imports XState. Obeys ADR 0005.

import { type AnyStateMachine, createMachine, initialTransition, transition } from 'xstate';

export { createMachine };

/** The life that a flat machine (no context, guards or delays) describes. */
export interface Life<State extends string, Event extends string> {
  readonly initial: State;
  readonly states: readonly State[];
  readonly events: readonly Event[];
  /** The state after the event; undefined when the machine does not expect it here. */
  next(state: State, event: Event): State | undefined;
  isFinal(state: State): boolean;
}

/** Walks a machine over all its events, from its initial state, and keeps what was found. */
export function lifeOf<State extends string, Event extends string>(
  machine: AnyStateMachine,
  states: readonly State[],
  events: readonly Event[],
): Life<State, Event> {
  const known = new Set<string>(states);
  const table = new Map<string, Map<string, State>>();
  const finals = new Set<string>();
  const [first] = initialTransition(machine);
  const open = [first];
  for (let snapshot = open.shift(); snapshot !== undefined; snapshot = open.shift()) {
    const from = nameOf(snapshot.value);
    if (table.has(from)) continue;
    const row = new Map<string, State>();
    table.set(from, row);
    if (snapshot.status === 'done') finals.add(from);
    for (const event of events) {
      if (snapshot.status === 'done' || !snapshot.can({ type: event })) continue;
      const [reached] = transition(machine, snapshot, { type: event });
      row.set(event, asState(nameOf(reached.value), known));
      open.push(reached);
    }
  }
  return {
    initial: asState(nameOf(first.value), known),
    states,
    events,
    next: (state, event) => table.get(state)?.get(event),
    isFinal: (state) => finals.has(state),
  };

  function asState(name: string, allowed: ReadonlySet<string>): State {
    if (!allowed.has(name))
      throw new Error(`the machine has a state '${name}' that its life does not list`);
    return name as State;
  }
}

function nameOf(value: unknown): string {
  if (typeof value !== 'string')
    throw new Error('a life is a flat machine: its states have one name each');
  return value;
}
