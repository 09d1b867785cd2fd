// A gateway that is to be tried: where its doors are, and the origins that its routes lead to.

import type { Place } from './http-client.ts';
import type { Origins } from './origin.ts';

export interface GripSite {
  readonly target: Place;
  readonly control: Place;
  /** The target's door for TLS. */
  readonly secureTarget: Place | undefined;
  readonly prometheus: Place | undefined;
  readonly zmqPull: string | undefined;
  readonly zmqSub: string | undefined;
  readonly zmqRep: string | undefined;
  readonly stats: string | undefined;
  /** The routes file that the gateway watches, where a case may write to it. */
  readonly routesFile: string | undefined;
  readonly configuration: 'plain' | 'full';
  readonly origins: Origins;
  /** The gateway is Pushpin 1.36: listed differences are expected of it. */
  readonly isPushpin: boolean;
}

/** An address of one scheme, as a place to connect to. */
export function placeOf(flag: string, text: string, protocol = 'http:'): Place {
  const url = URL.parse(text);
  if (url === null || url.protocol !== protocol || url.pathname !== '/' || url.search !== '')
    throw new Error(`${flag} must be an address like ${protocol}//host:port.`);
  const usual = protocol === 'https:' ? 443 : 80;
  const place = {
    host: url.hostname.replaceAll(/[[\]]/g, ''),
    port: url.port === '' ? usual : Number(url.port),
  };
  return protocol === 'https:' ? { ...place, serverName: 'localhost' } : place;
}
