// Starts the page.

import { render } from 'preact';
import { App } from './app.tsx';
import { Live } from './data/live.ts';
import './style/base.css';
import './style/layout.css';
import './style/parts.css';
import './style/charts.css';
import './style/forms.css';
import './style/map.css';

const live = new Live();
live.start();
render(<App live={live} />, document.querySelector('#page')!);
