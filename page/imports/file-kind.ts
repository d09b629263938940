import { sampleBytes } from "../limits.js";

/** Whether a file begins with a Nostr event, as far as its first bytes tell; compressed ones by gzip too. */
export async function looksLikeNostr(file: File): Promise<boolean> {
  try {
    const text = await beginningOf(file);
    const line = text.split("\n").find((found) => found.trim() !== "") ?? "";
    const found: unknown = JSON.parse(line);
    // Relays export lines of ["EVENT", {...}] as well.
    const event: unknown = Array.isArray(found) ? found.find((part) => typeof part === "object") : found;
    return typeof event === "object" && event !== null && "pubkey" in event && "created_at" in event;
  } catch {
    return false;
  }
}

async function beginningOf(file: File): Promise<string> {
  const head = new Uint8Array(await file.slice(0, sampleBytes).arrayBuffer());
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  if (!isGzip) return new TextDecoder().decode(head);
  const reader = new Blob([head]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (text.length < sampleBytes && !text.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  return text;
}
