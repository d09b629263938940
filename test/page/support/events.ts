import { createHash } from "node:crypto";

interface Draft {
  content: string;
  kind?: number;
  tags?: string[][];
}

/** A line with a Nostr event whose id is right. */
export function eventLine({ content, kind = 1, tags = [] }: Draft, createdAt: number): string {
  const pubkey = "ab".repeat(32);
  const id = createHash("sha256")
    .update(JSON.stringify([0, pubkey, createdAt, kind, tags, content]))
    .digest("hex");
  return JSON.stringify({ id, pubkey, created_at: createdAt, kind, tags, content, sig: "cd".repeat(64) });
}
