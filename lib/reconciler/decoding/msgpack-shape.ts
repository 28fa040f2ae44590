/**
 * Whether bytes are one complete MessagePack value. The decoder allocates an array by the length in its header, so five bytes could
 * request gigabytes. Here the elements are counted first.
 */

/** Arrays and maps inside each other at most. */
const MAX_NESTING = 100;

/** How long a value is: its own bytes, and the values inside it. */
interface Extent {
  readonly bytes: number;
  readonly values: number;
}

export function isMsgpack(bytes: Buffer): boolean {
  /** Of each array or map that is open: values still to come. */
  const open = [1];
  let at = 0;
  while (open.length > 0) {
    const left = open.pop() ?? 0;
    if (left === 0) continue;
    if (open.push(left - 1) > MAX_NESTING || at >= bytes.length) return false;
    const extent = extentAt(bytes, at);
    if (extent === undefined) return false;
    at += extent.bytes;
    if (at > bytes.length) return false;
    open.push(extent.values);
  }
  return at === bytes.length;
}

/** Undefined if the header is cut short, or is none of MessagePack. */
function extentAt(bytes: Buffer, at: number): Extent | undefined {
  const head = bytes[at] ?? 0;
  if (head <= 0x7f || head >= 0xe0) return { bytes: 1, values: 0 };
  if (head <= 0x8f) return { bytes: 1, values: 2 * (head & 0x0f) };
  if (head <= 0x9f) return { bytes: 1, values: head & 0x0f };
  if (head <= 0xbf) return { bytes: 1 + (head & 0x1f), values: 0 };
  const fixed = FIXED.get(head);
  if (fixed !== undefined) return { bytes: fixed, values: 0 };
  const sized = SIZED.get(head);
  if (sized === undefined || at + 1 + sized.width > bytes.length) return undefined;
  const size = bytes.readUIntBE(at + 1, sized.width);
  const header = 1 + sized.width + sized.more;
  return sized.of === 'bytes'
    ? { bytes: header + size, values: 0 }
    : { bytes: header, values: size * sized.each };
}

/** By the first byte: bytes of the value in all. */
const FIXED: ReadonlyMap<number, number> = new Map([
  // nil, false, true
  ...[0xc0, 0xc2, 0xc3].map(head => [head, 1] as const),
  // float 32, float 64
  [0xca, 5],
  [0xcb, 9],
  // uint and int of 8, 16, 32, 64 bits
  ...[2, 3, 5, 9].flatMap((size, power) => [[0xcc + power, size] as const, [0xd0 + power, size] as const]),
  // ext of 1, 2, 4, 8, 16 bytes
  ...[1, 2, 4, 8, 16].map((size, power) => [0xd4 + power, 2 + size] as const),
]);

/** How the size of a value is written, how many bytes of the header follow, and what the size counts. */
interface Sized {
  readonly width: 1 | 2 | 4;
  readonly more: 0 | 1;
  readonly of: 'bytes' | 'values';
  readonly each: 1 | 2;
}

const sized = (width: 1 | 2 | 4, of: 'bytes' | 'values', each: 1 | 2 = 1, more: 0 | 1 = 0): Sized => ({
  width,
  more,
  of,
  each,
});

const SIZED: ReadonlyMap<number, Sized> = new Map([
  // bin
  [0xc4, sized(1, 'bytes')],
  [0xc5, sized(2, 'bytes')],
  [0xc6, sized(4, 'bytes')],
  // ext, whose type follows the size
  [0xc7, sized(1, 'bytes', 1, 1)],
  [0xc8, sized(2, 'bytes', 1, 1)],
  [0xc9, sized(4, 'bytes', 1, 1)],
  // str
  [0xd9, sized(1, 'bytes')],
  [0xda, sized(2, 'bytes')],
  [0xdb, sized(4, 'bytes')],
  // array
  [0xdc, sized(2, 'values')],
  [0xdd, sized(4, 'values')],
  // map
  [0xde, sized(2, 'values', 2)],
  [0xdf, sized(4, 'values', 2)],
]);
