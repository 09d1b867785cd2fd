// Where clients come from, as all who have to know it write it. Refuses to know who comes.

/** Of the client, or of all who share an address, by their place: of both kinds, and each in a network of its own. */
export function addressOf(place: number): string {
  const isOld = place % 2 === 0;
  return isOld ? `10.0.${place >> 8}.${place & 255}` : `2001:db8:0:${place.toString(16)}::1`;
}
