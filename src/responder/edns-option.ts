// EDNS options as octets (RFC 6891, section 6.1.2), for those that are the same in every reply.

/** A whole option: code, size, data of at most 65,535 octets. */
export function encodeOption(code: number, data: ArrayLike<number>): Uint8Array {
  const option = new Uint8Array(4 + data.length);
  option.set([code >> 8, code, data.length >> 8, data.length]);
  option.set(data, 4);
  return option;
}
