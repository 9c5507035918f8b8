// A view that is made anew only when something it shows is another thing: most of what comes every second is what was there before.

import { Component, type ComponentChild } from 'preact';

/** Properties count as the same if each is the same value or object. */
export function steady<Props extends object>(View: (props: Props) => ComponentChild) {
  return class Steady extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const names = Object.keys(next) as (keyof Props)[];
      return names.some((name) => next[name] !== (this.props as Props)[name]);
    }

    override render() {
      return <View {...(this.props as Props)} />;
    }
  };
}
