// Where clients come from, as all who have to know it write it. Refuses to know who comes.

/** Of the client, or of all who share an address, by their place. */
export function addressOf(place: number): string {
  return `10.0.${place >> 8}.${place & 255}`;
}
