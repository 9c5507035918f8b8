// Where one listens, or whom one tells: an address and a port.

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}
