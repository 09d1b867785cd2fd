// The WebSocket extension `grip`, by which an origin asks the gateway to listen to it: found among the extensions of
// its answer, with the prefix of the messages that are for the client.
// Refuses to know what is said afterwards. Obeys spec/websocket-over-http.md, section "Control messages".

import {
  allHeaders,
  headerBytes,
  type HeaderList,
  paramOf,
  parseElement,
  splitElements,
} from '../../codecs/grip/header-list.ts';

export interface GripExtension {
  /** As the origin wrote it, for a gateway in front of us. */
  readonly text: string;
  readonly messagePrefix: Uint8Array;
}

/** Undefined when the origin does not ask for it, or not in a way that can be read. */
export function gripExtensionOf(headers: HeaderList): GripExtension | undefined {
  for (const text of allHeaders(headers, EXTENSIONS).flatMap(splitElements)) {
    const element = parseElement(text);
    if (element?.value !== 'grip') continue;
    const prefix = paramOf(element, 'message-prefix') ?? MESSAGE_PREFIX_DEFAULT;
    return { text, messagePrefix: headerBytes(prefix) };
  }
  return undefined;
}

export const EXTENSIONS = 'Sec-WebSocket-Extensions';

const MESSAGE_PREFIX_DEFAULT = 'm:';
