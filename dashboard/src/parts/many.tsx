// Long lists: shown in parts, and searched.

import { useState } from 'preact/hooks';

/** So many more with each press of the button. */
const STEP = 50;

interface MoreProps {
  /** What is not shown. */
  readonly hidden: number;
  /** Behind the number, such as `more sites`. */
  readonly what: string;
  onMore(): void;
}

export function More({ hidden, what, onMore }: MoreProps) {
  if (hidden <= 0) return null;
  return (
    <button type="button" class="more" onClick={onMore}>
      {hidden} {what}
    </button>
  );
}

/** How many are shown, `few` at first, and what shows more of them. */
export function useShown(few: number): readonly [shown: number, showMore: () => void] {
  const [shown, setShown] = useState(few);
  return [shown, () => setShown(shown + STEP)];
}

interface FindProps {
  readonly label: string;
  readonly text: string;
  onText(text: string): void;
}

export function Find({ label, text, onText }: FindProps) {
  return (
    <label class="find">
      <span class="label">{label}</span>
      <input type="search" value={text} autocomplete="off" onInput={(event) => onText(event.currentTarget.value)} />
    </label>
  );
}

/** Whether all words of a search stand in one of the texts; nothing finds everything. */
export function isFound(search: string, texts: readonly string[]): boolean {
  const words = search.toLowerCase().split(/\s+/);
  return words.every((word) => texts.some((text) => text.toLowerCase().includes(word)));
}
