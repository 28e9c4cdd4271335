// Turns whatever was thrown into text for a message to the user.

/** The error's message; a thrown value that is not an Error is converted to a string. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The message of the innermost cause: when `fetch` fails, only that message says why. */
export function innermostMessage(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) {
    innermost = innermost.cause;
  }
  return errorMessage(innermost);
}
