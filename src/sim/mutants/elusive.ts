// Planted bugs that no seed has found yet, each with what the simulator lacks for it. Refuses to excuse any other.

/** By name; what is found leaves the list. */
export const elusive: ReadonlyMap<string, string> = new Map();
