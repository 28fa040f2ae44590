/** The entry of the page. It sends its requests to the server that it came from. */

import { render } from 'preact';
import { Server } from './client/server.ts';
import { takeTokenFromAddress, token } from './client/token.ts';
import { App } from './parts/app.tsx';

takeTokenFromAddress();
render(<App server={new Server('', token)} />, document.body);
