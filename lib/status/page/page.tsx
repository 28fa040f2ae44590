/** The entry of the page. It sends its requests to the server and the path that it came from. */

import { render } from 'preact';
import { Server } from './client/server.ts';
import { takeTokenFromAddress, token } from './client/token.ts';
import { App } from './parts/app.tsx';

/** Without the `/` at its end; '' at the root of a host. */
const base = new URL('.', location.href).pathname.replace(/\/$/, '');

takeTokenFromAddress();
render(<App server={new Server(base, token)} />, document.body);
