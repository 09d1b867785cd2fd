// Where clients come from, as all who have to know it write it. Refuses to know who comes.

/**
 * Of the client, or of all who share an address, by their place: of both kinds, and each in a network of its own. Who shares
 * one of IPv6 has a host of his own in its network, whose address is written short or in full.
 */
export function addressOf(place: number, host = 1): string {
  if (place % 2 === 0) return `10.0.${place >> 8}.${place & 255}`;
  const network = `2001:${(0xdb8 + place).toString(16)}`;
  const last = host.toString(16);
  return host % 2 === 0 ? `${network}:0:0:1:2:3:${last}` : `${network}::${last}`;
}

/** Of an address that is written like that: all of IPv6 that begin like it count as one. */
export function networkOf(address: string): string {
  if (address.includes('.')) return address;
  return address.split(':').slice(0, 2).join(':');
}
