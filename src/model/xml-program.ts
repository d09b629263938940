import type { CompiledEntity, FieldType } from "./compiled-mapping.js";

/**
 * Compiles the fields of an entity into the program by which the XML kernel writes attributes: what type
 * their values have (its layout is in kernels/xml-row.ts). Attributes that no field reads become strings.
 */
const headerBytes = 16;
const attributeBytes = 16;

const attributeTypes: Record<FieldType | "names", number> = {
  string: 1,
  hex: 1,
  json: 1,
  pairs: 1,
  int: 2,
  float: 3,
  bool: 4,
  date: 5,
  names: 6,
};

/** The one attribute of Stack Exchange dumps that holds several values: `<a><b>`, or `|a|b|`. */
const namesAttribute = "Tags";

export function compileXmlProgram({ fields }: CompiledEntity): Uint8Array {
  const attributes = fields
    .filter(({ path }) => path.length === 1)
    .map(({ path, type, slot }) => ({
      name: new TextEncoder().encode(`,${JSON.stringify(path[0])}:`),
      type: attributeTypes[path[0] === namesAttribute ? "names" : type],
      slot,
    }));
  if (!attributes.some(({ type }) => type === attributeTypes.names)) {
    const name = new TextEncoder().encode(`,"${namesAttribute}":`);
    attributes.push({ name, type: attributeTypes.names, slot: 0 });
  }
  let nameOffset = headerBytes + attributes.length * attributeBytes;
  const program = new Uint8Array(attributes.reduce((sum, { name }) => sum + name.length, nameOffset));
  const view = new DataView(program.buffer);
  view.setUint32(0, attributes.length, true);
  attributes.forEach(({ name, type, slot }, i) => {
    const at = headerBytes + i * attributeBytes;
    for (const [word, value] of [type, nameOffset, name.length, slot].entries()) {
      view.setUint32(at + word * 4, value, true);
    }
    program.set(name, nameOffset);
    nameOffset += name.length;
  });
  return program;
}
