// HMAC for transaction signatures, from node:crypto: src/transfer/ is pure and takes it as an argument.

import { createHmac } from 'node:crypto';
import type { Hmac } from '../../model/transfer.ts';

export const hmac: Hmac = ({ algorithm, secret }, parts) => {
  const digest = createHmac(algorithm.slice('hmac-'.length), secret);
  for (const part of parts) digest.update(part);
  return digest.digest();
};
