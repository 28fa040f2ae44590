import { type Packet, parser } from 'mqtt-packet';

/** Parses a single packet, of which all bytes are there; undefined if mqtt-packet has an error. */
export function parsePacket(packet: Buffer, version: 4 | 5): Packet | undefined {
  let parsed: Packet | undefined;
  const reader = parser({ protocolVersion: version });
  reader.on('packet', one => {
    parsed = one;
  });
  reader.on('error', () => {
    parsed = undefined;
  });
  try {
    // The parser keeps the bytes.
    reader.parse(Buffer.from(packet));
  } catch {
    return undefined;
  }
  return parsed;
}
