/**
 * Geobuf: GeoJSON as protocol buffers (github.com/mapbox/geobuf, geobuf.proto).
 *
 * Coordinates are read of points only: the others are most of the payload, and no version stands in them. The usual decoder trusts
 * the number of rings that a payload claims, so 20 bytes can make it run until the memory is full.
 */

import { PbfReader } from 'pbf';
import type { Payload } from '../../core/payload.ts';
import { toBuffer } from '../../protocol/payload.ts';

/** No prototype: keys come from the network. */
type GeoObject = Record<string, unknown>;

const GEOMETRIES = [
  'Point',
  'MultiPoint',
  'LineString',
  'MultiLineString',
  'Polygon',
  'MultiPolygon',
  'GeometryCollection',
];

/** Decimals of a coordinate, unless the payload says otherwise. */
const DEFAULT_DECIMALS = 6;

/** @throws if the payload is no Geobuf, is cut short, or is nested too deep for the stack */
export function decodeGeobuf(payload: Payload): unknown {
  const bytes = toBuffer(payload);
  const reader = new PbfReader(bytes);
  const geobuf = new Geobuf(reader);
  const root = reader.readFields((tag, object) => geobuf.readData(tag, object), geoObject());
  if (reader.pos !== bytes.length) throw new Error('the Geobuf is cut short');
  return root;
}

class Geobuf {
  readonly #reader: PbfReader;
  readonly #keys: string[] = [];
  /** Values to which the next list of properties refers. */
  #values: unknown[] = [];
  #scale = 10 ** DEFAULT_DECIMALS;

  constructor(reader: PbfReader) {
    this.#reader = reader;
  }

  /** Reads into the root, which is of one of three kinds. */
  readData(tag: number, root: GeoObject): void {
    if (tag === 1) this.#keys.push(this.#reader.readString());
    else if (tag === 3) this.#scale = 10 ** this.#reader.readVarint();
    else if (tag === 4) this.#readCollection(root);
    else if (tag === 5) this.#readFeature(root);
    else if (tag === 6) this.#readGeometry(root);
  }

  #readCollection(collection: GeoObject): void {
    const features: GeoObject[] = [];
    collection['type'] = 'FeatureCollection';
    collection['features'] = features;
    this.#reader.readMessage(tag => {
      if (tag === 1) features.push(this.#readFeature(geoObject()));
      else this.#readCustom(tag, collection);
    }, undefined);
  }

  #readFeature(feature: GeoObject): GeoObject {
    feature['type'] = 'Feature';
    feature['geometry'] = null;
    this.#reader.readMessage(tag => {
      if (tag === 1) feature['geometry'] = this.#readGeometry(geoObject());
      else if (tag === 11) feature['id'] = this.#reader.readString();
      else if (tag === 12) feature['id'] = this.#reader.readSVarint();
      else if (tag === 14) feature['properties'] = this.#readProperties(geoObject());
      else this.#readCustom(tag, feature);
    }, undefined);
    return feature;
  }

  #readGeometry(geometry: GeoObject): GeoObject {
    const geometries: GeoObject[] = [];
    geometry['type'] = 'Point';
    this.#reader.readMessage(tag => {
      if (tag === 1) geometry['type'] = GEOMETRIES[this.#reader.readVarint()];
      else if (tag === 3 && geometry['type'] === 'Point') geometry['coordinates'] = this.#readPoint();
      else if (tag === 4) geometries.push(this.#readGeometry(geoObject()));
      else this.#readCustom(tag, geometry);
    }, undefined);
    if (geometries.length > 0) geometry['geometries'] = geometries;
    return geometry;
  }

  /** Properties that GeoJSON does not name stand in the object itself. */
  #readCustom(tag: number, object: GeoObject): void {
    if (tag === 13) this.#values.push(this.#readValue());
    else if (tag === 15) this.#readProperties(object);
  }

  #readPoint(): number[] {
    return this.#reader.readPackedSVarint().map(coordinate => coordinate / this.#scale);
  }

  #readValue(): unknown {
    const reader = this.#reader;
    let value: unknown = null;
    reader.readMessage(tag => {
      if (tag === 1) value = reader.readString();
      else if (tag === 2) value = reader.readDouble();
      else if (tag === 3) value = reader.readVarint();
      else if (tag === 4) value = -reader.readVarint();
      else if (tag === 5) value = reader.readBoolean();
      else if (tag === 6) value = JSON.parse(reader.readString());
    }, undefined);
    return value;
  }

  /** Pairs of indexes: of a key, and of a value. */
  #readProperties(object: GeoObject): GeoObject {
    const indexes = this.#reader.readPackedVarint();
    for (let at = 0; at + 1 < indexes.length; at += 2) {
      const key = this.#keys[indexes[at] ?? -1];
      if (key !== undefined) object[key] = this.#values[indexes[at + 1] ?? -1];
    }
    this.#values = [];
    return object;
  }
}

function geoObject(): GeoObject {
  return Object.create(null);
}
