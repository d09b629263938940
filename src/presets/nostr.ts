import type { Mapping } from "../mapping/index.js";

export interface NostrPresetOptions {
  /** Full-text index of the content (NIP-50); on unless said otherwise. */
  text?: boolean;
}

/** The preset's one entity; a store may hold others beside it. */
export const nostrEntity = "Event";

/** Nostr events: every filter of NIP-01 has an index. */
export function nostrMapping({ text = true }: NostrPresetOptions = {}): Mapping {
  return {
    version: 1,
    preset: "nostr",
    entities: {
      [nostrEntity]: {
        key: "id",
        conflict: "keep",
        rules: "nostr",
        fields: {
          id: "hex",
          pubkey: { type: "hex", index: "exact", required: true },
          created_at: { type: "int", index: "range", required: true },
          kind: { type: "int", index: "exact", required: true },
          tags: { type: "pairs", index: ["exact", "expiration"], required: true },
          content: { type: "string", required: true, ...(text ? { index: "text" } : {}) },
          sig: "hex",
        },
      },
    },
  };
}
