/**
 * The order of user properties. In MQTT they are a list, in which a name may occur twice with others between (MQTT 5,
 * §3.3.2.3.7). The parser of MQTT.js makes an object of that list. It groups the values by name, puts names that look like
 * numbers first, and drops an empty value if the same name has another one.
 *
 * The parser has no option for it. So this module watches the parser while it reads each pair, and puts the list beside the
 * object. A parser with another structure is left alone; the order is then that of the object.
 */

import { parser as newParser } from 'mqtt-packet';
import { ORDER, type UserProperties, type UserProperty } from '../../protocol/properties.ts';

/** The methods of the parser that are watched. */
interface Watched {
  _parseByType(type: string): unknown;
  _parseProperties(): { userProperties?: UserProperties } | false;
}

/** The pairs of the packet that is being parsed. The parser reads all properties of a packet in one turn. */
let pairs: UserProperty[] = [];

function watch(prototype: Watched): void {
  const parseByType = prototype._parseByType;
  const parseProperties = prototype._parseProperties;
  if (typeof parseByType !== 'function' || typeof parseProperties !== 'function') return;

  prototype._parseByType = function (type) {
    const value = parseByType.call(this, type);
    if (type === 'pair') {
      const pair = value as { readonly name: string; readonly value: string };
      pairs.push([pair.name, pair.value]);
    }
    return value;
  };

  prototype._parseProperties = function () {
    pairs = [];
    const properties = parseProperties.call(this);
    const user = properties === false ? undefined : properties.userProperties;
    if (user !== undefined) user[ORDER] = pairs;
    return properties;
  };
}

/** From now on all parsers of this thread keep the order. */
export function keepUserPropertyOrder(): void {
  if (isWatched) return;
  isWatched = true;
  watch(Object.getPrototypeOf(newParser({ protocolVersion: 5 })) as Watched);
}

let isWatched = false;
