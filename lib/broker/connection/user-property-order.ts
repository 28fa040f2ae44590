/**
 * The order of user properties. MQTT has them be a list: a name may be there twice, others between (MQTT 5, §3.3.2.3.7).
 * The parser of MQTT.js makes an object of that list. It groups the values by name, puts names that look like numbers
 * first, and drops an empty value where the same name has another one.
 *
 * The parser has no option for it. So it is watched while it reads each pair, and the list is put beside the object.
 * A parser that works otherwise is left alone: then the order is what the object says.
 */

import { parser as newParser } from 'mqtt-packet';
import { ORDER, type UserProperties, type UserProperty } from '../../protocol/properties.ts';

/** As much of the parser as is watched. */
interface Watched {
  _parseByType(type: string): unknown;
  _parseProperties(): { userProperties?: UserProperties } | false;
}

/** Of the parser that is reading properties at this moment: it reads those of a packet in one go. */
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

/** Has all parsers of this thread tell the order, from now on. */
export function keepUserPropertyOrder(): void {
  if (isWatched) return;
  isWatched = true;
  watch(Object.getPrototypeOf(newParser({ protocolVersion: 5 })) as Watched);
}

let isWatched = false;
