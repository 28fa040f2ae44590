/** The entry of the page. It sends its requests to the server that it came from. */

import { render } from 'preact';
import { App } from './parts/app.tsx';
import { Server } from './server.ts';
import { takeTokenFromAddress, token } from './token.ts';

takeTokenFromAddress();
render(<App server={new Server('', token)} />, document.body);
