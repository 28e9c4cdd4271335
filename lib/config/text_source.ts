// Decodes the bytes of `migration.yaml`: UTF-8, of a reasonable size, without characters that do not belong in a text. Other
// bytes are refused before a parser sees them.

const MAX_LENGTH = 1 << 20;

/** The text without its byte order mark, or what is wrong with the file. */
export function decodeText(
  input: string | Uint8Array,
): { readonly text: string } | { readonly problem: string } {
  if (input.length > MAX_LENGTH) {
    return { problem: "The file is larger than 1 MiB, expected a migration.yaml" };
  }
  const text = typeof input === "string" ? input : decodeUtf8(input);
  if (text === undefined) {
    return { problem: "The file is not UTF-8 text, expected it saved as UTF-8" };
  }
  if (text.includes("\0")) return { problem: "The file is binary, expected YAML text" };
  return { text: text.replace(/^\uFEFF/, "") };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
