import './style/tokens.css';
import './style/base.css';
import { render } from 'preact';
import { messageOf } from './api/api-error';
import { startServerClock } from './api/server-clock';
import { App } from './app';
import { tellFailed } from './ui/toasts';

startServerClock();
render(<App />, document.getElementById('app')!);

// Whatever a handler did not expect is told, not swallowed.
addEventListener('unhandledrejection', ({ reason }) => tellFailed(`That did not work: ${messageOf(reason)}.`));
