import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileMapping, decompileMapping, type Mapping } from "../../src/mapping/index.js";
import { placeOf, placeTerm } from "../../src/model/index.js";
import { parseNear, parseWithin } from "../../src/query/area.js";
import { count, explain, query, verify } from "../../src/query/index.js";
import { areaSpans } from "../../src/query/plan-places.js";
import { LoaderRig } from "../pipeline/loader-rig.js";
import { MemoryStoreBuilder } from "../support/memory-store.js";

const mapping: Mapping = {
  version: 1,
  entities: {
    Spot: {
      key: "id",
      fields: {
        id: "int",
        text: { type: "string", index: "place" },
        point: { type: "json", index: "place" },
        latitude: { type: "float", index: "place", longitude: "longitude" },
        longitude: "float",
        north: { type: "string", index: "place", longitude: "east" },
        east: "string",
        plain: "json",
      },
    },
  },
};
const compiled = compileMapping(mapping);
const entity = compiled.entities[0]!;
const keyless = compileMapping({
  version: 1,
  entities: { Spot: { fields: mapping.entities.Spot!.fields } },
}).entities[0]!;
const names = ["text", "point", "latitude", "north", "plain"] as const;

/** Longitude and latitude. */
type Position = [number, number];

const anyLongitude = fc.oneof(
  fc.double({ min: -180, max: 180, noNaN: true }),
  fc.constantFrom(-180, 180, 0, 179.999, -179.999, 10.75),
);
const anyLatitude = fc.oneof(
  fc.double({ min: -90, max: 90, noNaN: true }),
  fc.constantFrom(-90, 90, 0, 89.999, 59.91),
);
/** Texts of decimal degrees have no exponents. */
const plainNumber = (value: number) => Number(value.toFixed(9)) + 0;
const anyPosition: fc.Arbitrary<Position> = fc
  .tuple(anyLongitude, anyLatitude)
  .map(([longitude, latitude]) => [plainNumber(longitude), plainNumber(latitude)]);

/** One record with the position in every form that the fields take. */
function spotOf(id: number, [longitude, latitude]: Position, form: number): object {
  const point = { type: "Point", coordinates: [longitude, latitude] };
  const [north, east] = [latitude.toFixed(9), ` ${longitude.toFixed(9)}`];
  const texts = [
    `${north},${east}`,
    JSON.stringify(point),
    JSON.stringify(point).replaceAll('"', "'"),
    `[${longitude}, ${latitude}]`,
  ];
  const points = [
    point,
    [longitude, latitude],
    texts[0],
    { coordinates: [longitude, latitude, 7], type: "Point" },
  ];
  const [text, json] = [texts[form % 4], points[form % 4]];
  return { id, text, point: json, plain: json, latitude, longitude, north, east };
}

/** Bits of both, one after another, of what a double can tell. */
function termTwin([longitude, latitude]: Position): bigint {
  let term = 0n;
  let [x, y] = [
    Math.floor(((longitude + 180) / 360) * 2 ** 32),
    Math.floor(((latitude + 90) / 180) * 2 ** 32),
  ];
  [x, y] = [Math.min(x, 2 ** 32 - 1), Math.min(y, 2 ** 32 - 1)];
  for (let bit = 31; bit >= 0; bit--) {
    const at = (value: number) => BigInt(Math.floor(value / 2 ** bit) % 2);
    term = term * 4n + at(x) * 2n + at(y);
  }
  return term;
}

function storeOf(positions: Position[]) {
  const builder = new MemoryStoreBuilder(mapping, { blockTuples: 20, batchRecords: 9 });
  const records = positions.map((position, id) => ({
    entity: "Spot",
    text: JSON.stringify(spotOf(id, position, id)),
  }));
  builder.addSegment(records.slice(0, 20));
  builder.addSegment(records.slice(20));
  return builder.reader();
}

