/** A PUBLISH of QoS 1 that its user encodes, straight into the memory from which it is written to the network. */
export interface EncodedPublish {
  /** It has no more bytes than these. */
  readonly mostBytes: number;
  /**
   * Writes the packet with this identifier. Nothing overwrites these bytes as long as somebody refers to them.
   * @returns the end of the packet
   */
  encode(buffer: Buffer, at: number, id: number): number;
}
