/** Where the page begins: it was sent by the server that it now asks. */

import { render } from 'preact';
import { App } from './parts/app.tsx';
import { Server } from './server.ts';
import { takeTokenFromAddress, token } from './token.ts';

takeTokenFromAddress();
render(<App server={new Server('', token)} />, document.body);
