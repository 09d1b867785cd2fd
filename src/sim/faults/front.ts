// What stands between clients and the shards of one node: the kernel's side of accepting, and what goes wrong there.
// Refuses to know which shard takes a connection, and what is said on it.

import type { Connection } from '../edges/network.ts';

export class Front {
  /** Nobody is let in, and told so at once. */
  isRefusing = false;
  /** Nobody is answered: a connection seems to be on its way for ever. */
  isSilent = false;
  /** Whoever is accepted is lost before a byte is read. */
  isLosing = false;
  /** The process has no descriptor left: connections wait in the kernel until it has. */
  #isFull = false;
  readonly #backlog: { readonly connection: Connection; readonly accept: () => void }[] = [];

  /** Has a connection accepted, now, later or never. */
  admit(connection: Connection, accept: () => void): void {
    if (this.isSilent) connection.isCut = true;
    else if (this.#isFull) this.#backlog.push({ connection, accept });
    else {
      accept();
      if (this.isLosing) connection.reset();
    }
  }

  setFull(isFull: boolean): void {
    this.#isFull = isFull;
    if (isFull) return;
    for (const { connection, accept } of this.#backlog.splice(0)) {
      accept();
      // What came while nobody listened is there to be read.
      if (connection.up.hasArrived) connection.up.receiver?.readable();
    }
  }

  settle(): void {
    this.isRefusing = false;
    this.isSilent = false;
    this.isLosing = false;
    this.setFull(false);
  }
}
