import type { Mapping, MappingEntity } from "../mapping/index.js";

/** The preset's one entity; a store may hold others beside it. */
export const rdfEntity = "Quad";

/** Quads of RDF: each is a record, found by every part of it, and literals by their words too. */
export function rdfMapping(): Mapping {
  return {
    version: 1,
    preset: "rdf",
    entities: {
      [rdfEntity]: {
        key: ["subject", "predicate", "object", "value", "language", "datatype", "graph"],
        rules: "quads",
        fields: {
          subject: { type: "string", index: "exact" },
          predicate: { type: "string", index: "exact" },
          object: { type: "string", index: "exact" },
          value: { type: "string", index: ["exact", "text"] },
          language: "string",
          datatype: "string",
          graph: { type: "string", index: "exact" },
        },
      },
    },
  };
}

/**
 * The same with predicates of their own kinds, as a schema names them: they say which literals are indexed,
 * so that there is no index over all.
 */
export function rdfMappingWith(predicates: NonNullable<MappingEntity["predicates"]>): Mapping {
  const { preset: _, ...mapping } = rdfMapping();
  const quads = mapping.entities[rdfEntity]!;
  const fields = { ...quads.fields, value: "string" as const };
  return { ...mapping, entities: { [rdfEntity]: { ...quads, fields, predicates } } };
}
