import fc from "fast-check";
import { expect, test } from "vitest";
import { compileMapping } from "../../src/mapping/index.js";
import { type RecordView, valueFlag, valueType } from "../../src/model/index.js";
import { findPreset } from "../../src/presets/index.js";
import { createQuadCheck } from "../../src/presets/quad-check.js";

const entity = compileMapping(findPreset("rdf")!).entities[0]!;
const members = entity.fields.map(({ path }) => path[0]!);
const entryBytes = 16;

/** A record with one value, which stands behind its entry as it is written in JSON. */
function viewOf(slot: number, written: string, flags: number): RecordView {
  const text = Buffer.from(written);
  const buffer = new ArrayBuffer(entryBytes * Math.ceil((entryBytes + text.length + 1) / entryBytes));
  const bytes = Buffer.from(buffer);
  bytes.writeUInt16LE(slot, 0);
  bytes.set([valueType.string, flags], 2);
  bytes.writeUInt32LE(entryBytes, 4);
  bytes.writeUInt32LE(entryBytes + text.length, 8);
  bytes.set(text, entryBytes);
  bytes.write('"', entryBytes + text.length);
  const end = bytes.length;
  const words = new Uint32Array(buffer);
  const isCanonical = () => true;
  const place = { ordinal: 0, start: 0, end, values: 0, valueCount: 1 };
  return { entity, bytes, words, ...place, jsonIsCanonical: isCanonical, textIsCanonical: isCanonical };
}

/** With every character as an escape of JSON: such a text is judged as a text, not where it lies. */
function escaped(text: string): string {
  return [...text]
    .flatMap((character) => character.split(""))
    .map(hexOf)
    .join("");
}

function hexOf(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

// Without what JSON writes with a backslash.
const anyCharacter = fc.oneof(
  fc.constantFrom(..."aZ09:+-./_#<>{}|^`% \u007f\u0080éK\u2028😀"),
  fc
    .string({ unit: "binary", minLength: 1, maxLength: 1 })
    .filter((one) => JSON.stringify(one) === `"${one}"`),
);
const anyText = fc.oneof(
  fc.array(anyCharacter, { maxLength: 8 }).map((characters) => characters.join("")),
  fc.array(anyCharacter, { maxLength: 8 }).map((characters) => `http://x/${characters.join("")}`),
  fc.array(anyCharacter, { maxLength: 4 }).map((characters) => `_:b${characters.join("")}`),
);

test("a value that is judged where it lies fares as one that is read as a text", () => {
  const check = createQuadCheck();
  const verdicts = new Set<string>();
  fc.assert(
    fc.property(fc.nat({ max: members.length - 1 }), anyText, (slot, text) => {
      const plain = check(viewOf(slot, text, 0));
      expect(plain).toEqual(check(viewOf(slot, escaped(text), valueFlag.escapes)));
      verdicts.add(`${members[slot]} ${plain === null}`);
    }),
    { numRuns: 2000 },
  );
  expect(verdicts).toContain("subject true");
  expect(verdicts).toContain("subject false");
});