/** On a sphere, whose distances are those of the ellipsoid to less than a hundredth. */
function haversine([lon1, lat1]: Position, [lon2, lat2]: Position): number {
  const [a, b] = [(lat1 * Math.PI) / 180, (lat2 * Math.PI) / 180];
  const chord =
    Math.sin((b - a) / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin(((lon2 - lon1) * Math.PI) / 360) ** 2;
  return 2 * 6_371_009 * Math.asin(Math.min(1, Math.sqrt(chord)));
}

describe("terms of places", () => {
  test("are the same for every form of a place", () => {
    const rig = new LoaderRig();
    fc.assert(
      fc.property(fc.array(anyPosition, { minLength: 1, maxLength: 8 }), fc.nat(3), (positions, form) => {
        const loaded = rig.load({
          entity,
          format: "jsonl",
          header: null,
          text: positions.map((position, id) => JSON.stringify(spotOf(id, position, form))).join("\n"),
        });
        const numbers = entity.fields.flatMap(({ indexes }) => indexes.map(({ number }) => number));
        const twin = positions.flatMap((position, id) =>
          numbers.map((number) => `${number}:${termTwin(position)}:${id}:0`),
        );
        expect(loaded.tuples).toEqual(twin.sort());
      }),
    );
  });

  test.each([
    "",
    "x",
    "1",
    "91,0",
    "0,181",
    "1,2,3",
    "{",
    '{"type":"Polygon","coordinates":[1,2]}',
    '{"type":"Point"}',
    "[1]",
    '["a","b"]',
    "1e2,2",
    "0x1,2",
    `[1,2]${" ".repeat(2000)}`,
    null,
    5,
    true,
    [],
    [200, 0],
    { type: "Point", coordinates: [[1, 2]] },
  ])("%j is no place", (value) => {
    expect(placeOf(value)).toBeNull();
  });

  test("half a place is none, and stands in no index", () => {
    const rig = new LoaderRig();
    const lines = [
      '{"id":1,"latitude":5}',
      '{"id":2,"longitude":5}',
      '{"id":3,"point":{"a":1},"text":"here"}',
    ];
    const loaded = rig.load({ entity, format: "jsonl", header: null, text: lines.join("\n") });
    expect([loaded.tuples, loaded.rejects]).toEqual([[], []]);
    const long = { type: "Point", coordinates: [1, 2], note: "x".repeat(70_000) };
    const texts = [{ text: `1,2${" ".repeat(9000)}` }, { point: long }].map((record) =>
      JSON.stringify(record),
    );
    const none = rig.load({ entity: keyless, format: "jsonl", header: null, text: texts.join("\n") });
    expect([none.tuples, none.rejects]).toEqual([[], []]);
  });
});

const anyBox = fc
  .tuple(anyLongitude, anyLatitude, anyLongitude, anyLatitude)
  .map(([west, one, east, other]) => [west, Math.min(one, other), east, Math.max(one, other)]);
const anyNear = fc
  .record({
    longitude: anyLongitude,
    latitude: anyLatitude,
    metres: fc.oneof(fc.double({ min: 0, max: 3e7, noNaN: true }), fc.constantFrom(0, 1, 5000, 1e6)),
  })
  .map((near) => ({ ...near }));

describe("areas", () => {
  test("lie in their stretches of terms", () => {
    const anyArea = fc.oneof(
      anyNear.map((near) => parseNear(near, "near")),
      anyBox.map((box) => parseWithin(box, "within")),
    );
    let covered = 0;
    fc.assert(
      fc.property(anyArea, fc.array(anyPosition, { minLength: 20, maxLength: 20 }), (area, positions) => {
        const spans = areaSpans(area, 1);
        expect(spans.length).toBeLessThan(400);
        for (const [longitude, latitude] of positions) {
          if (!area.covers({ longitude, latitude })) continue;
          covered++;
          const term = placeTerm({ longitude, latitude });
          expect(spans.some(({ low, high }) => term >= low && term <= high)).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
    expect(covered).toBeGreaterThan(300);
  }, 60_000);

  test("of small circles hold what lies at their rims", () => {
    fc.assert(
      fc.property(
        anyPosition,
        fc.double({ min: 0.1, max: 2e5, noNaN: true }),
        fc.nat(359),
        (centre, metres, way) => {
          const [longitude, latitude] = centre;
          const area = parseNear({ longitude, latitude, metres }, "near");
          const spans = areaSpans(area, 1);
          const step = (metres / 111_000) * 0.999;
          const east =
            longitude + (Math.sin(way) * step) / Math.max(1e-6, Math.cos((latitude * Math.PI) / 180));
          const place = {
            longitude: ((((east + 180) % 360) + 360) % 360) - 180,
            latitude: Math.max(-90, Math.min(90, latitude + Math.cos(way) * step)),
          };
          if (!area.covers(place)) return;
          const term = placeTerm(place);
          expect(spans.some(({ low, high }) => term >= low && term <= high)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  }, 60_000);

  test("are asked for in every form of a place, against plain arrays", async () => {
    const anyPositions = fc.array(anyPosition, { maxLength: 40 });
    const anyName = fc.constantFrom(...names);
    await fc.assert(
      fc.asyncProperty(anyPositions, anyName, anyNear, anyBox, async (positions, name, near, box) => {
        const reader = storeOf(positions);
        const field = name === "plain" ? "plain" : name;
        const find = (condition: object) =>
          [...query(reader, { where: { [field]: condition } })].map(({ id }) => id);
        const [west, south, east, north] = box as [number, number, number, number];
        const isIn = ([longitude, latitude]: Position) =>
          latitude >= south &&
          latitude <= north &&
          (west <= east ? longitude >= west && longitude <= east : longitude >= west || longitude <= east);
        const ids = (isMatch: (position: Position) => boolean) =>
          positions.flatMap((position, id) => (isMatch(position) ? [id] : []));
        expect(find({ within: box })).toEqual(ids(isIn));
        expect(count(reader, { where: { not: { [field]: { within: box } } } })).toBe(
          positions.length - ids(isIn).length,
        );
        const centre: Position = [near.longitude, near.latitude];
        const found = find({ near });
        const sure = ids((position) => haversine(centre, position) < near.metres * 0.99 - 0.01);
        const possible = ids((position) => haversine(centre, position) <= near.metres * 1.01 + 0.01);
        expect(found.filter((id) => sure.includes(id))).toEqual(sure);
        expect(found.filter((id) => !possible.includes(id))).toEqual([]);
        expect((await verify(reader)).firstFaults).toEqual([]);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  const grid: Position[] = Array.from({ length: 900 }, (_, at) => [(at % 30) / 10, Math.floor(at / 30) / 10]);
  const gridStore = new MemoryStoreBuilder(mapping, { blockTuples: 40, batchRecords: 50 });
  gridStore.addSegment(
    grid.map((position, id) => ({ entity: "Spot", text: JSON.stringify(spotOf(id, position, id)) })),
  );
  const reader = gridStore.reader();
  const ring = (low: number, high: number) => [
    [low, low],
    [high, low],
    [high, high],
    [low, high],
    [low, low],
  ];

  test("may be polygons with holes, several of them, their edges among them", () => {
    const find = (within: object) => count(reader, { where: { point: { within } } });
    const inside = (low: number, high: number) =>
      grid.filter((position) => position.every((one) => one >= low && one <= high)).length;
    expect(find({ type: "Polygon", coordinates: [ring(0.5, 1.5)] })).toBe(inside(0.5, 1.5));
    const hole = grid.filter((position) => position.every((one) => one > 0.75 && one < 1.25)).length;
    expect(find({ type: "Polygon", coordinates: [ring(0.5, 1.5), ring(0.75, 1.25)] })).toBe(
      inside(0.5, 1.5) - hole,
    );
    const two = [[ring(0.05, 0.45)], [ring(2, 2.5)]];
    expect(find({ type: "MultiPolygon", coordinates: two })).toBe(inside(0.05, 0.45) + inside(2, 2.5));
    const triangle = [
      [
        [0, 0],
        [2.95, 0],
        [0, 2.95],
        [0, 0],
      ],
    ];
    expect(find({ type: "Polygon", coordinates: triangle })).toBe(
      grid.filter(([longitude, latitude]) => Math.round((longitude + latitude) * 10) <= 29).length,
    );
  });

  test("are met by their stretches, and the explanation says so", () => {
    const near = { longitude: 1.5, latitude: 1.5, metres: 12_000 };
    const lines = explain(reader, { where: { latitude: { near } } }).join("\n");
    expect(lines).toContain("range: latitude within 12000 m of 1.5,1.5, ");
    expect(Number(/Read (\d+) records/.exec(lines)?.[1])).toBeLessThan(20);
    expect(lines).toContain("5 results");
    expect(explain(reader, { where: { plain: { near } } }).join("\n")).toContain("scan: all 900 records");
  });

  test.each([
    [{ near: 5 }, "near must be a place and metres"],
    [{ near: { longitude: 1, latitude: 91, metres: 1 } }, "near must have a longitude"],
    [{ near: { longitude: 1, latitude: 1 } }, "near must have a longitude"],
    [{ near: { longitude: 1, latitude: 1, metres: -1 } }, "near.metres must be a number from 0"],
    [{ within: [1, 2, 3] }, "within must be west, south, east and north"],
    [{ within: [1, 2, 3, 1] }, "within must be west, south, east and north"],
    [{ within: "x" }, "within must be a box or a polygon"],
    [{ within: { type: "Polygon", coordinates: [[[0, 0]]] } }, "whose rings end where they begin"],
    [{ within: { type: "Line", coordinates: [] } }, "must be a Polygon or MultiPolygon"],
  ])("%j is refused", (condition, message) => {
    expect(() => count(reader, { where: { point: condition } })).toThrow(message);
  });
});

describe("the mapping", () => {
  test.each([
    [{ type: "float", index: "place" }, "a.longitude must name the field of the longitudes"],
    [{ type: "float", longitude: "b" }, "a.longitude needs index: place"],
    [{ type: "float", index: "place", longitude: "c" }, "of the same type"],
    [{ type: "string", index: "place", longitude: "z" }, 'there is no "z"'],
    [{ type: "int", index: "place" }, "must be exact or range for a field of type int"],
  ])("%j", (field, message) => {
    const fields = { a: field, b: "float", c: "int" };
    expect(() => compileMapping({ version: 1, entities: { A: { fields } } } as Mapping)).toThrow(message);
  });

  test("is written as it was read", () => {
    expect(decompileMapping(compiled)).toEqual(mapping);
  });
});
