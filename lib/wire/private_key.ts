// Encrypted private keys. Deno's TLS accepts only unencrypted ones, so they are decrypted once, when the config is
// read. Why a key can't be decrypted (a wrong passphrase, a cipher that the runtime lacks) is not told apart: the
// library doesn't.

import { createPrivateKey } from "node:crypto";

/** Decrypts an encrypted PKCS#8 key, PEM in and out; undefined if that fails. */
export function decryptKey(pem: string, passphrase: string): string | undefined {
  try {
    const key = createPrivateKey({ key: pem, format: "pem", passphrase });
    return key.export({ type: "pkcs8", format: "pem" }).toString();
  } catch {
    return undefined;
  }
}
