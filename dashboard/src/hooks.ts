// What views share: the live state, and the time.

import { useEffect, useState } from 'preact/hooks';
import type { Live, LiveState } from './data/live.ts';

export function useLive(live: Live): LiveState {
  const [state, setState] = useState(live.state);
  useEffect(() => {
    setState(live.state);
    return live.subscribe(() => setState(live.state));
  }, [live]);
  return state;
}

/** The wall clock, told anew every second: ages grow while nothing is heard. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** What `load` resolves to, anew whenever one of `when` changes; the former value stays until the next one is there. */
export function useFetched<T>(load: () => Promise<T> | null, when: readonly unknown[]): T | null {
  const [value, setValue] = useState<T | null>(null);
  useEffect(() => {
    let isOver = false;
    load()?.then(
      (fetched) => {
        if (!isOver) setValue(fetched);
      },
      // The live state says what is wrong; here the last value stays.
      () => undefined,
    );
    return () => {
      isOver = true;
    };
  }, when);
  return value;
}
