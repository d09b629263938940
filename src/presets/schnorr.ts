import { createRequire } from "node:module";

/** Whether a signature of BIP-340 over a 32-byte message is by the key. */
export interface SchnorrVerifier {
  isKey(key: Uint8Array): boolean;
  isSigned(message: Uint8Array, key: Uint8Array, signature: Uint8Array): boolean;
}

/**
 * Loads libsecp256k1, which is WebAssembly in the package: only when signatures are to be verified, since it
 * takes megabytes of each thread that does.
 */
export function loadSchnorr(): SchnorrVerifier {
  const library = createRequire(import.meta.url)("tiny-secp256k1") as typeof import("tiny-secp256k1");
  return {
    isKey: (key) => library.isXOnlyPoint(key),
    isSigned: (message, key, signature) => {
      try {
        return library.verifySchnorr(message, key, signature);
      } catch (error) {
        // So it refuses a signature of which a half is not below the order of the curve; all else is a bug.
        if (error instanceof TypeError) return false;
        throw error;
      }
    },
  };
}
