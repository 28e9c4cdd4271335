// Sentences for the YAML parser's errors that an operator can act on. The parser's own messages quote the text, which may be a
// piece of a password, so they are never passed on.

import type { ErrorCode, YAMLError } from "yaml";

/** Errors after which the parser still reads the rest of the text correctly. */
const LOCAL: readonly ErrorCode[] = [
  "BAD_ALIAS",
  "BAD_DQ_ESCAPE",
  "BAD_SCALAR_START",
  "TAG_RESOLVE_FAILED",
];

const TAB_SENTENCE = "Tab in the indentation, expected spaces";
const SENTENCES: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_ALIAS:
    "A value that begins with * or & is read as a YAML alias or anchor, expected it in single quotes",
  BAD_DIRECTIVE: "YAML directives (%) are not supported, expected key: value",
  BAD_DQ_ESCAPE: "Unknown escape in double quotes, expected single quotes (no escapes in them)",
  BAD_INDENT: "Indentation does not fit, or a bracket above is never closed",
  BAD_SCALAR_START: "A value cannot begin with this character, expected it in single quotes",
  BLOCK_AS_IMPLICIT_KEY: "Second ': ' in one line, expected the value in single quotes",
  MULTILINE_IMPLICIT_KEY:
    "This line and the next are read as one key, expected key: value (check the indentation, and the space after each colon)",
  MULTIPLE_DOCS: "Second YAML document in the file (--- or ...), expected one",
  TAB_AS_INDENT: TAB_SENTENCE,
  TAG_RESOLVE_FAILED:
    "A value that begins with ! is read as a YAML tag, expected it in single quotes",
  UNEXPECTED_TOKEN:
    "Text here has no meaning in YAML, expected the whole value in single quotes, or another indentation",
};

/** Whether the structure around an error is still intact. */
export function isLocal(error: YAMLError): boolean {
  return LOCAL.includes(error.code);
}

/** What is wrong and what was expected, without quoting the text; `indentation` is that of the error's line. */
export function syntaxSentence(error: YAMLError, indentation: string): string {
  const { code, message } = error;
  // The parser takes the tab for content and reports an error in what follows.
  if (indentation.includes("\t") && !isLocal(error)) return TAB_SENTENCE;
  if (code === "MISSING_CHAR") {
    if (message.includes("quote")) return "Quote without its end, expected a closing quote";
    if (message.includes("Flow")) return "Bracket without its end, expected a closing } or ]";
    return "Key without a value, expected key: value (with a space after the colon)";
  }
  if (code === "BAD_INDENT" && message.includes("Flow")) {
    return "Bracket without its end, expected a closing } or ]";
  }
  if (code === "UNEXPECTED_TOKEN" && message.includes("block-seq-ind on same line")) {
    return "List item on the line of its key, expected a line of its own for each '- '";
  }
  return SENTENCES[code] ?? "This is not valid YAML, expected key: value";
}
