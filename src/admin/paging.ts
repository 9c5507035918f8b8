// A page of a list: the items behind the one that the caller saw last, in the order of the configuration.

import { refusal } from './problems.ts';
import type { Page } from './schemas/common.ts';

export function pageOf<T extends { readonly id: string }>(
  items: readonly T[],
  { limit, after }: Page,
): { items: T[]; total: number; next: string | null } {
  const start = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) {
    const message = `"${after}" is not in the list (any more); begin again without after`;
    throw refusal('ERR_API_VALUE', message, { fields: [{ field: 'querystring.after', message }] });
  }
  const shown = items.slice(start, start + limit);
  const isLast = start + limit >= items.length;
  return { items: shown, total: items.length, next: isLast ? null : shown.at(-1)!.id };
}
