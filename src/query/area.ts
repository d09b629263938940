import { createRequire } from "node:module";
import { areaPositionsMax } from "../kernel/index.js";
import { type Place, placeOf } from "../model/index.js";
import { isObject, queryFault } from "./query-fault.js";

/** From the west to the east, which may be past the 180th degree, and from the south to the north. */
export interface Box {
  west: number;
  south: number;
  east: number;
  north: number;
}

/** What a place must lie in. */
export interface Area {
  label: string;
  covers(place: Place): boolean;
  /** Boxes that hold all of it; none of them goes past the 180th degree. */
  boxes: Box[];
}

interface Geodesic {
  Inverse(lat1: number, lon1: number, lat2: number, lon2: number, mask: number): { s12: number };
}

type Polygon = [number, number][][];

const load = createRequire(import.meta.url);
const radians = Math.PI / 180;

/** The shorter half-axis of WGS 84 in metres, and by how much degrees of latitude may outrun the sphere's. */
const radiusMin = 6_356_752;
const latitudeStretch = 1.0034;

const mendNear = 'Write {"near":{"longitude":10.7,"latitude":59.9,"metres":5000}}';
const mendWithin = 'Write {"within":[west,south,east,north]}, or a Polygon or MultiPolygon of GeoJSON';

/** All places up to so many metres away, along the shortest line on the ellipsoid of WGS 84. */
export function parseNear(operand: unknown, path: string): Area {
  if (!isObject(operand)) throw queryFault(path, "must be a place and metres", mendNear);
  const { longitude, latitude, metres } = operand;
  const place = placeOf([longitude, latitude]);
  if (place === null || Object.keys(operand).length !== 3) {
    throw queryFault(path, "must have a longitude, a latitude and metres", mendNear);
  }
  if (typeof metres !== "number" || !(metres >= 0)) {
    throw queryFault(`${path}.metres`, "must be a number from 0", mendNear);
  }
  const { Geodesic } = load("geographiclib-geodesic") as {
    Geodesic: { WGS84: Geodesic; DISTANCE: number };
  };
  const distance = ({ longitude: east, latitude: north }: Place) =>
    Geodesic.WGS84.Inverse(place.latitude, place.longitude, north, east, Geodesic.DISTANCE).s12;
  return {
    label: `within ${metres} m of ${place.latitude},${place.longitude}`,
    covers: (other) => distance(other) <= metres,
    boxes: boxesAround(place, metres),
  };
}

/** All places in a box, or in polygons whose edges are straight on the map, as RFC 7946 has them. */
export function parseWithin(operand: unknown, path: string): Area {
  if (Array.isArray(operand)) return boxArea(operand, path);
  if (!isObject(operand)) throw queryFault(path, "must be a box or a polygon", mendWithin);
  const { type, coordinates } = operand;
  const polygons = type === "Polygon" ? [coordinates] : type === "MultiPolygon" ? coordinates : null;
  if (!Array.isArray(polygons) || polygons.length === 0 || !polygons.every(isPolygon)) {
    throw queryFault(path, "must be a Polygon or MultiPolygon whose rings end where they begin", mendWithin);
  }
  const positions = polygons.flat(2).length;
  if (positions > areaPositionsMax) {
    throw queryFault(path, `has more than ${areaPositionsMax} positions`, "Simplify it");
  }
  const isInside = load("point-in-polygon-hao") as (point: [number, number], polygon: Polygon) => boolean | 0;
  return {
    label: `in a ${String(type)} of ${positions} positions`,
    covers: ({ longitude, latitude }) =>
      polygons.some((polygon) => isInside([longitude, latitude], polygon) !== false),
    boxes: polygons.map(boxOf),
  };
}

function boxArea(operand: unknown[], path: string): Area {
  const [west, south, east, north] = operand as number[];
  const [low, high] = [placeOf([west, south]), placeOf([east, north])];
  if (low === null || high === null || operand.length !== 4 || low.latitude > high.latitude) {
    throw queryFault(path, "must be west, south, east and north in degrees", mendWithin);
  }
  const box = { west: low.longitude, south: low.latitude, east: high.longitude, north: high.latitude };
  const boxes =
    box.west <= box.east
      ? [box]
      : [
          { ...box, east: 180 },
          { ...box, west: -180 },
        ];
  return {
    label: `in the box ${operand.join(",")}`,
    covers: (place) => boxes.some((one) => holds(one, place)),
    boxes,
  };
}

function holds({ west, south, east, north }: Box, { longitude, latitude }: Place): boolean {
  return longitude >= west && longitude <= east && latitude >= south && latitude <= north;
}

/**
 * Boxes that hold a circle. Its lines are no longer on the auxiliary sphere of the ellipsoid than they would
 * be on a sphere of the shorter half-axis, and places lie no nearer to the poles there.
 */
function boxesAround({ longitude, latitude }: Place, metres: number): Box[] {
  const angle = metres / radiusMin;
  const height = (angle / radians) * latitudeStretch + 1e-9;
  const [south, north] = [Math.max(-90, latitude - height), Math.min(90, latitude + height)];
  if (south === -90 || north === 90) return [{ west: -180, south, east: 180, north }];
  const width = Math.asin(Math.min(1, Math.sin(angle) / Math.cos(latitude * radians))) / radians + 1e-9;
  const [west, east] = [longitude - width, longitude + width];
  const box = { west: Math.max(-180, west), south, east: Math.min(180, east), north };
  // The 180th degree has two names.
  if (west <= -180) return [box, { ...box, west: Math.min(180, west + 360), east: 180 }];
  return east >= 180 ? [box, { ...box, west: -180, east: Math.max(-180, east - 360) }] : [box];
}

function isPolygon(value: unknown): value is Polygon {
  return Array.isArray(value) && value.length > 0 && value.every(isRing);
}

function isRing(value: unknown): boolean {
  if (!Array.isArray(value) || value.length < 4) return false;
  const [first, last] = [value[0] as unknown[], value.at(-1) as unknown[]];
  const isPlace = (position: unknown) =>
    Array.isArray(position) && position.every(isNumber) && placeOf(position) !== null;
  return value.every(isPlace) && first[0] === last[0] && first[1] === last[1];
}

function isNumber(value: unknown): boolean {
  return typeof value === "number";
}

function boxOf([outer]: Polygon): Box {
  const box = { west: 180, south: 90, east: -180, north: -90 };
  for (const [longitude, latitude] of outer!) {
    box.west = Math.min(box.west, longitude);
    box.east = Math.max(box.east, longitude);
    box.south = Math.min(box.south, latitude);
    box.north = Math.max(box.north, latitude);
  }
  return box;
}
