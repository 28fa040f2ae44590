/** Binary payloads as hexadecimal bytes. */

export interface HexRow {
  /** Of the first byte, such as `0010`. */
  readonly offset: string;
  readonly hex: string;
  /** The bytes that are printable ASCII, and a dot for each other one. */
  readonly ascii: string;
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0));
}

/** `89 50 4e 47` */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(' ');
}

export function hexRows(bytes: Uint8Array, perRow: number): HexRow[] {
  return Array.from({ length: Math.ceil(bytes.length / perRow) }, (_, row) => {
    const part = bytes.subarray(row * perRow, (row + 1) * perRow);
    return {
      offset: (row * perRow).toString(16).padStart(4, '0'),
      hex: hexOf(part),
      ascii: Array.from(part, byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join(
        '',
      ),
    };
  });
}
