/** A process that is an Aedes: `node aedes-server.js PORT`. It keeps retained messages in memory. */

import { createServer } from 'node:net';
import { Aedes } from 'aedes';

const [port = ''] = process.argv.slice(2);

const aedes = await Aedes.createBroker();
const server = createServer(socket => {
  socket.setNoDelay(true);
  aedes.handle(socket);
});
server.listen(Number(port), '127.0.0.1');
