// Rows of a table as lines.

import { oneLine } from './plain-text.ts';

/** Each column is as wide as its widest cell; columns that are empty everywhere are left out, and no line ends in spaces. */
export function columns(rows: readonly (readonly string[])[], indent = '  '): string[] {
  const clean = rows.map((row) => row.map(oneLine));
  const widths: number[] = [];
  for (const row of clean) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return clean.map((row) => {
    const cells = row.flatMap((cell, i) => (widths[i] === 0 ? [] : [cell.padEnd(widths[i]!)]));
    return `${indent}${cells.join('  ')}`.trimEnd();
  });
}
