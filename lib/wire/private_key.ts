// Encrypted private keys. Deno's TLS takes only open ones, so they are opened once, when the config is read. What
// can't be opened (another passphrase, a cipher that the runtime lacks) is not told apart: the library doesn't.

import { createPrivateKey } from "node:crypto";

/** An encrypted PKCS#8 key opened, PEM both; undefined where that can't be done. */
export function decryptKey(pem: string, passphrase: string): string | undefined {
  try {
    const key = createPrivateKey({ key: pem, format: "pem", passphrase });
    return key.export({ type: "pkcs8", format: "pem" }).toString();
  } catch {
    return undefined;
  }
}
