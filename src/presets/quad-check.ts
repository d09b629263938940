import {
  type CompiledEntity,
  type QuadMember,
  quadMembers,
  type RecordCheck,
  type RecordView,
  valueFlag,
  valueType,
} from "../model/index.js";

// biome-ignore lint/suspicious/noControlCharactersInRegex: an IRI holds none of them.
const iri = /^[a-z][a-z0-9+.-]*:[^\u0000-\u0020<>"{}|^`\\]*$/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: and neither does a name of Dgraph's dialect.
const name = /^[^\u0000-\u0020<>"{}|^`\\]+$/;
const language = /^[a-z]+(?:-[a-z0-9]+)*$/i;

/** PN_CHARS_BASE, and PN_CHARS beyond it, of the grammars of RDF 1.1. */
const letters =
  "A-Za-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d" +
  "\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}";
const others = "\\-\\u00b7\\u0300-\\u036f\\u203f\\u2040";
const label = new RegExp(
  `^_:[${letters}_0-9](?:[${letters}_0-9${others}.]*[${letters}_0-9${others}])?$`,
  "u",
);

const forms: Record<QuadMember, { what: string; fits: (text: string) => boolean }> = {
  subject: { what: "an absolute IRI, or a blank node such as _:b1", fits: isNode },
  predicate: { what: "an absolute IRI", fits: (text) => iri.test(text) },
  object: { what: "an absolute IRI, or a blank node such as _:b1", fits: isNode },
  value: { what: "a string, without halves of surrogate pairs", fits: () => true },
  language: { what: "a language tag such as en-GB", fits: (text) => language.test(text) },
  datatype: { what: "an absolute IRI", fits: (text) => iri.test(text) },
  graph: { what: "an absolute IRI, or a blank node such as _:b1", fits: isNode },
};

function isNode(text: string): boolean {
  return text.startsWith("_:") ? label.test(text) : iri.test(text);
}

/** Whether a text is right where names need not be absolute. */
function isNamed(member: QuadMember, text: string): boolean {
  if (member === "value" || member === "language" || member === "datatype") return false;
  return name.test(text) && (member === "predicate" || !text.startsWith("_:"));
}

/**
 * Holds the members of a quad that came as JSON to the forms that N-Quads have for them, so that every quad
 * in a store can be written as one. What came as N-Quads was held to them when it was read.
 */
export function createQuadCheck(): RecordCheck {
  const membersByEntity = new WeakMap<CompiledEntity, (QuadMember | null)[]>();
  return (view) => {
    if (view.entity.quads === undefined) return null;
    const { hasRelativeNames } = view.entity.quads;
    let members = membersByEntity.get(view.entity);
    if (members === undefined) {
      members = view.entity.fields.map(({ path: [name] }) => quadMembers.find((one) => one === name) ?? null);
      membersByEntity.set(view.entity, members);
    }
    for (let entry = view.values; entry < view.values + view.valueCount * entryBytes; entry += entryBytes) {
      const member = members[view.bytes.readUInt16LE(entry)] ?? null;
      if (member === null || view.bytes[entry + 2] === valueType.null || isPlain(view, entry, member))
        continue;
      const text = textOf(view, entry);
      const { what, fits } = forms[member];
      if (text !== null && (fits(text) || (hasRelativeNames === true && isNamed(member, text)))) continue;
      return { code: "QUAD_SHAPE", reason: `"${member}" must be ${what}` };
    }
    return null;
  };
}

/** Bytes of a value's entry: see RecordView. */
const entryBytes = 16;

/**
 * Most values are IRIs, or plain texts, and are seen to be right where they lie: a string made of each takes
 * as long as all else that is done for a quad. Of those that are not, the forms decide.
 */
function isPlain({ bytes, words }: RecordView, entry: number, member: QuadMember): boolean {
  if (bytes[entry + 2] !== valueType.string || (bytes[entry + 3]! & valueFlag.escapes) !== 0) return false;
  if (member === "value") return true;
  let at = words[(entry + 4) >> 2]!;
  const end = words[(entry + 8) >> 2]!;
  if (member === "language" || (iriBytes[bytes[at]!]! & isLetter) === 0) return false;
  while (at < end && (iriBytes[bytes[at]!]! & isOfScheme) !== 0) at++;
  if (bytes[at] !== colon) return false;
  while (at < end && (iriBytes[bytes[at]!]! & isOfIri) !== 0) at++;
  return at === end;
}

const colon = 58;
const [isLetter, isOfScheme, isOfIri] = [1, 2, 4];
/** What a byte of an IRI may be; bytes of characters beyond ASCII all may. */
const iriBytes = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  const letter = /[a-z]/i.test(character) && byte < 128 ? isLetter : 0;
  const scheme = /[a-z0-9+.-]/i.test(character) && byte < 128 ? isOfScheme : 0;
  return letter | scheme | (byte >= 128 || iri.test(`a:${character}`) ? isOfIri : 0);
});

/** Null for what is no string, or no text. */
function textOf(view: RecordView, entry: number): string | null {
  if (view.bytes[entry + 2] !== valueType.string) return null;
  const [start, end] = [view.words[(entry + 4) >> 2]!, view.words[(entry + 8) >> 2]!];
  const written = view.bytes.toString("utf8", start, end);
  if ((view.bytes[entry + 3]! & valueFlag.escapes) === 0) return written;
  const text = JSON.parse(`"${written}"`) as string;
  return /\p{Surrogate}/u.test(text) ? null : text;
}
