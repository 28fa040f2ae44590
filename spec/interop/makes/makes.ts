/** The makes of brokers that the suite can start, by the name that `npm run test:broker` and install.sh know. */

import { activemq } from './activemq.ts';
import { aedes } from './aedes.ts';
import { amqtt } from './amqtt.ts';
import { artemis } from './artemis.ts';
import { ejabberd } from './ejabberd.ts';
import { hivemq } from './hivemq.ts';
import type { Make } from './make.ts';
import { mochi } from './mochi.ts';
import { moquette } from './moquette.ts';
import { mosca } from './mosca.ts';
import { mosquitto } from './mosquitto.ts';
import { nats } from './nats.ts';
import { rabbitmq } from './rabbitmq.ts';
import { rumqttd } from './rumqttd.ts';

export const MAKES: Readonly<Record<string, Make>> = {
  mosquitto,
  rabbitmq,
  activemq,
  artemis,
  hivemq,
  moquette,
  amqtt,
  aedes,
  mosca,
  nats,
  ejabberd,
  mochi,
  rumqttd,
};
