// ClientHellos as octets (RFC 8446 section 4.1.2), also such as no client sends.

const u8 = (value: number): number[] => [value & 255];
const u16 = (value: number): number[] => [(value >> 8) & 255, value & 255];
const u24 = (value: number): number[] => [(value >> 16) & 255, ...u16(value)];

export interface Extension {
  readonly type: number;
  readonly data: readonly number[];
}

/** The extension server_name with these names. */
export const serverNames = (...names: readonly string[]): Extension => {
  const list = names.flatMap((name) => [0, ...u16(name.length), ...Buffer.from(name, 'latin1')]);
  return { type: 0, data: [...u16(list.length), ...list] };
};

export const padding = (size: number): Extension => ({ type: 21, data: Array.from({ length: size }, () => 0) });

/** The message, without records. `extensions` null = there is not even a list of them. */
export function helloMessage(extensions: readonly Extension[] | null): Buffer {
  const list = (extensions ?? []).flatMap(({ type, data }) => [...u16(type), ...u16(data.length), ...data]);
  const random = Array.from({ length: 32 }, (_, i) => i);
  const body = [
    ...[3, 3, ...random],
    ...[...u8(32), ...random],
    ...[...u16(4), 0x13, 0x01, 0xc0, 0x2f],
    ...[...u8(1), 0],
    ...(extensions === null ? [] : [...u16(list.length), ...list]),
  ];
  return Buffer.from([1, ...u24(body.length), ...body]);
}

/** The message in records of so many octets; the last size holds for all that follow. */
export function inRecords(message: Uint8Array, sizes: readonly number[] = [16_384]): Buffer {
  const records: number[] = [];
  for (let at = 0, i = 0; at < message.length; i++) {
    const part = message.subarray(at, at + sizes[Math.min(i, sizes.length - 1)]!);
    records.push(22, 3, 1, ...u16(part.length), ...part);
    at += part.length;
  }
  return Buffer.from(records);
}

export const helloFor = (name: string): Buffer => inRecords(helloMessage([padding(3), serverNames(name)]));
